/** Calls about extended attributes, and about the flags of a file (file_getattr(2)). */
import { syscall } from '../../../gate/gate.ts'
import { AT_FDCWD } from '../../../linux/constants.ts'
import { ERRNO } from '../../../linux/errno.ts'
import { syscallNumber } from '../../../linux/syscalls.ts'
import { readString } from '../named.ts'
import { pathOfDescriptor } from '../object.ts'
import type { Arguments, MakeOn, Performers } from './performer.ts'

const SETXATTR = syscallNumber('setxattr')
const GETXATTR = syscallNumber('getxattr')
const LISTXATTR = syscallNumber('listxattr')
const REMOVEXATTR = syscallNumber('removexattr')
const FILE_GETATTR = syscallNumber('file_getattr')
const FILE_SETATTR = syscallNumber('file_setattr')
/** XATTR_NAME_MAX with its NUL, XATTR_SIZE_MAX and XATTR_LIST_MAX of linux/limits.h. */
const NAME_BYTES = 256
const MOST_BYTES = 65_536
/** struct xattr_args: address, size and flags of the value. */
const XATTR_ARGS_BYTES = 16
/** The kernel takes a struct file_attr of up to one page. */
const MOST_FILE_ATTR_BYTES = 4096

interface Value {
  readonly address: bigint
  readonly size: bigint
  readonly flags: number
}

function readName({ call, arg }: Arguments): Uint8Array | number {
  const name = readString(call, arg('name'), NAME_BYTES)
  if (typeof name === 'number') return name === ERRNO.ENAMETOOLONG ? ERRNO.ERANGE : name
  return name.length === 1 ? ERRNO.ERANGE : name
}

const valueOf = ({ arg, int }: Arguments): Value => ({
  address: arg('value'),
  size: arg('size'),
  flags: int('flags'),
})

/** The calls with `at` pass their value by a struct. */
function valueByStruct({ call, arg }: Arguments): Value | number {
  const size = arg('usize')
  if (size < BigInt(XATTR_ARGS_BYTES)) return ERRNO.EINVAL
  if (size > BigInt(XATTR_ARGS_BYTES)) return ERRNO.E2BIG
  const bytes = call.read(arg('uargs'), XATTR_ARGS_BYTES)
  if (bytes.length < XATTR_ARGS_BYTES) return ERRNO.EFAULT
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  return {
    address: view.getBigUint64(0, true),
    size: BigInt(view.getUint32(8, true)),
    flags: view.getInt32(12, true),
  }
}

type ReadValue = (args: Arguments) => Value | number

/** A call with the name of an attribute and a value: `makeWith` makes it once both are read. */
const withNameAndValue =
  (makeWith: (name: Uint8Array, value: Value, args: Arguments) => MakeOn | number) =>
  (read: ReadValue) =>
  (args: Arguments): MakeOn | number => {
    const name = readName(args)
    const value = read(args)
    if (typeof name === 'number') return name
    return typeof value === 'number' ? value : makeWith(name, value, args)
  }

const setter = withNameAndValue((name, value, { call }) => {
  if (value.size > BigInt(MOST_BYTES)) return ERRNO.E2BIG
  const bytes = call.read(value.address, Number(value.size)).slice()
  if (bytes.length < Number(value.size)) return ERRNO.EFAULT
  return ({ fd }) => ({
    result: syscall(SETXATTR, pathOfDescriptor(fd), name, bytes, bytes.length, value.flags),
  })
})

const getter = withNameAndValue(
  (name, value) =>
    ({ fd }) =>
      fill(value, room => syscall(GETXATTR, pathOfDescriptor(fd), name, room, room.length)),
)

const list = ({ arg }: Arguments): MakeOn => {
  const value = { address: arg('list'), size: arg('size') }
  return ({ fd }) => fill(value, room => syscall(LISTXATTR, pathOfDescriptor(fd), room, room.length))
}

const remove = (args: Arguments): MakeOn | number => {
  const name = readName(args)
  if (typeof name === 'number') return name
  return ({ fd }) => ({ result: syscall(REMOVEXATTR, pathOfDescriptor(fd), name) })
}

/** Makes a call that fills a buffer of the program. With a size of 0 it only asks for the size. */
function fill({ address, size }: Pick<Value, 'address' | 'size'>, ask: (room: Uint8Array) => number) {
  const room = new Uint8Array(size > BigInt(MOST_BYTES) ? MOST_BYTES : Number(size))
  const result = ask(room)
  if (result <= 0 || room.length === 0) return { result }
  return { result, output: { address, bytes: room.subarray(0, result) } }
}

const getFlags = ({ arg }: Arguments): MakeOn | number => {
  const [address, size] = [arg('ufattr'), arg('usize')]
  if (size > BigInt(MOST_FILE_ATTR_BYTES)) return ERRNO.E2BIG
  return ({ fd }) => {
    const bytes = new Uint8Array(Number(size))
    const result = syscall(FILE_GETATTR, AT_FDCWD, pathOfDescriptor(fd), bytes, bytes.length, 0)
    return result < 0 ? { result } : { result, output: { address, bytes } }
  }
}

const setFlags = ({ call, arg }: Arguments): MakeOn | number => {
  const size = arg('usize')
  if (size > BigInt(MOST_FILE_ATTR_BYTES)) return ERRNO.E2BIG
  const bytes = call.read(arg('ufattr'), Number(size)).slice()
  if (bytes.length < Number(size)) return ERRNO.EFAULT
  return ({ fd }) => ({
    result: syscall(FILE_SETATTR, AT_FDCWD, pathOfDescriptor(fd), bytes, bytes.length, 0),
  })
}

const set = setter(valueOf)
const setByStruct = setter(valueByStruct)
const get = getter(valueOf)
const getByStruct = getter(valueByStruct)

export const EXTENDED: Performers = {
  ...{ setxattr: set, lsetxattr: set, fsetxattr: set, setxattrat: setByStruct },
  ...{ getxattr: get, lgetxattr: get, getxattrat: getByStruct },
  ...{ listxattr: list, llistxattr: list, listxattrat: list },
  ...{ removexattr: remove, lremovexattr: remove, fremovexattr: remove, removexattrat: remove },
  ...{ file_getattr: getFlags, file_setattr: setFlags },
}
