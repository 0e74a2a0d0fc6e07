/**
 * What printers of arguments of devices share: structs of which the caller writes one part and
 * the kernel the rest, so that the text depends on whether the call has succeeded.
 */
import type { Context, KindText } from '../context.ts'
import { type Members, membersAt } from '../shapes/members.ts'
import { address } from '../text.ts'

/** Prints what is at an address that is not NULL. */
export type Device = (value: bigint, context: Context, valueText: KindText) => string

/** Whether the kernel has filled its part in. */
export const isAnswered = ({ outcome }: Context): boolean => outcome?.failed === false

export const braces = (parts: readonly string[]): string => `{${parts.join(', ')}}`

/** Of a struct that lies whole in memory; else the address. */
export const ofShape =
  (name: string, print: (members: Members, context: Context, valueText: KindText) => string): Device =>
  (value, context, valueText) => {
    const members = membersAt(name, value, context, valueText)
    return members ? print(members, context, valueText) : address(value)
  }

/** The caller's fields and, if the call has succeeded, those of the kernel, as one struct. */
export const completed = (
  name: string,
  before: readonly string[],
  after: (members: Members, context: Context, valueText: KindText) => readonly string[],
): Device =>
  ofShape(name, (members, context, valueText) =>
    braces([...members.texts(...before), ...(isAnswered(context) ? after(members, context, valueText) : [])]),
  )

/** The fields of the caller, then, if the call has succeeded, a struct of those of the kernel. */
export const replaced = (
  name: string,
  before: readonly string[],
  after: (members: Members, context: Context, valueText: KindText) => readonly string[],
): Device =>
  ofShape(name, (members, context, valueText) => {
    const first = braces(members.texts(...before))
    return isAnswered(context) ? `${first} => ${braces(after(members, context, valueText))}` : first
  })

/** `count=3 => 2`: a field of the caller that the kernel may change. */
export const changing = (members: Members, name: string, context: Context): string => {
  const [text = ''] = members.texts(name)
  return isAnswered(context) ? `${text} => ${members.value(name)}` : text
}
