/**
 * What follows a request of ioctl(2), and what a command makes of the arguments of other calls,
 * where it is more than commands.txt says: the lines of scripts/linux/shapes.txt.
 */
import { REQUEST_ARGUMENTS, SELECTED_ARGUMENTS } from './generated/selections.ts'
import type { Noted } from './schema/kinds.ts'

const requests = new Map<number, readonly Noted[] | undefined>()

/** The kinds of what follows an ioctl(2) request, if shapes.txt has it. */
export function requestArguments(number: number): readonly Noted[] | undefined {
  if (!requests.has(number)) requests.set(number, REQUEST_ARGUMENTS[number]?.())
  return requests.get(number)
}

/** Which arguments of a call have kinds that another one selects. */
export interface Selection {
  /** The argument that selects them. */
  readonly by: number
  /** Kinds by their index, by the value of that argument, as an int. */
  readonly kinds: ReadonlyMap<number, ReadonlyMap<number, Noted>>
  /** For all other values. */
  readonly others?: ReadonlyMap<number, Noted>
}

const selections = new Map<string, Selection | undefined>()

function readSelection(call: string): Selection | undefined {
  if (!Object.hasOwn(SELECTED_ARGUMENTS, call)) return undefined
  const line = SELECTED_ARGUMENTS[call]
  return (
    line && {
      by: line.by,
      kinds: new Map(line.selected().map(([value, selected]) => [value, new Map(selected)])),
      ...(line.others && { others: new Map(line.others()) }),
    }
  )
}

/** What shapes.txt says of the arguments of a call. */
export function selectionOf(call: string): Selection | undefined {
  if (!selections.has(call)) selections.set(call, readSelection(call))
  return selections.get(call)
}
