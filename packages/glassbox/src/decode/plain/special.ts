/** Values for programs of buffers, sets of bits, capabilities and socket addresses. Pure. */
import { inPlace } from '../../codec/struct.ts'
import { kinds } from '../../linux/generated/kinds.ts'
import { Bytes, Elements, type Fields, type Value as Read } from '../../codec/values.ts'
import type { BitSet, Buffer, BufferForm } from '../../linux/schema/kinds.ts'
import { AF_INET6, AF_PACKET, AF_UNIX } from '../../linux/constants.ts'
import type { Word } from '../../linux/schema/layouts.ts'
import { ipv6Digits } from '../network/order.ts'
import type { Value } from '../types.ts'
import { enumName, flagNames } from './names.ts'
import { WORD_VALUES } from './words.ts'

const utf8 = new TextDecoder()
const bytesOf = (value: Read): Uint8Array =>
  value instanceof Bytes ? value.bytes : value instanceof Uint8Array ? value : new Uint8Array(0)

/** Up to the NUL. */
export function untilNul(bytes: Uint8Array): string {
  const end = bytes.indexOf(0)
  return utf8.decode(end < 0 ? bytes : bytes.subarray(0, end))
}

const whole = (value: Read): Value => bytesOf(value)
const text = (value: Read): Value => utf8.decode(bytesOf(value))

/** Without the NUL that text often ends with. */
function withoutNul(value: Read): Value {
  const bytes = bytesOf(value)
  return utf8.decode(bytes.at(-1) === 0 ? bytes.subarray(0, -1) : bytes)
}

const INT_BYTES = 4

const intIn = (bytes: Uint8Array): number =>
  Number(inPlace(kinds().int).read(new DataView(bytes.buffer, bytes.byteOffset), 0))

/** A number if it has the size of one. */
function option(value: Read): Value {
  const bytes = bytesOf(value)
  if (bytes.length !== INT_BYTES) return bytes
  return intIn(bytes)
}

function intOption(value: Read): Value {
  const bytes = bytesOf(value)
  if (bytes.length < INT_BYTES) return bytes
  return intIn(bytes)
}

const names = (value: Read): Value =>
  utf8
    .decode(bytesOf(value))
    .split('\0')
    .filter(name => name !== '')

const FORMS: Readonly<Record<BufferForm, (value: Read) => Value>> = {
  bytes: whole,
  hex: whole,
  host_name: text,
  attribute: withoutNul,
  attribute_names: names,
  key_text: withoutNul,
  option,
  int_option: intOption,
  key_capabilities: value =>
    Array.from(bytesOf(value), (byte, index) => flagNames(`key_caps${index}`, byte)).flat(),
}

export const bufferValue = ({ form }: Buffer): ((value: Read) => Value) => FORMS[form]

/** The numbers of the set bits; of pages, whether each is in memory. */
export function bitsOf(of: BitSet['of'], bytes: Uint8Array): Value {
  if (of === 'pages') return Array.from(bytes, byte => byte & 1)
  const found: number[] = []
  for (let index = 0; index < bytes.length; index++) {
    const byte = bytes[index] as number
    for (let bit = 0; byte >> bit !== 0; bit++) if ((byte >> bit) & 1) found.push(index * 8 + bit)
  }
  return found
}

const CAPABILITY_SETS = ['effective', 'permitted', 'inheritable'] as const

/** Names of capabilities, of which each element has 32. */
export function capabilities(value: Read): Value {
  if (!(value instanceof Elements)) return null
  return Object.fromEntries(
    CAPABILITY_SETS.map(set => [
      set,
      value.items.flatMap((item, index) => {
        const word = Number((item as Fields)[set] ?? 0)
        return Array.from({ length: 32 }, (_, bit) => bit)
          .filter(bit => (word >>> bit) & 1)
          .map(bit => enumName('cap', index * 32 + bit))
      }),
    ]),
  )
}

const NANOSECONDS: ReadonlyMap<Word, string> = new Map<Word, string>([
  [0x3fffffff, 'UTIME_NOW'],
  [0x3ffffffe, 'UTIME_OMIT'],
])

/** Times of a file: the current time and no change have names. */
export const fileTime = (fields: Fields): Value =>
  NANOSECONDS.get(fields['tv_nsec'] as Word) ?? (fields as Readonly<Record<string, Value>>)

/** `/run/socket`; `@name` for an abstract name, which begins with a NUL. */
function unixPath(bytes: Uint8Array): string {
  return bytes[0] === 0 && bytes.length > 1 ? `@${utf8.decode(bytes.subarray(1))}` : untilNul(bytes)
}

const MOST_HARDWARE = 8

/** Fields by family; those that the address is too short for are left out. */
const FAMILIES: ReadonlyMap<number, (fields: Fields) => Record<string, Value>> = new Map<
  number,
  (fields: Fields) => Record<string, Value>
>([
  [
    AF_UNIX,
    ({ sun_path: path }) =>
      (path as Uint8Array).length === 0 ? {} : { sun_path: unixPath(path as Uint8Array) },
  ],
  [
    AF_INET6,
    fields => ({
      ...numbers(fields, { sin6_port: 'port', sin6_flowinfo: 'network_number' }),
      ...(fields['sin6_addr'] === undefined
        ? {}
        : { sin6_addr: ipv6Digits(fields['sin6_addr'] as readonly number[]) }),
      ...numbers(fields, { sin6_scope_id: undefined }),
    }),
  ],
  [
    AF_PACKET,
    fields => ({
      ...numbers(fields, { sll_protocol: 'ethernet_protocol', sll_ifindex: undefined }),
      sll_hatype: enumName('arphrd', (fields['sll_hatype'] ?? 0) as Word),
      sll_pkttype: enumName('packet_type', (fields['sll_pkttype'] ?? 0) as Word),
      ...numbers(fields, { sll_halen: undefined }),
      ...(fields['sll_addr'] === undefined
        ? {}
        : {
            sll_addr: (fields['sll_addr'] as readonly number[]).slice(
              0,
              Math.min(MOST_HARDWARE, Number(fields['sll_halen'] ?? 0)),
            ),
          }),
    }),
  ],
])

function numbers(
  fields: Fields,
  words: Readonly<Record<string, keyof typeof WORD_VALUES | undefined>>,
): Record<string, Value> {
  const shown: Record<string, Value> = {}
  for (const [name, word] of Object.entries(words)) {
    const value = fields[name]
    if (typeof value === 'number' || typeof value === 'bigint')
      shown[name] = word === undefined ? value : WORD_VALUES[word](value)
  }
  return shown
}

export function socketAddressValue(value: Read): Value {
  const fields = value as Fields
  const family = fields['sa_family'] as number
  const head = { sa_family: enumName('af', family) }
  const data = fields['sa_data']
  if (data !== undefined) return { ...head, sa_data: data as Uint8Array }
  const rest =
    FAMILIES.get(family)?.(fields) ??
    numbers(fields, { sin_port: 'port', sin_addr: 'ipv4_address', nl_pid: undefined, nl_groups: undefined })
  return { ...head, ...rest }
}
