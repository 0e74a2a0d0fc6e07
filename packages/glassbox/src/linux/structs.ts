/**
 * Layouts of kernel structs on x86-64: the fields that are printed, in strace's order. Sources:
 * the UAPI headers. A kind is a kind of the syscall table, or `chars` (an array of characters),
 * `longs` (an array of words), or `struct:NAME` (a nested struct).
 */

export interface Field {
  readonly name: string
  readonly offset: number
  /** The size in bytes: 1, 2, 4 or 8 for a number, any for characters. */
  readonly size: number
  /** The kind, as in the syscall table, if it is not plain decimal. */
  readonly kind?: string
  /** Omitted if zero. */
  readonly optional?: boolean
}

export interface Struct {
  readonly size: number
  readonly fields: readonly Field[]
  /** How many fields are shown if the output is abbreviated. */
  readonly brief?: number
}

const words = (size: 2 | 4 | 8, names: readonly string[], kind?: string, start = 0): readonly Field[] =>
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

const QUOTA_FIELDS: readonly Field[] = words(
  8,
  [
    ...['dqb_bhardlimit', 'dqb_bsoftlimit', 'dqb_curspace', 'dqb_ihardlimit', 'dqb_isoftlimit'],
    ...['dqb_curinodes', 'dqb_btime', 'dqb_itime'],
  ],
  'size',
)

