// The notation of kinds in syscalls.txt, commands.txt and structs.txt, read into the typed values
// of packages/glassbox/src/linux/schema/kinds.ts. Only the generator reads it. Kinds of fields of
// structs: field-kinds.mjs; of what requests and commands select: request-kinds.mjs.
import { argument, array, constant, pointer, SCALARS, setKind, struct, word } from './base-kinds.mjs'
import { fieldScalar } from './field-kinds.mjs'
import { REQUESTS } from './request-kinds.mjs'

const WAYS = { '<': 'in', '>': 'out', '=': 'inout', '': 'in' }

const field = (name, bytes = false) => ({ by: 'field', field: name, ...(bytes ? { bytes: true } : {}) })
const RESULT = { by: 'result' }

const buffer = form => (way, operand) => ({
  type: 'buffer',
  way,
  length: operand === '' ? constant(0) : argument(operand),
  form,
})

/** One value that a pointer argument points to: of the kind, or an int. */
const one = operand => (operand === '' ? SCALARS.int : (SCALARS[operand] ?? setKind(operand, 32)))

/** Names under which text shows a part of a struct. */
const VIEWS = {
  flock: ['flock', 'set'],
  flock_told: ['flock'],
  mq_attr_new: ['mq_attr'],
  msqid_set: ['msqid_ds', 'set'],
  shmid_set: ['shmid_ds', 'set'],
  ipc_perm_set: ['ipc_perm', 'set'],
  iovec_head: ['iovec'],
}
const named = operand => struct(...(VIEWS[operand] ?? [operand]))

/** `sembuf,2u`: the number is an argument, of 32 bits if it ends in `u`; `<16`: at most 16. */
function items(way, operand) {
  const [, element, index, unsigned, most] = /^(\w+),(\d)(u?)(?:<(\d+))?$/.exec(operand)
  const of = SCALARS[element] ?? struct(element)
  return array(way, of, argument(index, unsigned ? 32 : 64), most && Number(most))
}

