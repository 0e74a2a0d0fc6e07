/**
 * What follows the family in a socket address: how each family is read, and the addresses of the
 * internet, which other families contain. Sources: ip(7), ipv6(7). Pure.
 */
import { struct } from '../../codec/struct.ts'
import { offsetOf, type StructName, type StructValues } from '../../linux/schema/layouts.ts'
import { bytesOf } from '../memory.ts'
import type { TextOptions } from '../types.ts'
import { bytesOfNumber, interfaceText, ipv4Address, ipv6Member, networkNumber } from './order.ts'

/** What follows the family; `undefined` if too few bytes could be read. */
export type FamilyText = (view: DataView, options: TextOptions) => string | undefined

/** An address of which at least `least` bytes must be there; by default all. */
export const family =
  <Name extends StructName>(
    name: Name,
    text: (fields: StructValues[Name], options: TextOptions, view: DataView) => string,
    least: () => number = () => struct(name).size,
  ): FamilyText =>
  (view, options) =>
    view.byteLength < least() ? undefined : text(struct(name).read(view), options, view)

/** Members after the family; those without a text are left out. */
export const members = (...parts: readonly (string | undefined)[]): string =>
  parts.map(part => (part === undefined ? '' : `, ${part}`)).join('')

export const ipv4Text: FamilyText = family(
  'sockaddr_in',
  ({ sin_port: port, sin_addr: host }, options) =>
    `, sin_port=${networkNumber(port, 2, options)}, sin_addr=${ipv4Address(bytesOfNumber(host, 4), options)}`,
)

/** Link-local addresses have an interface as their scope. */
const isLocal = ([first = 0, second = 0]: readonly number[]): boolean =>
  (first === 0xfe && second >> 6 === 2) || (first === 0xff && (second & 0xf) === 2)

/** The bytes of a struct of which the last ones are not there, with zeros in their place. */
function padded(view: DataView, size: number): DataView {
  if (view.byteLength >= size) return view
  const bytes = new Uint8Array(size)
  bytes.set(bytesOf(view))
  return new DataView(bytes.buffer)
}

/** The bytes of an IPv6 address before its scope, which is younger than the rest. */
export const bytesBeforeScope = (): number => offsetOf('sockaddr_in6', 'sin6_scope_id')

export const ipv6Text: FamilyText = (view, options) => {
  if (view.byteLength < bytesBeforeScope()) return undefined
  const codec = struct('sockaddr_in6')
  const fields = codec.read(padded(view, codec.size))
  const { sin6_port: port, sin6_flowinfo: flow, sin6_addr: host, sin6_scope_id: scope } = fields
  const scopeText = isLocal(host) ? interfaceText(scope, options) : scope
  return members(
    `sin6_port=${networkNumber(port, 2, options)}`,
    `sin6_flowinfo=${networkNumber(flow, 4, options)}`,
    ipv6Member('sin6_addr', Uint8Array.from(host), options),
    view.byteLength > bytesBeforeScope() ? `sin6_scope_id=${scopeText}` : undefined,
  )
}
