/** The form of the table of commands. */
import type { Kind } from './kinds.ts'

/** The kinds of the arguments after the command; `null`: that argument is not used. */
export type Shape = readonly (Kind | null)[]

export interface Commands {
  /** The argument that holds the command, an int. */
  readonly argument: number
  readonly shapes: () => readonly (readonly [command: number, shape: Shape])[]
  /** For commands that `shapes` does not have. Undefined: the call's own kinds. */
  readonly otherwise?: () => Shape
}
