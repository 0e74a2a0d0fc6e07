// The notation of the fields of structs.txt and shapes.txt, read into the typed values of
// packages/glassbox/src/linux/schema/kinds.ts. The compiler says how many bytes a field has.
import { array, pointer, SCALARS, setKind, struct, word } from './base-kinds.mjs'

const int = (form, signed = false) => ({ type: 'int', bits: 64, signed, form })
const ofSet = (type, set) => ({ type, bits: 32, set })

/** Kinds of fields that no register has, or that have the size of the field. */
const FIELDS = {
  u: int('decimal'),
  d: int('decimal', true),
  x: int('hex'),
  o: int('octal'),
  p: int('address'),
  be: word('network_number'),
  inet4: word('ipv4_address'),
  dev64: word('device', 64),
  kernelversion: word('kernel_version'),
  fourcc: word('fourcc'),
  char: word('character'),
  ebpfdestination: word('bpf_destination'),
  ebpfsource: word('bpf_source'),
  uringrestriction: word('uring_restriction'),
  v4l2ctrl: ofSet('enum', 'v4l2_cid'),
  objectid: ofSet('enum', 'btrfs_object'),
  diagprotocol: ofSet('enum', 'netlink'),
  diagshow: ofSet('flags', 'netlink_show'),
  leds: ofSet('flags', 'kd_leds'),
  defaultleds: ofSet('flags', 'kd_default_leds'),
  signal: { type: 'signal', bits: 32 },
  btrfskey: ofSet('enum', 'btrfs_key'),
  foundobject: ofSet('enum', 'btrfs_object'),
  hexpair: int('hex'),
  permille: int('decimal'),
  datedseconds: int('decimal'),
  fdorskip: { type: 'fd', bits: 32 },
  btrfscompat: int('hex'),
  mountid: int('hex'),
  usernsid: int('hex'),
  mountstr: int('decimal'),
  mountstrs: int('decimal'),
  ebpfcode: int('hex'),
  unicode: int('hex'),
  largest: int('decimal'),
  lifetime: int('decimal'),
  ifindex: int('decimal'),
  sound: int('decimal'),
  tone: int('decimal'),
  numanode: int('decimal', true),
  unlessnone: int('decimal', true),
}

/** Structs that text prints in a way of its own. */
const SPELLED = {
  sockid: 'inet_diag_sockid',
  gpioattr: 'gpio_v2_line_attribute',
  gpioconfig: 'gpio_v2_line_config_attribute',
  ptprtc: 'ptp_clock_time',
  btrfstime: 'btrfs_timespec',
  fraction: 'v4l2_fract',
  v4l2lines: 'v4l2_service_lines',
}

const OCTETS = { hexstr: 'hex', bytes: 'bytes', uuid: 'uuid', mac: 'mac' }

/** Whether a register or a number in memory can be of this kind of a field. */
export const fieldScalar = text => FIELDS[text]

/**
 * How many elements there are: a number, a field of the struct, argument N of the call (`argN`),
 * its result (`ret`).
 */
export function readLength(text, members = []) {
  if (text === 'ret') return { by: 'result' }
  if (/^\d+$/.test(text)) return { by: 'constant', count: Number(text) }
  const own = members.some(({ name }) => name === text || name === `_${text}`)
  const [, index] = /^arg(\d)$/.exec(text) ?? []
  if (!own && index !== undefined) return { by: 'argument', argument: Number(index), bits: 32 }
  if (!own) throw new Error(`no field ${text}`)
  return { by: 'field', field: text }
}

/** The struct that `{NAME}` and its like mean; `undefined` for other kinds. */
function structKind(text) {
  const [, name, view] = /^\{(\w+)(?:\.(\w+))?\}$/.exec(text) ?? /^struct:(\w+)$/.exec(text) ?? []
  if (name !== undefined) return struct(name, view)
  return Object.hasOwn(SPELLED, text) ? struct(SPELLED[text]) : undefined
}

/** A number of so many bytes. */
function number(text, bytes) {
  const bits = bytes * 8
  if (/^[|=]/.test(text)) return setKind(text, bits)
  const known = FIELDS[text] ?? (Object.hasOwn(SCALARS, text) ? SCALARS[text] : undefined)
  if (!known) throw new Error(`no kind of field ${text}`)
  return known.type === 'signals' ? known : { ...known, bits }
}

/** An element of a list, of a distant array, or behind a pointer. */
export function elementKind(text, bytes) {
  const inner = structKind(text)
  if (inner) return inner
  if (text === 'ptrstr') return { type: 'string', way: 'in', at: bytes * 8 }
  return number(text, bytes)
}

/**
 * The kind of an array behind a pointer. `count` says how many elements it has. An element is a
 * number (`KIND/BYTES`), a struct (`{NAME}`), a byte (`bytes`) or a character (`cstring`).
 */
function distant(way, text, count) {
  if (text === 'bytes') return { type: 'buffer', way, length: count, form: 'bytes' }
  if (text === 'xattr') return { type: 'buffer', way, length: count, form: 'attribute' }
  if (text === 'cstring') return { type: 'string', way, room: count }
  const [, kind, bytes] = /^(.+?)(?:\/(\d+))?$/.exec(text)
  return array(way, elementKind(kind, Number(bytes ?? 0)), count)
}

const octets = (form, size, used) => ({ type: 'octets', form, size, ...(used ? { used } : {}) })

/**
 * The kind of a field with its notation. `size`: of the member in bytes; `element`: of the
 * elements, if it is a list; `count`: what follows `@`.
 */
export const fieldKind = (text, place) => ({ ...parse(text, place), notation: text })

function parse(text, { size, element, count }) {
  if (text.startsWith('tail')) return tail(text.slice('tail@'.length))
  if (text.endsWith('[]'))
    return {
      type: 'list',
      of: parse(text.slice(0, -2), { size: element, element: 0 }),
      count: size / element,
      ...(count ? { used: count } : {}),
    }
  const [, mark, answer, rest] = /^([&+])(!?)(.+)$/.exec(text) ?? []
  if (mark === '+') return { type: 'trailing', to: distant('in', rest, count) }
  if (mark === '&') return { ...distant(answer ? 'out' : 'in', rest, count), at: size * 8 }
  return pointing(text, size, count) ?? structKind(text) ?? plain(text, size, count)
}

/** A pointer that is followed to one value. */
function pointing(text, size, count) {
  const at = size * 8
  if (text === '*sigset') return { ...pointer('in', SCALARS.mask, { size: count }), at }
  if (text.startsWith('*')) return { ...pointer('in', struct(text.slice(1))), at }
  if (text === 'ptrstr') return { type: 'string', way: 'in', at }
  return text === 'ptrpath' ? { type: 'path', way: 'in', at } : undefined
}

/** What lies in the struct itself. */
function plain(text, size, count) {
  if (text === 'str') return { type: 'chars', size }
  if (text === 'ipv6') return { type: 'list', of: { ...SCALARS.hex, bits: 8 }, count: 16 }
  if (Object.hasOwn(OCTETS, text)) return octets(OCTETS[text], size, count)
  if (text.startsWith('union:')) return { type: 'union', of: text.slice('union:'.length), size }
  return number(text, size)
}

function tail(by) {
  if (by === 'nul' || by === 'record') return { type: 'tail', length: { by } }
  const length = /^\d$/.test(by)
    ? { by: 'argument', argument: Number(by), bits: 64 }
    : { by: 'field', field: by }
  return { type: 'tail', length }
}
