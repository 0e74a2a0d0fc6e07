/** Arguments of old calls, most of which only i386 has. Sources: statfs(2), readdir(2), ipc(2). */
import { readStruct, struct } from '../codec/struct.ts'
import { readString } from './memory.ts'
import { argument, type KindText, type Printer, signed32 } from './context.ts'
import { itemsAt } from './basic/structs.ts'
import { structAt } from './shapes/struct-text.ts'
import { handlerText, OLD_SIGNALS, oldSignalSet, signalSetText } from './process/signals.ts'
import { named, nameIn } from './names.ts'
import { address, hex, quote } from './text.ts'

/** sizeof(struct statfs64), with and without the padding that some compilers add. */
const STATFS_SIZES: ReadonlySet<bigint> = new Set([84n, 88n])

/** struct statfs64, whose size an argument says: the kernel takes no other. */
const statfs64 =
  (valueText: KindText) =>
  (operand: string): Printer =>
  (value, context) =>
    STATFS_SIZES.has(argument(context, Number(operand)))
      ? structAt('statfs64', value, context, valueText)
      : address(value)

/** Bytes of the name in struct old_linux_dirent, as far as it is read. */
const NAME_ROOM = 256

/** The one entry that readdir(2) returns. */
const oldDirectoryEntry: Printer = (value, { memory, options, outcome }) => {
  const entry = outcome?.value === 0n ? undefined : readStruct(memory, value, 'old_linux_dirent')
  if (!entry) return address(value)
  const at = value + BigInt(struct('old_linux_dirent', memory.model).size)
  const read = readString(memory, at, Math.min(entry.d_namlen, NAME_ROOM))
  const name = read
    ? quote(read.bytes, !read.ended && entry.d_namlen >= NAME_ROOM, options.stringsInHex)
    : address(at)
  return `{d_ino=${entry.d_ino}, d_off=${entry.d_off}, d_reclen=${entry.d_namlen}, d_name=${name}}`
}

const VERSION_BITS = 16n

/** A call of ipc(2), with the version of its interface above. */
const ipcCall: Printer = value => {
  const word = BigInt.asUintN(32, value)
  const version = word >> VERSION_BITS
  const call = word & ((1n << VERSION_BITS) - 1n)
  return version === 0n ? String(call) : `${version}<<${VERSION_BITS}|${call}`
}

/** The number of a call of socketcall(2), by its name if it has one. */
const socketCall: Printer = (value, { options }) => {
  const number = BigInt.asUintN(32, value)
  const name = nameIn('socketcall_cmd', number)
  return name === undefined ? String(signed32(number)) : named(String(number), name, options)
}

/** `0x11 (mask [HUP TRAP])` */
export const oldMask =
  (name: string): Printer =>
  (value, { options }) =>
    `${hex(value)} (${name} ${signalSetText(BigInt.asUintN(32, value), options, OLD_SIGNALS)})`

/** The handler that a signal had. */
export const oldHandler: Printer = value => {
  const name = handlerText(value === NO_HANDLER ? BigInt.asUintN(64, -1n) : value, {})
  return name.startsWith('SIG_') ? `${hex(value)} (${name})` : hex(value)
}
const NO_HANDLER = 0xffffffffn

const NGROUPS_MAX = 65536n

/** Ids of users or groups: as many as an argument says, or the result. */
export const idList =
  (kind: string, valueText: KindText): Printer =>
  (value, context) => {
    const count = context.outcome ? context.outcome.value : BigInt(signed32(argument(context, 0)))
    if (count > NGROUPS_MAX) return address(value)
    return itemsAt(kind, value, count, context, valueText)
  }

/** Values that registers have in such calls. */
export const OLD_WORDS: Readonly<Record<string, Printer>> = {
  handler: (value, { options }) => handlerText(value, options),
  mask32: (value, { options }) => signalSetText(BigInt.asUintN(32, value), options, OLD_SIGNALS),
  ipccall: ipcCall,
  socketcall: socketCall,
}

/** What pointers lead to in such calls, by the letters of the kind. */
export const oldPointing = (valueText: KindText): Readonly<Record<string, (operand: string) => Printer>> => ({
  ids16: () => idList('id16', valueText),
  oldsigset: () => oldSignalSet,
  statfs64: statfs64(valueText),
  olddirent: () => oldDirectoryEntry,
})