/** By the letters: a function of the direction and what follows it. */
const POINTING = {
  path: way => ({ type: 'path', way }),
  string: way => ({ type: 'string', way }),
  out_string: () => ({ type: 'string', way: 'out' }),
  name16: way => ({ type: 'string', way, most: 15 }),
  strings: () => ({ type: 'strings', environment: false }),
  env: () => ({ type: 'strings', environment: true }),
  buf: buffer('bytes'),
  bytes: buffer('hex'),
  within: buffer('bytes'),
  byte: way => ({ type: 'buffer', way, length: constant(1), form: 'bytes' }),
  hostname: buffer('host_name'),
  xattr: buffer('attribute'),
  xattrs: buffer('attribute_names'),
  keytext: buffer('key_text'),
  keycaps: buffer('key_capabilities'),
  option: way => option(way, 'option'),
  intoption: way => option(way, 'int_option'),
  ptr: (way, operand) => pointer(way, named(operand)),
  kept: (way, operand) => pointer(way, named(operand), { told: 'always' }),
  left: (way, operand) => pointer(way, named(operand), { told: 'interrupted' }),
  rusage: way => pointer(way, struct('rusage'), { told: 'child' }),
  wstatus: way => pointer(way, word('wait_status'), { told: 'child' }),
  cell: (way, operand) => pointer(way, one(operand)),
  cells: (way, operand) => pointer(way, one(operand)),
  moved: (way, operand) => pointer(way, one(operand), { told: 'always' }),
  length: way => pointer(way, SCALARS.int),
  mountid: way => pointer(way, SCALARS.int),
  ipccmd: (_way, operand) => word(`ipc_command_${operand.slice(0, 3)}`),
  sized(way, operand) {
    const [name, index] = operand.split(',')
    // struct sched_attr has its own size.
    return pointer(way, struct(name), { size: name === 'sched_attr' ? field('size') : argument(index) })
  },
  cloneargs: () => pointer('inout', struct('clone_args'), { size: argument(1), told: 'always' }),
  perfattr: way => pointer(way, struct('perf_event_attr'), { size: field('size') }),
  uring: () => pointer('inout', struct('io_uring_params'), { told: 'always' }),
  sigset: (way, operand) => pointer(way, SCALARS.mask, operand === '' ? {} : { size: argument(operand) }),
  sigpending: (way, operand) => pointer(way, SCALARS.mask, { size: argument(operand) }),
  sigarg: way => pointer(way, struct('sigset_argument')),
  siginfo: way => pointer(way, { type: 'union', of: 'siginfo', size: 128 }),
  sigevent: way => pointer(way, struct('sigevent')),
  sched_param: way => pointer(way, struct('sched_param')),
  userdesc: way => pointer(way, struct('user_desc')),
  owner: way => pointer(way, struct('f_owner_ex')),
  termios: (way, operand) => pointer(way, struct(operand || 'termios')),
  filehandle: way => pointer(way, struct('file_handle')),
  msgbuf: (way, operand) => ({ ...pointer(way, struct('msgbuf')), size: argument(operand) }),
  ifreq: (way, operand) => pointer(way, struct('ifreq', operand)),
  ifindex: (way, operand) => pointer(way, struct('ifreq', operand || 'ifindex')),
  ifconf: way => pointer(way === 'out' ? 'inout' : way, struct('ifconf')),
  ifname: way => pointer(way, { type: 'chars', size: 16 }),
  iocb: way => pointer(way, struct('iocb')),
  iocbs: (way, operand) => array(way, pointer('in', struct('iocb')), argument(operand, 64, true)),
  times2: (way, operand) => array(way, struct(operand), constant(2)),
  ids: (way, operand) => array(way, SCALARS.id, way === 'out' ? RESULT : argument(operand, 32)),
  ids16: (way, operand) => array(way, SCALARS.id16, way === 'out' ? RESULT : argument(operand, 32)),
  oldsigset: way => pointer(way, SCALARS.mask32),
  statfs64: (way, operand) => pointer(way, struct('statfs64'), { size: argument(operand) }),
  olddirent: way => pointer(way, struct('old_linux_dirent')),
  polls: (way, operand) => array(way, struct('pollfd'), argument(operand, 32)),
  epolls: way => array(way, struct('epoll_event'), RESULT),
  results: (way, operand) => array(way, struct(operand), RESULT),
  items,
  capdata: way => array(way, struct('cap_user_data'), { by: 'capability-version', argument: 0 }),
  fdset: way => bitSet(way, 'descriptors', argument(0, 32, true), 'bits'),
  cpuset: (way, operand) =>
    bitSet(way, 'processors', way === 'out' ? RESULT : argument(operand, 32), 'bytes'),
  nodemask: (way, operand) => bitSet(way, 'nodes', argument(operand), 'bits'),
  mincore: way => bitSet(way, 'pages', argument(1), 'page-bytes'),
  dents: (way, operand) => ({
    type: 'records',
    way,
    of: operand === 'old' ? 'linux_dirent' : 'linux_dirent64',
    size: 'd_reclen',
    align: 1,
    length: RESULT,
  }),
  iovec: (way, operand) => vectors(way, operand, false),
  iovaddr: (way, operand) => vectors(way, operand, true),
  msghdr: way => ({ type: 'message', way }),
  mmsghdr: (way, operand) => ({ type: 'message', way, count: argument(operand, 32) }),
  sentmsgs: (way, operand) => ({ type: 'message', way: 'inout', count: argument(operand, 32) }),
  sockaddr: (way, operand) => ({
    type: 'sockaddr',
    way,
    length: way === 'out' ? { by: 'cell', argument: Number(operand) } : argument(operand, 32),
  }),
}

const option = (way, form) => ({
  type: 'buffer',
  way,
  length: way === 'out' ? { by: 'cell', argument: 4 } : argument(4, 32, true),
  form,
})
const bitSet = (way, of, length, unit) => ({ type: 'bitset', way, of, length, unit })
const vectors = (way, operand, remote) => ({ type: 'vectors', way, count: argument(operand), remote })

function missing(text) {
  throw new Error(`no kind ${text}`)
}

/** The kind that a notation stands for, with the notation, by which text is printed. */
export const parseKind = text => ({ ...parse(text), notation: text })

function parse(text) {
  if (Object.hasOwn(SCALARS, text)) return SCALARS[text]
  if (/^[|=]/.test(text)) return setKind(text)
  const [, letters, direction, operand] = /^([a-z_]+\d*)([<>=]?)(.*)$/.exec(text) ?? []
  if (Object.hasOwn(REQUESTS, letters ?? '')) return REQUESTS[letters](WAYS[direction], operand)
  if (!Object.hasOwn(POINTING, letters ?? '')) return fieldScalar(text) ?? missing(text)
  if (letters === 'ptr' && operand === 'fds') return array(WAYS[direction], SCALARS.fd, constant(2))
  if (letters === 'ptr' && operand === 'sigset') return pointer(WAYS[direction], SCALARS.mask)
  return POINTING[letters](WAYS[direction], operand)
}
