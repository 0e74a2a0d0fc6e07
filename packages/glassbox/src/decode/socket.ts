/** Socket addresses in strace's notation. Sources: unix(7), ip(7), ipv6(7). Pure. */
import { constantSet } from '../linux/flags.ts'
import { argument, type Context, type Printer } from './context.ts'
import { readWord } from './memory.ts'
import { address, nameOf, quote } from './text.ts'
import type { TextOptions } from './types.ts'

const AF_UNIX = 1
const AF_INET = 2
const AF_INET6 = 10
const AF_NETLINK = 16

type Style = TextOptions['stringsInHex']

function unixText(bytes: Uint8Array, style: Style): string {
  const path = bytes.subarray(2)
  if (path.length === 0) return '{sa_family=AF_UNIX}'
  const name =
    path[0] === 0
      ? `@${quote(path.subarray(1), false, style)}`
      : quote(path.subarray(0, (path.indexOf(0) + path.length + 1) % (path.length + 1)), false, style)
  return `{sa_family=AF_UNIX, sun_path=${name}}`
}

const port = (bytes: Uint8Array): number => ((bytes[2] ?? 0) << 8) | (bytes[3] ?? 0)

function ipv6Text(bytes: Uint8Array): string {
  const groups = Array.from({ length: 8 }, (_, index) =>
    (((bytes[8 + index * 2] ?? 0) << 8) | (bytes[9 + index * 2] ?? 0)).toString(16),
  ).join(':')
  // The longest run of zero groups is left out, as inet_ntop(3) does.
  const runs = [...groups.matchAll(/(?:^|(?<=:))0(?::0)+(?=:|$)/g)].toSorted(
    (a, b) => b[0].length - a[0].length,
  )
  const run = runs[0]
  if (!run) return groups
  return `${groups.slice(0, run.index).replace(/:$/, '')}::${groups.slice(run.index + run[0].length).replace(/^:/, '')}`
}

/** `{sa_family=AF_INET, sin_port=htons(80), sin_addr=inet_addr("127.0.0.1")}`; `undefined` where too little can be read. */
export function socketAddressText(bytes: Uint8Array, style?: Style): string | undefined {
  const shown = (text: string): string => quote(Buffer.from(text), false, style)
  if (bytes.length < 2) return undefined
  const family = (bytes[0] ?? 0) | ((bytes[1] ?? 0) << 8)
  if (family === AF_UNIX) return unixText(bytes, style)
  if (family === AF_INET && bytes.length >= 8) {
    return `{sa_family=AF_INET, sin_port=htons(${port(bytes)}), sin_addr=inet_addr(${shown(bytes.subarray(4, 8).join('.'))})}`
  }
  if (family === AF_INET6 && bytes.length >= 28) {
    const scope = new DataView(bytes.buffer, bytes.byteOffset).getUint32(24, true)
    return `{sa_family=AF_INET6, sin6_port=htons(${port(bytes)}), sin6_flowinfo=htonl(0), inet_pton(AF_INET6, ${shown(ipv6Text(bytes))}, &sin6_addr), sin6_scope_id=${scope}}`
  }
  if (family === AF_NETLINK && bytes.length >= 12) {
    const view = new DataView(bytes.buffer, bytes.byteOffset)
    const groups = view.getUint32(8, true).toString(16).padStart(8, '0')
    return `{sa_family=AF_NETLINK, nl_pid=${view.getInt32(4, true)}, nl_groups=${groups}}`
  }
  const name = nameOf(constantSet('af') ?? { kind: 'enum', unknown: '???', entries: [] }, BigInt(family))
  return `{sa_family=${name ?? `0x${family.toString(16)} /* AF_??? */`}, sa_data=${quote(bytes.subarray(2), false, style)}}`
}

const ADDRESS_BYTES = 128

/** An address whose length is an argument. */
export const socketAddress =
  (operand: string): Printer =>
  (value, context) => {
    const length = Number(BigInt.asUintN(32, argument(context, Number(operand))))
    return addressAt(value, length, context)
  }

/** The address that the kernel wrote: no more than there was room for, no more than it is long. */
export const returnedAddress =
  (operand: string): Printer =>
  (value, context) => {
    const pointer = argument(context, Number(operand))
    const length = Number(readWord(context.memory, pointer, 4) ?? 0n)
    const room = Number(context.remembered.get(pointer) ?? BigInt(length))
    return addressAt(value, Math.min(length, room), context)
  }

export function addressAt(value: bigint, length: number, { memory, options }: Context): string {
  if (value === 0n) return 'NULL'
  if (options.addressesOnly) return address(value)
  return (
    socketAddressText(memory.read(value, Math.min(length, ADDRESS_BYTES)), options.stringsInHex) ??
    address(value)
  )
}
