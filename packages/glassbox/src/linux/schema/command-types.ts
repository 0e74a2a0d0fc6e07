/** The form of the table of commands. */
import type { Noted } from './kinds.ts'

/** The kinds of the arguments after the command; `null`: that argument is not used. */
export type Shape = readonly (Noted | null)[]

export interface Commands {
  /** The argument that holds the command, an int. */
  readonly argument: number
  /** The command is what is left of the argument without this many low bits. Default: 0. */
  readonly shift?: number
  /** The first argument of a shape. Default: the one after the command. */
  readonly start?: number
  readonly shapes: () => readonly (readonly [command: number, shape: Shape])[]
  /** For commands that `shapes` does not have. Undefined: the call's own kinds. */
  readonly otherwise?: () => Shape
}
