/**
 * Layouts of structs as the kernel has them on x86-64: the fields that are printed, in strace's order. Sources: the UAPI headers.
 * A kind is one of the table of system calls; `chars`: an array of characters, `longs` of words; `struct:NAME`: another struct inside.
 */

/** sizeof(struct open_how), which openat2(2) is told. */
export const OPEN_HOW_BYTES = 24

export interface Field {
  readonly name: string
  readonly offset: number
  /** Bytes: 1, 2, 4 or 8 of a number, any of characters. */
  readonly size: number
  /** As in the table of system calls, where it is not plain decimal. */
  readonly kind?: string
  /** Left out where zero. */
  readonly optional?: boolean
}

export interface Struct {
  readonly size: number
  readonly fields: readonly Field[]
  /** How many fields are shown where not everything is asked for. */
  readonly brief?: number
}

const words = (size: 4 | 8, names: readonly string[], kind?: string, start = 0): readonly Field[] =>
  names.map((name, index) => ({
    name,
    offset: start + index * size,
    size,
    ...(kind === undefined ? {} : { kind }),
  }))

const inside = (name: string, offset: number, struct: string): Field => ({
  name,
  offset,
  size: 8,
  kind: `struct:${struct}`,
})
const at = (name: string, offset: number, size: number, kind?: string, optional = false): Field => ({
  name,
  offset,
  size,
  ...(kind === undefined ? {} : { kind }),
  ...(optional ? { optional } : {}),
})

export const STRUCTS: Readonly<Record<string, Struct>> = {
  timespec: { size: 16, fields: words(8, ['tv_sec', 'tv_nsec'], 'off') },
  timeval: { size: 16, fields: words(8, ['tv_sec', 'tv_usec'], 'off') },
  timezone: { size: 8, fields: words(4, ['tz_minuteswest', 'tz_dsttime'], 'int') },
  utimbuf: { size: 16, fields: words(8, ['actime', 'modtime'], 'off') },
  itimerval: { size: 32, fields: [inside('it_interval', 0, 'timeval'), inside('it_value', 16, 'timeval')] },
  itimerspec: {
    size: 32,
    fields: [inside('it_interval', 0, 'timespec'), inside('it_value', 16, 'timespec')],
  },
  rlimit: { size: 16, fields: words(8, ['rlim_cur', 'rlim_max'], 'rlim') },
  rusage: {
    size: 144,
    brief: 2,
    fields: [
      inside('ru_utime', 0, 'timeval'),
      inside('ru_stime', 16, 'timeval'),
      ...words(
        8,
        [
          ...['ru_maxrss', 'ru_ixrss', 'ru_idrss', 'ru_isrss', 'ru_minflt', 'ru_majflt', 'ru_nswap'],
          ...['ru_inblock', 'ru_oublock', 'ru_msgsnd', 'ru_msgrcv', 'ru_nsignals', 'ru_nvcsw', 'ru_nivcsw'],
        ],
        'size',
        32,
      ),
    ],
  },
  tms: { size: 32, fields: words(8, ['tms_utime', 'tms_stime', 'tms_cutime', 'tms_cstime'], 'off') },
  utsname: {
    size: 390,
    brief: 2,
    fields: ['sysname', 'nodename', 'release', 'version', 'machine', 'domainname'].map((name, index) =>
      at(name, index * 65, 65, 'chars'),
    ),
  },
  sysinfo: {
    size: 112,
    fields: [
      at('uptime', 0, 8),
      at('loads', 8, 24, 'longs'),
      ...words(8, ['totalram', 'freeram', 'sharedram', 'bufferram', 'totalswap', 'freeswap'], 'size', 32),
      at('procs', 80, 2, 'uint'),
      ...words(8, ['totalhigh', 'freehigh'], 'size', 88),
      at('mem_unit', 104, 4, 'uint'),
    ],
  },
  statfs: {
    size: 120,
    fields: [
      at('f_type', 0, 8, '=fs_magic'),
      ...words(8, ['f_bsize', 'f_blocks', 'f_bfree', 'f_bavail', 'f_files', 'f_ffree'], 'size', 8),
      at('f_fsid', 56, 8, 'fsid'),
      ...words(8, ['f_namelen', 'f_frsize'], 'size', 64),
      at('f_flags', 80, 8, '|statfs_flags'),
    ],
  },
  stack_t: {
    size: 24,
    fields: [at('ss_sp', 0, 8, 'addr'), at('ss_flags', 8, 4, '|ss_flags'), at('ss_size', 16, 8, 'size')],
  },
  flock: {
    size: 32,
    fields: [
      at('l_type', 0, 2, '=flock_type'),
      at('l_whence', 2, 2, '=lseek'),
      at('l_start', 8, 8, 'off'),
      at('l_len', 16, 8, 'off'),
    ],
  },
  flock_told: {
    size: 32,
    fields: [
      at('l_type', 0, 2, '=flock_type'),
      at('l_whence', 2, 2, '=lseek'),
      at('l_start', 8, 8, 'off'),
      at('l_len', 16, 8, 'off'),
      at('l_pid', 24, 4, 'int'),
    ],
  },
  winsize: {
    size: 8,
    fields: ['ws_row', 'ws_col', 'ws_xpixel', 'ws_ypixel'].map((name, index) =>
      at(name, index * 2, 2, 'uint'),
    ),
  },
  linger: { size: 8, fields: words(4, ['l_onoff', 'l_linger'], 'int') },
  ucred: { size: 12, fields: [at('pid', 0, 4, 'int'), at('uid', 4, 4, 'id'), at('gid', 8, 4, 'id')] },
  sigevent: {
    size: 64,
    fields: [
      at('sigev_value', 0, 8, 'sigval'),
      at('sigev_signo', 8, 4, 'sig'),
      at('sigev_notify', 12, 4, '=sigev'),
    ],
  },
  open_how: {
    size: 24,
    fields: [at('flags', 0, 8, '|open'), at('mode', 8, 8, 'mode', true), at('resolve', 16, 8, '|resolve')],
  },
  mount_attr: {
    size: 32,
    fields: [
      at('attr_set', 0, 8, '|mount_attr'),
      at('attr_clr', 8, 8, '|mount_attr'),
      at('propagation', 16, 8, '|mount'),
      at('userns_fd', 24, 8, 'size'),
    ],
  },
  clone_args: {
    size: 88,
    fields: [
      at('flags', 0, 8, '|clone'),
      at('pidfd', 8, 8, 'addr', true),
      at('child_tid', 16, 8, 'addr', true),
      at('parent_tid', 24, 8, 'addr', true),
      at('exit_signal', 32, 8, 'sig'),
      at('stack', 40, 8, 'addr'),
      at('stack_size', 48, 8, 'hex'),
      at('tls', 56, 8, 'addr', true),
      at('cgroup', 80, 8, 'size', true),
    ],
  },
  caphdr: { size: 8, fields: [at('version', 0, 4, '=cap_version'), at('pid', 4, 4, 'int')] },
  epoll_event: { size: 12, fields: [at('events', 0, 4, '|epoll'), at('data', 4, 8, 'epolldata')] },
  landlock_ruleset_attr: { size: 8, fields: [at('handled_access_fs', 0, 8, '|landlock_fs')] },
  landlock_path_beneath_attr: {
    size: 12,
    fields: [at('allowed_access', 0, 8, '|landlock_fs'), at('parent_fd', 8, 4, 'fd')],
  },
}
