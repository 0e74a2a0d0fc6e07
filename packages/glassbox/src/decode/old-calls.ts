/** Arguments of old calls, most of which only i386 has. Sources: statfs(2), readdir(2), ipc(2). */
import { readStruct } from '../codec/struct.ts'
import { argument, type Printer, signed32, type KindText } from './context.ts'
import { itemsAt } from './basic/structs.ts'
import { structAt } from './shapes/struct-text.ts'
import { handlerText, oldSignalSet, signalSetText } from './process/signals.ts'
import { address, quote } from './text.ts'

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

/** The one entry that readdir(2) returns. */
const oldDirectoryEntry: Printer = (value, { memory, options }) => {
  const entry = readStruct(memory, value, 'old_linux_dirent')
  if (!entry) return address(value)
  const name = quote(entry.d_name.subarray(0, entry.d_namlen), false, options.stringsInHex)
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
  mask32: (value, { options }) => signalSetText(BigInt.asUintN(32, value), options),
  ipccall: ipcCall,
}

/** What pointers lead to in such calls, by the letters of the kind. */
export const oldPointing = (valueText: KindText): Readonly<Record<string, (operand: string) => Printer>> => ({
  ids16: () => idList('id16', valueText),
  oldsigset: () => oldSignalSet,
  statfs64: statfs64(valueText),
  olddirent: () => oldDirectoryEntry,
})
