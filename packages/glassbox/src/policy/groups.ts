/**
 * The system calls that ordinary programs make, in groups with a purpose. Presets are made of
 * them. The lists serve glibc, musl and the run-time systems of Go, Rust, Java and JavaScript as
 * they are in 2026: also calls that only newer versions make are here, with their fallbacks.
 */

/** Calls with a common purpose. */
export interface CallGroup {
  readonly why: string
  readonly syscalls: readonly string[]
}

export type GroupName =
  | 'memory'
  | 'descriptors'
  | 'waiting'
  | 'paths'
  | 'threads'
  | 'processes'
  | 'signals'
  | 'time'
  | 'identity'
  | 'walls'
  | 'pairs'

const words = (text: string): readonly string[] => text.trim().split(/\s+/)

export const GROUPS: Readonly<Record<GroupName, CallGroup>> = {
  memory: {
    why: 'memory of its own',
    syscalls: words(`
      mmap munmap mprotect mremap brk madvise msync mincore mlock mlock2 mlockall munlock munlockall
      remap_file_pages pkey_alloc pkey_free pkey_mprotect map_shadow_stack mseal memfd_create
      get_mempolicy`),
  },
  descriptors: {
    why: 'open files, pipes and terminals',
    syscalls: words(`
      read write readv writev pread64 pwrite64 preadv pwritev preadv2 pwritev2 close close_range lseek
      dup dup2 dup3 fcntl ioctl flock pipe pipe2 fstat fstatfs fsync fdatasync sync_file_range ftruncate
      fallocate fadvise64 readahead getdents getdents64 sendfile splice tee vmsplice copy_file_range
      fchmod fchown fgetxattr flistxattr fsetxattr fremovexattr`),
  },
  waiting: {
    why: 'waiting for descriptors and events',
    syscalls: words(`
      poll ppoll select pselect6 epoll_create epoll_create1 epoll_ctl epoll_wait epoll_pwait epoll_pwait2
      eventfd eventfd2 signalfd signalfd4 timerfd_create timerfd_settime timerfd_gettime inotify_init
      inotify_init1 inotify_rm_watch`),
  },
  paths: {
    why: 'files by their paths; the rules about paths judge them',
    syscalls: words(`
      open openat creat stat lstat newfstatat statx access faccessat faccessat2 readlink readlinkat statfs
      chdir fchdir getcwd umask truncate rename renameat renameat2 link linkat symlink symlinkat unlink
      unlinkat mkdir mkdirat rmdir mknod mknodat chmod fchmodat fchmodat2 chown lchown fchownat utime utimes
      futimesat utimensat getxattr lgetxattr listxattr llistxattr setxattr lsetxattr removexattr
      lremovexattr inotify_add_watch`),
  },
  threads: {
    why: 'threads, locks and scheduling',
    syscalls: words(`
      clone futex futex_wait futex_wake futex_requeue futex_waitv set_robust_list get_robust_list
      set_tid_address rseq membarrier arch_prctl gettid getcpu sched_yield sched_getaffinity
      sched_setaffinity sched_getparam sched_setparam sched_getscheduler sched_setscheduler sched_getattr
      sched_setattr sched_get_priority_max sched_get_priority_min sched_rr_get_interval getpriority
      setpriority ioprio_get ioprio_set exit exit_group restart_syscall`),
  },
  processes: {
    why: 'children and other programs',
    syscalls: words(`
      fork vfork execve execveat wait4 waitid setpgid getpgid getpgrp setsid getsid pidfd_open`),
  },
  signals: {
    why: 'signals',
    syscalls: words(`
      rt_sigaction rt_sigprocmask rt_sigreturn rt_sigpending rt_sigsuspend rt_sigtimedwait rt_sigqueueinfo
      rt_tgsigqueueinfo sigaltstack pause kill tkill tgkill pidfd_send_signal`),
  },
  time: {
    why: 'clocks and timers',
    syscalls: words(`
      time gettimeofday clock_gettime clock_getres clock_nanosleep nanosleep times alarm getitimer setitimer
      timer_create timer_settime timer_gettime timer_getoverrun timer_delete`),
  },
  identity: {
    why: 'who it is, what it may use, and random numbers',
    syscalls: words(`
      getpid getppid getuid geteuid getgid getegid getresuid getresgid getgroups setuid setgid setreuid
      setregid setresuid setresgid setgroups capget capset uname sysinfo getrlimit setrlimit prlimit64
      getrusage getrandom`),
  },
  walls: {
    why: 'walls that a program builds around itself',
    syscalls: words('landlock_create_ruleset landlock_add_rule landlock_restrict_self'),
  },
  pairs: {
    why: 'sockets that it inherits, or makes in pairs',
    syscalls: words(`
      sendto recvfrom sendmsg recvmsg sendmmsg recvmmsg shutdown getsockname getpeername getsockopt
      setsockopt`),
  },
}

/** Every call of every group, once. */
export const ORDINARY_CALLS: readonly string[] = Object.values(GROUPS).flatMap(({ syscalls }) => syscalls)
