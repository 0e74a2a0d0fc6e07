// The notation of kinds in syscalls.txt, commands.txt and structs.txt, read into the typed values
// of packages/glassbox/src/linux/schema/kinds.ts. Only the generator reads it.

const int = (bits, signed, form = 'decimal') => ({ type: 'int', bits, signed, form })
const word = (name, bits = 32) => ({ type: 'word', bits, word: name })
const id = of => ({ type: 'id', bits: 32, of })

/** Kinds that need no memory. In a struct, the compiler says how many bits a field has. */
const SCALARS = {
  none: { type: 'unused' },
  int: int(32, true),
  long: int(64, true),
  off: int(64, true),
  uint: int(32, false),
  size: int(64, false),
  hex: int(64, false, 'hex'),
  hex32: int(32, false, 'hex'),
  octal: int(64, false, 'octal'),
  addr: int(64, false, 'address'),
  mode: int(16, false, 'octal'),
  fd: { type: 'fd', bits: 32 },
  dirfd: { type: 'fd', bits: 32, directory: true },
  sig: { type: 'signal', bits: 32 },
  sig64: { type: 'signal', bits: 64 },
  mask: { type: 'signals', bits: 64 },
  tid: id('tid'),
  tgid: id('tgid'),
  pgid: id('pgid'),
  sid: id('sid'),
  id: id('user'),
  who: id('who'),
  openflags: word('open_flags'),
  openflags64: word('open_flags', 64),
  mapflags: word('map_flags'),
  memfdflags: word('memfd_flags'),
  statxflags: word('statx_flags'),
  shmflags: word('shm_flags'),
  ipcflags: word('ipc_flags'),
  swapflags: word('swap_flags'),
  mountflags: word('mount_flags', 64),
  cloneflags: word('clone_flags', 64),
  kexecflags: word('kexec_flags', 64),
  fanflags: word('fanotify_flags'),
  socktype: word('socket_type'),
  filemode: word('file_mode', 16),
  dev: word('device'),
  mpol: word('memory_policy', 64),
  mpol32: word('memory_policy'),
  persona: word('personality'),
  ioprio: word('io_priority'),
  qcmd: word('quota_command'),
  ipckey: word('ipc_key'),
  futexop: word('futex_operation'),
  bitset: word('futex_bits'),
  wakeop: word('futex_wake_operation'),
  ioctl: word('ioctl_request'),
  key: word('key'),
  reqkey: word('request_key'),
  syslog: word('syslog_type'),
  loglevel: word('log_level'),
  deathsig: word('death_signal', 64),
  ptracer: word('ptracer'),
  coreid: word('core_scheduling_id'),
  pidtype: word('pid_type', 64),
  vector: word('sve_vector', 64),
  matrix: word('sme_vector', 64),
  tagged: word('tagged_addresses', 64),
  features: word('xsave_features', 64),
  feature: word('xsave_feature', 64),
  ethprotocol: word('ethernet_protocol'),
  userreg: word('user_register', 64),
  ax25protocol: setKind('=ax25_protocol', 64),
  fandirfd: word('mark_directory'),
  pagestatus: word('page_status'),
  errno: word('error'),
  sockerror: word('socket_error'),
  rlim: word('resource_limit', 64),
  time: word('time', 64),
  ticks: word('ticks', 64),
  fsid: word('file_system_id', 64),
  epolldata: word('epoll_data', 64),
  handler: word('signal_handler', 64),
  perfconfig: word('perf_config', 64),
  unalign: word('unaligned'),
  modem: word('modem'),
  fsflags: word('inode_flags'),
  sigframe: word('signal_frame', 64),
  port: word('port', 16),
  net32: word('network_number'),
  ipv4: word('ipv4_address'),
  oflag: word('terminal_output'),
  cflag: word('terminal_control'),
}

const WAYS = { '<': 'in', '>': 'out', '=': 'inout', '': 'in' }

