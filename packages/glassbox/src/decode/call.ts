/** A system call as the kernel sees it: its number and its registers. */
export interface Call {
  readonly nr: number
  readonly args: readonly bigint[]
}