export const STRUCTS: Readonly<Record<string, Struct>> = {
  timespec: { size: 16, fields: [at('tv_sec', 0, 8, 'off'), at('tv_nsec', 8, 8, 'size')] },
  timeval: { size: 16, fields: [at('tv_sec', 0, 8, 'off'), at('tv_usec', 8, 8, 'size')] },
  timezone: { size: 8, fields: words(4, ['tz_minuteswest', 'tz_dsttime'], 'int') },
  utimbuf: { size: 16, fields: words(8, ['actime', 'modtime'], 'time') },
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
  tms: { size: 32, fields: words(8, ['tms_utime', 'tms_stime', 'tms_cutime', 'tms_cstime'], 'ticks') },
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
      at('uptime', 0, 8, 'size'),
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
      at('f_flags', 80, 8, '|statfs_flags', true),
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
      at('l_pid', 24, 4, 'tgid'),
    ],
  },
  winsize: {
    size: 8,
    fields: ['ws_row', 'ws_col', 'ws_xpixel', 'ws_ypixel'].map((name, index) =>
      at(name, index * 2, 2, 'uint'),
    ),
  },
  msqid_set: {
    size: 120,
    fields: [inside('msg_perm', 0, 'ipc_perm_set'), at('msg_qbytes', 88, 8, 'size')],
  },
  msqid_ds: {
    size: 120,
    fields: [
      inside('msg_perm', 0, 'ipc_perm'),
      at('msg_stime', 48, 8, 'size'),
      at('msg_rtime', 56, 8, 'size'),
      at('msg_ctime', 64, 8, 'size'),
      at('msg_qnum', 80, 8, 'size'),
      at('msg_qbytes', 88, 8, 'size'),
      at('msg_lspid', 96, 4, 'int'),
      at('msg_lrpid', 100, 4, 'int'),
    ],
  },
  shmid_set: { size: 112, fields: [inside('shm_perm', 0, 'ipc_perm_set')] },
  shmid_ds: {
    size: 112,
    fields: [
      inside('shm_perm', 0, 'ipc_perm'),
      at('shm_segsz', 48, 8, 'size'),
      at('shm_cpid', 80, 4, 'tgid'),
      at('shm_lpid', 84, 4, 'tgid'),
      at('shm_nattch', 88, 8, 'size'),
      at('shm_atime', 56, 8, 'size'),
      at('shm_dtime', 64, 8, 'size'),
      at('shm_ctime', 72, 8, 'size'),
    ],
  },
  ipc_perm_set: {
    size: 48,
    fields: [at('uid', 4, 4, 'id'), at('gid', 8, 4, 'id'), at('mode', 20, 4, 'octal')],
  },
  ipc_perm: {
    size: 48,
    fields: [
      at('uid', 4, 4, 'id'),
      at('gid', 8, 4, 'id'),
      at('mode', 20, 4, 'octal'),
      at('key', 0, 4, 'uint'),
      at('cuid', 12, 4, 'id'),
      at('cgid', 16, 4, 'id'),
    ],
  },
  msginfo: {
    size: 32,
    fields: [
      ...words(4, ['msgpool', 'msgmap', 'msgmax', 'msgmnb', 'msgmni', 'msgssz', 'msgtql'], 'int'),
      at('msgseg', 28, 2, 'uint'),
    ],
  },
  seminfo: {
    size: 40,
    fields: words(
      4,
      ['semmap', 'semmni', 'semmns', 'semmnu', 'semmsl', 'semopm', 'semume', 'semusz', 'semvmx', 'semaem'],
      'int',
    ),
  },
  shminfo64: {
    size: 72,
    fields: words(8, ['shmmax', 'shmmin', 'shmmni', 'shmseg', 'shmall'], 'size'),
  },
  shm_info: {
    size: 48,
    fields: [
      at('used_ids', 0, 4, 'int'),
      ...words(8, ['shm_tot', 'shm_rss', 'shm_swp', 'swap_attempts', 'swap_successes'], 'size', 8),
    ],
  },
  iovec_head: { size: 16, fields: [at('iov_base', 0, 8, 'addr'), at('iov_len', 8, 8, 'size')] },
  dqinfo: {
    size: 24,
    fields: [
      ...words(8, ['dqi_bgrace', 'dqi_igrace'], 'size'),
      at('dqi_flags', 16, 4, '|dqi_flags'),
      at('dqi_valid', 20, 4, 'hex'),
    ],
  },
  dqblk: { size: 72, brief: 6, fields: [...QUOTA_FIELDS, at('dqb_valid', 64, 4, '|qif')] },
  nextdqblk: {
    size: 72,
    brief: 6,
    fields: [...QUOTA_FIELDS, at('dqb_valid', 64, 4, '|qif'), at('dqb_id', 68, 4, 'uint')],
  },
  fs_disk_quota: {
    size: 112,
    brief: 10,
    fields: [
      at('d_version', 0, 1, 'int'),
      at('d_flags', 1, 1, '|xfs_dquot'),
      at('d_fieldmask', 2, 2, 'hex'),
      at('d_id', 4, 4, 'uint'),
      ...words(
        8,
        ['d_blk_hardlimit', 'd_blk_softlimit', 'd_ino_hardlimit', 'd_ino_softlimit', 'd_bcount', 'd_icount'],
        'size',
        8,
      ),
      ...words(4, ['d_itimer', 'd_btimer'], 'int', 56),
      ...words(2, ['d_iwarns', 'd_bwarns'], 'uint', 64),
      ...words(8, ['d_rtb_hardlimit', 'd_rtb_softlimit', 'd_rtbcount'], 'size', 72),
      at('d_rtbtimer', 96, 4, 'int'),
      at('d_rtbwarns', 100, 2, 'uint'),
    ],
  },
  linger: { size: 8, fields: words(4, ['l_onoff', 'l_linger'], 'int') },
  ucred: { size: 12, fields: [at('pid', 0, 4, 'tgid'), at('uid', 4, 4, 'id'), at('gid', 8, 4, 'id')] },
  sembuf: {
    size: 6,
    fields: [at('sem_num', 0, 2, 'uint'), at('sem_op', 2, 2, 'int'), at('sem_flg', 4, 2, '|semop')],
  },
  timex: {
    size: 208,
    fields: [
      at('modes', 0, 4, '|adjtimex'),
      ...words(8, ['offset', 'freq', 'maxerror', 'esterror'], 'long', 8),
      at('status', 40, 4, '|adjtimex_status'),
      ...words(8, ['constant', 'precision', 'tolerance'], 'long', 48),
      inside('time', 72, 'timeval'),
      ...words(8, ['tick', 'ppsfreq', 'jitter'], 'long', 88),
      at('shift', 112, 4, 'int'),
      ...words(8, ['stabil', 'jitcnt', 'calcnt', 'errcnt', 'stbcnt'], 'long', 120),
      at('tai', 160, 4, 'int'),
    ],
  },
  mq_attr: {
    size: 64,
    fields: [
      at('mq_flags', 0, 8, '|mq_flags'),
      ...words(8, ['mq_maxmsg', 'mq_msgsize', 'mq_curmsgs'], 'long', 8),
    ],
  },
  kexec_segment: {
    size: 32,
    fields: [
      at('buf', 0, 8, 'addr'),
      at('bufsz', 8, 8, 'size'),
      at('mem', 16, 8, 'addr'),
      at('memsz', 24, 8, 'size'),
    ],
  },
  io_event: {
    size: 32,
    fields: [...words(8, ['data', 'obj'], 'hex'), ...words(8, ['res', 'res2'], 'long', 16)],
  },
  futex_waitv: {
    size: 24,
    fields: [
      at('val', 0, 8, 'hex'),
      at('uaddr', 8, 8, 'addr'),
      at('flags', 16, 4, '|futex_waitv'),
      at('__reserved', 20, 4, 'hex', true),
    ],
  },
  sched_attr: {
    size: 56,
    fields: [
      at('size', 0, 4, 'uint'),
      at('sched_policy', 4, 4, '=sched'),
      at('sched_flags', 8, 8, '|sched_flags'),
      at('sched_nice', 16, 4, 'int'),
      at('sched_priority', 20, 4, 'uint'),
      ...words(8, ['sched_runtime', 'sched_deadline', 'sched_period'], 'size', 24),
      ...words(4, ['sched_util_min', 'sched_util_max'], 'uint', 48),
    ],
  },
  io_uring_params: {
    size: 120,
    fields: [
      at('flags', 8, 4, '|uring_setup'),
      at('sq_thread_cpu', 12, 4, 'hex'),
      at('sq_thread_idle', 16, 4, 'uint'),
      at('wq_fd', 24, 4, 'fd'),
      at('resv', 28, 12, 'hexes', true),
      at('sq_entries', 0, 4, 'uint'),
      at('cq_entries', 4, 4, 'uint'),
      at('features', 20, 4, '|uring_features'),
      inside('sq_off', 40, 'io_sqring_offsets'),
      inside('cq_off', 80, 'io_cqring_offsets'),
    ],
  },
  io_sqring_offsets: {
    size: 40,
    fields: [
      ...words(4, ['head', 'tail', 'ring_mask', 'ring_entries', 'flags', 'dropped', 'array'], 'uint'),
      at('resv1', 28, 4, 'hex', true),
      at('resv2', 32, 8, 'hex', true),
    ],
  },
  io_cqring_offsets: {
    size: 40,
    fields: [
      ...words(4, ['head', 'tail', 'ring_mask', 'ring_entries', 'overflow', 'cqes', 'flags'], 'uint'),
      at('resv1', 28, 4, 'hex', true),
      at('resv2', 32, 8, 'hex', true),
    ],
  },
  open_how: {
    size: 24,
    fields: [
      at('flags', 0, 8, 'openflags64'),
      at('mode', 8, 8, 'octal', true),
      at('resolve', 16, 8, '|resolve'),
    ],
  },
  mount_attr: {
    size: 32,
    fields: [
      at('attr_set', 0, 8, '|mount_attr'),
      at('attr_clr', 8, 8, '|mount_attr'),
      at('propagation', 16, 8, '=propagation'),
      at('userns_fd', 24, 8, 'size'),
    ],
  },
  clone_args: {
    size: 88,
    fields: [
      at('flags', 0, 8, '|clone3'),
      at('pidfd', 8, 8, 'addr'),
      at('child_tid', 16, 8, 'addr'),
      at('parent_tid', 24, 8, 'addr'),
      at('exit_signal', 32, 8, 'sig64'),
      at('stack', 40, 8, 'addr'),
      at('stack_size', 48, 8, 'hex'),
      at('tls', 56, 8, 'addr'),
      at('set_tid', 64, 8, 'settid', true),
      at('set_tid_size', 72, 8, 'size', true),
      at('cgroup', 80, 8, 'size'),
    ],
  },
  caphdr: { size: 8, fields: [at('version', 0, 4, '=cap_version'), at('pid', 4, 4, 'tgid')] },
  epoll_event: { size: 12, fields: [at('events', 0, 4, '|epoll'), at('data', 4, 8, 'epolldata')] },
  landlock_ruleset_attr: { size: 8, fields: [at('handled_access_fs', 0, 8, '|landlock_fs')] },
  landlock_path_beneath_attr: {
    size: 12,
    fields: [at('allowed_access', 0, 8, '|landlock_fs'), at('parent_fd', 8, 4, 'fd')],
  },
}
