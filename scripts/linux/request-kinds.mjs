// Kinds of arguments that shapes.txt gives to what follows a request or a command: see its head.
import { elementKind, readLength } from './field-kinds.mjs'
import { array, pointer, struct } from './base-kinds.mjs'

const constant = count => ({ by: 'constant', count: Number(count) })
const argument = index => readLength(`arg${index}`)
const countBy = by => (by === 'ret' ? readLength('ret') : argument(by))

/** A pointer to bytes, of which the notation says how many there are. */
const bytes = (way, operand, form) => ({ type: 'buffer', way, length: constant(operand), form })

/** `NAME`, `BEFORE/AFTER`, `BEFORE+AFTER`, `BEFORE/AFTER!` */
function shape(way, operand) {
  const [, before, after] = /^(\w+)(?:[/+](\w+)!?)?$/.exec(operand)
  if (after === undefined) return pointer(way, struct(before))
  return pointer('inout', struct(before), {
    ...(before === after ? {} : { after: struct(after) }),
    told: 'always',
  })
}

/** `SHAPE,N[,NAME[,FIELD]]` */
function given(way, operand) {
  const [name, index, wrapper = ''] = operand.split(',')
  return pointer(way, struct(name), {
    size: argument(index),
    isExtensible: true,
    ...(wrapper === '' ? {} : { wrapper }),
    ...(way === 'inout' ? { told: 'always' } : {}),
  })
}

/** The struct that a printer of a device prints, by the name of the printer. */
const DEVICES = {
  kb_get: 'kbentry',
  kb_set: 'kbentry',
  kbs_get: 'kbsentry',
  kbs_set: 'kbsentry',
  keycode: 'kbkeycode',
  unimap: 'unimapdesc',
  fontop: 'console_font_op',
  getfont: 'consolefontdesc',
  setfont: 'consolefontdesc',
  btrfs_paths: 'btrfs_ino_path',
  btrfs_inodes: 'btrfs_logical',
  btrfs_supported: 'btrfs_features',
  btrfs_balance: 'btrfs_balance_after',
  sg_io: 'sg_io_hdr',
  hdcommand: 'hd_command',
  entropy: 'rand_pool_info',
  perf_query: 'perf_query_bpf',
  call_stop: 'ptrace_syscall_info_seccomp',
  signal_range: 'ptrace_peeksiginfo_args',
  filter_flags: 'seccomp_metadata',
  ptp_offset: 'ptp_sys_offset',
  ptp_extended: 'ptp_sys_offset_extended',
  rtc_param: 'rtc_param_get',
  lsm_contexts: 'lsm_context',
  v4l2_dequeue: 'v4l2_buffer',
  v4l2_get: 'v4l2_control',
  v4l2_set: 'v4l2_control',
  v4l2_query: 'v4l2_queryctrl',
  v4l2_query_ext: 'v4l2_query_ext',
  v4l2_request: 'v4l2_requestbuffers',
  v4l2_get_ext: 'v4l2_ext_controls',
  v4l2_set_ext: 'v4l2_ext_controls',
}

const SIGINFO_BYTES = 128

function device(way, operand) {
  if (operand === 'signals')
    return array(way, { type: 'union', of: 'siginfo', size: SIGINFO_BYTES }, countBy('ret'))
  if (operand === 'uring_workers') return array(way, elementKind('u', 4), argument(3))
  const told = way === 'inout' ? { told: 'always' } : {}
  const name = operand.startsWith('dm_') ? 'dm_ioctl' : (DEVICES[operand] ?? operand)
  return pointer(way, struct(name), told)
}

/** `KIND/BYTES,N` or `{NAME},N` */
function counted(way, operand) {
  const [element, by] = operand.split(',')
  const [kind, size] = element.split('/')
  return array(way, elementKind(kind, Number(size ?? 0)), countBy(by))
}

/** `KIND,BYTES,COUNT[,whole]` */
function row(way, operand) {
  const [kind, size, count] = operand.split(',')
  return array(way, elementKind(kind, Number(size)), constant(count))
}

/** Words of 32 bits, each of its own kind. */
const mixed = (way, operand) =>
  pointer(way, { type: 'tuple', of: operand.split(',').map(kind => elementKind(kind, 4)) })

const cell = size => (way, operand) => pointer(way, elementKind(operand, size))

const LABEL_BYTES = 256

/** By the letters: a function of the direction and what follows it. */
export const REQUESTS = {
  shape,
  given,
  device,
  counted,
  row,
  mixed,
  sizedshape: (way, operand) => {
    const [name, index] = operand.split(',')
    return pointer(way, struct(name), {
      size: argument(index),
      ...(way === 'inout' ? { told: 'always' } : {}),
    })
  },
  selfsized: (way, operand) => pointer(way, struct(operand), { size: { by: 'field', field: 'size' } }),
  sizedby: way => ({ type: 'buffer', way, length: constant(0), form: 'bytes' }),
  bytecell: cell(1),
  longcell: cell(8),
  blob: (way, operand) => bytes(way, operand, 'bytes'),
  hexbuf: (way, operand) => bytes(way, operand, 'hex'),
  label: way => pointer(way, { type: 'chars', size: LABEL_BYTES }),
  netlink: (way, operand) => ({ type: 'netlink', way, length: argument(operand) }),
  sockvalue: (way, operand) => pointer(way, struct(operand.replace('!', '')), { size: optionLength(way) }),
}

const optionLength = way =>
  way === 'out' ? { by: 'cell', argument: 4 } : { by: 'argument', argument: 4, bits: 32, signed: true }
