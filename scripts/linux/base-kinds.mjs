// What all notations of kinds share: numbers, and the parts of pointers.

const int = (bits, signed, form = 'decimal') => ({ type: 'int', bits, signed, form })
export const word = (name, bits = 32) => ({ type: 'word', bits, word: name })
const id = of => ({ type: 'id', bits: 32, of })

/** Kinds that need no memory. In a struct, the compiler says how many bits a field has. */
export const SCALARS = {
  none: { type: 'unused' },
  int: int(32, true),
  long: int(64, true),
  off: int(64, true),
  uint: int(32, false),
  size: int(64, false),
  size64: int(64, false),
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
  mask32: { type: 'signals', bits: 32 },
  tid: id('tid'),
  tgid: id('tgid'),
  pgid: id('pgid'),
  sid: id('sid'),
  id: id('user'),
  id16: { type: 'id', bits: 16, of: 'user' },
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
  widebitset: word('futex_bits', 64),
  futex2flags: word('futex2_flags'),
  wakeop: word('futex_wake_operation'),
  ioctl: word('ioctl_request'),
  key: word('key'),
  reqkey: word('request_key'),
  syslog: word('syslog_type'),
  loglevel: word('log_level'),
  deathsig: word('death_signal', 64),
  ptracer: word('ptracer'),
  coreid: word('core_scheduling_id'),
  fdof0: { type: 'fd', bits: 32 },
  fdof1: { type: 'fd', bits: 32 },
  fdofpidfd: { type: 'fd', bits: 32 },
  pidtype: word('pid_type', 64),
  vector: word('sve_vector', 64),
  matrix: word('sme_vector', 64),
  tagged: word('tagged_addresses', 64),
  riscvvector: word('riscv_vector', 64),
  features: word('xsave_features', 64),
  feature: word('xsave_feature', 64),
  ethprotocol: word('ethernet_protocol'),
  userreg: word('user_register', 64),
  ax25protocol: { type: 'enum', bits: 64, set: 'ax25_protocol' },
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
  oldsigframe: word('signal_frame', 64),
  ipccall: word('ipc_call'),
  socketcall: word('socket_call'),
  port: word('port', 16),
  net32: word('network_number'),
  ipv4: word('ipv4_address'),
  oflag: word('terminal_output'),
  cflag: word('terminal_control'),
}

export const argument = (index, bits = 64, signed = false) => ({
  by: 'argument',
  argument: Number(index),
  bits,
  ...(signed ? { signed: true } : {}),
})

export const constant = count => ({ by: 'constant', count })

export const struct = (name, view) => ({ type: 'struct', name, ...(view ? { view } : {}) })

export const pointer = (way, to, more = {}) => ({ type: 'pointer', way, to, ...more })

export const array = (way, of, count, most) => ({ type: 'array', way, of, count, ...(most ? { most } : {}) })

const WIDE_SETS = new Set()
/** Sets of 64 bits, which the generator reads from sets.txt. */
export const rememberWide = name => WIDE_SETS.add(name)

export function setKind(text, bits) {
  const [, mark, set] = /^([|=])(\w+)$/.exec(text) ?? []
  if (mark === undefined) throw new Error(`no kind ${text}`)
  return { type: mark === '|' ? 'flags' : 'enum', bits: bits ?? (WIDE_SETS.has(set) ? 64 : 32), set }
}
