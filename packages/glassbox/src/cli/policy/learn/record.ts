/** What was seen of a program while it was watched. Plain data. */

/** How a file was used. `create`: it was created, removed or renamed. */
export type FileUse = 'read' | 'write' | 'execute' | 'list' | 'create'

export interface UsedFile {
  /** Absolute, without links. What a process asked about itself begins with `/proc/self/`. */
  readonly path: string
  readonly use: FileUse
}

export interface Watched {
  /** The file of the program, without links. */
  readonly program: string
  /** The names of the calls that were made, also of those that failed. */
  readonly syscalls: readonly string[]
  readonly files: readonly UsedFile[]
  /** Whether a call was made by the numbers of i386 or x32, which no policy allows. */
  readonly foreign: boolean
}
