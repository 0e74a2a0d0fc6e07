/** Layouts of structs as the kernel has them on x86-64: the fields that are printed. Sources: the UAPI headers. */

/** sizeof(struct open_how), which openat2(2) is told. */
export const OPEN_HOW_BYTES = 24

export interface Field {
  readonly name: string
  readonly offset: number
  readonly size: 2 | 4 | 8
  /** As in the table of system calls, where it is not plain decimal. */
  readonly kind?: string
  /** Left out where zero. */
  readonly optional?: boolean
}

export interface Struct {
  readonly size: number
  readonly fields: readonly Field[]
}

const words = (size: 4 | 8, names: readonly string[], kind?: string): readonly Field[] =>
  names.map((name, index) => ({ name, offset: index * size, size, ...(kind === undefined ? {} : { kind }) }))

export const STRUCTS: Readonly<Record<string, Struct>> = {
  timespec: { size: 16, fields: words(8, ['tv_sec', 'tv_nsec'], 'off') },
  timeval: { size: 16, fields: words(8, ['tv_sec', 'tv_usec'], 'off') },
  rlimit: { size: 16, fields: words(8, ['rlim_cur', 'rlim_max'], 'rlim') },
  open_how: {
    size: 24,
    fields: [
      { name: 'flags', offset: 0, size: 8, kind: '|open' },
      { name: 'mode', offset: 8, size: 8, kind: 'mode', optional: true },
      { name: 'resolve', offset: 16, size: 8, kind: '|resolve' },
    ],
  },
  mount_attr: {
    size: 32,
    fields: [
      { name: 'attr_set', offset: 0, size: 8, kind: '|mount_attr' },
      { name: 'attr_clr', offset: 8, size: 8, kind: '|mount_attr' },
      { name: 'propagation', offset: 16, size: 8, kind: '|mount' },
      { name: 'userns_fd', offset: 24, size: 8 },
    ],
  },
  clone_args: {
    size: 88,
    fields: [
      { name: 'flags', offset: 0, size: 8, kind: '|clone' },
      { name: 'pidfd', offset: 8, size: 8, kind: 'addr', optional: true },
      { name: 'child_tid', offset: 16, size: 8, kind: 'addr', optional: true },
      { name: 'parent_tid', offset: 24, size: 8, kind: 'addr', optional: true },
      { name: 'exit_signal', offset: 32, size: 8, kind: 'sig' },
      { name: 'stack', offset: 40, size: 8, kind: 'addr' },
      { name: 'stack_size', offset: 48, size: 8, kind: 'hex' },
      { name: 'tls', offset: 56, size: 8, kind: 'addr', optional: true },
      { name: 'cgroup', offset: 80, size: 8, optional: true },
    ],
  },
  caphdr: {
    size: 8,
    fields: [
      { name: 'version', offset: 0, size: 4, kind: 'hex' },
      { name: 'pid', offset: 4, size: 4 },
    ],
  },
  pollfd: {
    size: 8,
    fields: [
      { name: 'fd', offset: 0, size: 4, kind: 'fd' },
      { name: 'events', offset: 4, size: 2, kind: '|poll' },
    ],
  },
  epoll_event: {
    size: 12,
    fields: [
      { name: 'events', offset: 0, size: 4, kind: '|epoll' },
      { name: 'data', offset: 4, size: 8, kind: 'hex' },
    ],
  },
}
