/** Arguments of calls that only programs of 32 bits have. Sources: statfs(2), readdir(2), ipc(2). */
import { readStruct } from '../../codec/struct.ts'
import { argument, type Printer } from '../context.ts'
import { type KindText, structAt } from '../basic/structs.ts'
import { address, quote } from '../text.ts'

/** sizeof(struct statfs64), with and without the padding that some compilers add. */
const STATFS_SIZES: ReadonlySet<bigint> = new Set([84n, 88n])

/** struct statfs64, whose size an argument says: the kernel takes no other. */
export const statfs64 =
  (valueText: KindText) =>
  (operand: string): Printer =>
  (value, context) =>
    STATFS_SIZES.has(argument(context, Number(operand)))
      ? structAt('statfs64', value, context, valueText)
      : address(value)

/** The one entry that readdir(2) returns. */
export const oldDirectoryEntry: Printer = (value, { memory, options }) => {
  const entry = readStruct(memory, value, 'old_linux_dirent')
  if (!entry) return address(value)
  const name = quote(entry.d_name.subarray(0, entry.d_namlen), false, options.stringsInHex)
  return `{d_ino=${entry.d_ino}, d_off=${entry.d_off}, d_reclen=${entry.d_namlen}, d_name=${name}}`
}

const VERSION_BITS = 16n

/** A call of ipc(2), with the version of its interface above. */
export const ipcCall: Printer = value => {
  const word = BigInt.asUintN(32, value)
  const version = word >> VERSION_BITS
  const call = word & ((1n << VERSION_BITS) - 1n)
  return version === 0n ? String(call) : `${version}<<${VERSION_BITS}|${call}`
}
