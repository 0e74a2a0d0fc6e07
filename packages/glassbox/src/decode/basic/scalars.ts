/** Kinds whose text depends only on the register. */
import { AT_FDCWD } from '../../linux/constants.ts'
import { constantSet } from '../../linux/flags.ts'
import { type Context, type Printer, signed32 } from '../context.ts'
import { deviceText, fileModeText, modeText } from './modes.ts'
import { flagsText, NAMES, named, nameIn, setText, signalText } from '../names.ts'
import { address, hex } from '../text.ts'
import type { IdType, TextOptions } from '../types.ts'

/** Of a field of 32 bits. */
const RLIM_INFINITY_32 = 2n ** 32n - 1n
const RLIM_INFINITY = 2n ** 64n - 1n

/** The two lowest bits are an access mode, which has a name even if it is zero. */
export function openFlags(value: bigint, options: TextOptions): string {
  const mode = setText('=access_mode', value & 3n, NAMES)
  const rest = value & ~3n
  // openat2(2) takes 64 bits, all others 32.
  const set = constantSet('open')
  const flags = rest === 0n || !set ? '' : `|${flagsText(set, rest, NAMES, '')}`
  return named(hex(value), mode + flags, options)
}

const descriptorText = (fd: number, { options }: Context): string => `${fd}${options.descriptor?.(fd) ?? ''}`

/** A directory descriptor, which may be the constant AT_FDCWD. */
export function directoryText(value: bigint, context: Context): string {
  const fd = signed32(value)
  if (fd !== AT_FDCWD) return fd < 0 ? String(fd) : descriptorText(fd, context)
  const { options } = context
  return `${named(String(AT_FDCWD), 'AT_FDCWD', options)}${options.descriptor?.(AT_FDCWD) ?? ''}`
}

/** A type in the low bits, with flags above. */
function socketType(value: bigint, { options }: Context): string {
  const TYPE_BITS = 15n
  const whole = BigInt.asUintN(32, value)
  const flags = whole & ~TYPE_BITS
  if (nameIn('sock_type', whole & TYPE_BITS) === undefined) return setText('|sock_flags', whole, options)
  const type = setText('=sock_type', whole & TYPE_BITS, options)
  return flags === 0n ? type : `${type}|${setText('|sock_flags', flags, options)}`
}

/** An id of 16 bits that is none. */
const NO_ID_16 = 0xffffn

/** An id, and what is known about it. */
const processId =
  (type: IdType): Printer =>
  (value, { options }) =>
    `${signed32(value)}${options.process?.(signed32(value), type) ?? ''}`

/** Clock ticks of 10 ms as seconds. */
const seconds = (ticks: bigint): string => `${ticks / 100n}.${String(ticks % 100n).padStart(2, '0')}`

/** The flags of clone(2), with a signal in the lowest byte. */
function cloneFlags(value: bigint, options: TextOptions): string {
  const signal = Number(value & 0xffn)
  const flags = value & ~0xffn
  const parts = [
    ...(flags === 0n ? [] : [setText('|clone', flags, options)]),
    ...(signal === 0 ? [] : [signalText(signal, options)]),
  ]
  return parts.length > 0 ? parts.join('|') : '0'
}

export const SCALARS: Readonly<Record<string, Printer>> = {
  int: value => String(signed32(value)),
  long: value => String(BigInt.asIntN(64, value)),
  uint: value => String(BigInt.asUintN(32, value)),
  size: value => String(value),
  size64: value => String(value),
  off: value => String(BigInt.asIntN(64, value)),
  hex32: value => hex(BigInt.asUintN(32, value)),
  octal: value => modeText(value),
  ticks: (value, { options }) =>
    value === 0n || options.spelling === 'raw' ? String(value) : `${value} /* ${seconds(value)} s */`,
  sig64: (value, { options }) => (value < 2n ** 31n ? signalText(Number(value), options) : String(value)),
  hex: value => hex(value),
  addr: value => address(value),
  // umode_t has 16 bits.
  mode: value => modeText(BigInt.asUintN(16, value)),
  filemode: (value, { options }) => fileModeText(BigInt.asUintN(16, value), options),
  openflags: (value, { options }) => openFlags(BigInt.asUintN(32, value), options),
  dev: (value, { options }) => deviceText(BigInt.asUintN(32, value), options),
  id: value => String(signed32(value) === -1 ? -1 : BigInt.asUintN(32, value)),
  id16: value => String(BigInt.asUintN(16, value) === NO_ID_16 ? -1 : BigInt.asUintN(16, value)),
  tid: processId('tid'),
  tgid: processId('tgid'),
  pgid: processId('pgid'),
  sid: processId('sid'),
  who: (value, { options }) => {
    const id = signed32(value)
    return `${id}${(id < -1 ? options.process?.(-id, 'pgid') : options.process?.(id, 'tgid')) ?? ''}`
  },
  sig: (value, { options }) => signalText(signed32(value), options),
  fd: (value, context) => {
    const fd = signed32(value)
    return fd < 0 ? String(fd) : descriptorText(fd, context)
  },
  dirfd: directoryText,
  rlim: (value, { options, memory, syscall }) => {
    if (value === RLIM_INFINITY_32 && memory.model === 32 && syscall?.sameAs !== 'prlimit64')
      return named(String(value), 'RLIM_INFINITY', options)
    if (value === RLIM_INFINITY) return named(String(value), 'RLIM64_INFINITY', options)
    const isKilo = value > 1024n && value % 1024n === 0n
    return isKilo ? named(String(value), `${value / 1024n}*1024`, options) : String(value)
  },
  openflags64: (value, { options }) => openFlags(value, options),
  socktype: socketType,
  cloneflags: (value, { options }) => cloneFlags(value, options),
}