const argument = (index, bits = 64, signed = false) => ({
  by: 'argument',
  argument: Number(index),
  bits,
  ...(signed ? { signed: true } : {}),
})
const constant = count => ({ by: 'constant', count })
const field = (name, bytes = false) => ({ by: 'field', field: name, ...(bytes ? { bytes: true } : {}) })
const RESULT = { by: 'result' }

const struct = (name, view) => ({ type: 'struct', name, ...(view ? { view } : {}) })
const pointer = (way, to, more = {}) => ({ type: 'pointer', way, to, ...more })
const buffer = form => (way, operand) => ({
  type: 'buffer',
  way,
  length: operand === '' ? constant(0) : argument(operand),
  form,
})
const array = (way, of, count, most) => ({ type: 'array', way, of, count, ...(most ? { most } : {}) })

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

const WIDE_SETS = new Set()
/** Sets of 64 bits, which the generator reads from sets.txt. */
export const rememberWide = name => WIDE_SETS.add(name)

function setKind(text, bits) {
  const [, mark, set] = /^([|=])(\w+)$/.exec(text) ?? []
  if (mark === undefined) throw new Error(`no kind ${text}`)
  return { type: mark === '|' ? 'flags' : 'enum', bits: bits ?? (WIDE_SETS.has(set) ? 64 : 32), set }
}

/** The kind that a notation stands for, with the notation, by which text is printed. */
export const parseKind = text => ({ ...parse(text), notation: text })

function parse(text) {
  if (Object.hasOwn(SCALARS, text)) return SCALARS[text]
  if (/^[|=]/.test(text)) return setKind(text)
  const [, letters, direction, operand] = /^([a-z_]+\d*)([<>=]?)(.*)$/.exec(text) ?? []
  if (!Object.hasOwn(POINTING, letters ?? '')) throw new Error(`no kind ${text}`)
  if (letters === 'ptr' && operand === 'fds') return array(WAYS[direction], SCALARS.fd, constant(2))
  if (letters === 'ptr' && operand === 'sigset') return pointer(WAYS[direction], SCALARS.mask)
  return POINTING[letters](WAYS[direction], operand)
}

/** The kind of a field: `size` bytes in the struct, of which a part may belong to each element. */
export const fieldKind = (text, size) => ({ ...parseField(text, size), notation: text })

function parseField(text, size) {
  const bits = size * 8
  if (text === 'chars') return { type: 'chars', size }
  if (text === 'ipv6') return { type: 'list', of: { ...SCALARS.hex, bits: 8 }, count: 16 }
  if (text.startsWith('tail')) {
    const by = text.slice(5)
    if (by === 'nul' || by === 'record') return { type: 'tail', length: { by } }
    return { type: 'tail', length: /^\d$/.test(by) ? argument(by) : field(by) }
  }
  const [, element, count] = /^(.+)\[(\d+)\]$/.exec(text) ?? []
  if (count !== undefined)
    return { type: 'list', of: parseField(element, size / Number(count)), count: Number(count) }
  if (text.startsWith('struct:')) return struct(text.slice(7))
  const [, way, of, by] = /^array([<>=])(\w+)@(\w+)$/.exec(text) ?? []
  if (of !== undefined) {
    const isBytes = by.endsWith('_len') || by === 'ifc_len'
    return array(WAYS[way], SCALARS[of] ?? struct(...of.split('__')), field(by, isBytes))
  }
  const kind = /^[|=]/.test(text) ? setKind(text, bits) : Object.hasOwn(SCALARS, text) && SCALARS[text]
  if (kind) return kind.type === 'signals' ? kind : { ...kind, bits }
  if (text.startsWith('union:')) return { type: 'union', of: text.slice(6), size }
  if (text === 'sigset@ss_len') return pointer('in', SCALARS.mask, { size: field('ss_len') })
  throw new Error(`no kind of field ${text}`)
}
