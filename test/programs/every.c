/* every GROUP: system calls of one group, with arguments of all shapes, each in one order only. What strace's text of calls is compared on. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/futex.h>
#include <linux/keyctl.h>
#include <linux/landlock.h>
#include <linux/membarrier.h>
#include <linux/mempolicy.h>
#include <linux/openat2.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/fsuid.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/times.h>
#include <sys/timex.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>
#include <utime.h>

/* Registers of arguments that are left out are zero: with -e raw they are shown, whatever is in them. */
#define C(name, ...) syscall(SYS_##name, ##__VA_ARGS__, 0L, 0L, 0L, 0L, 0L, 0L)
#define BAD ((void *)8)

static char buffer[256];
static struct stat status;

/* Paths, modes, flags of open, names. */
static void files(void) {
  C(mkdir, "d", 0755);
  C(mkdirat, AT_FDCWD, "d", 01777);
  int fd = C(open, "d/f", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
  C(openat, AT_FDCWD, "none", O_RDONLY | O_NOFOLLOW | O_DIRECTORY);
  C(openat, -1, "none", O_WRONLY | O_APPEND | O_NONBLOCK | O_SYNC);
  C(openat, AT_FDCWD, BAD, O_RDONLY);
  C(openat, AT_FDCWD, ".", O_TMPFILE | O_RDWR, 0600);
  struct open_how how = {.flags = O_RDONLY | O_CLOEXEC, .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS};
  C(openat2, AT_FDCWD, "d/f", &how, sizeof how);
  C(openat2, AT_FDCWD, "d/f", BAD, sizeof how);
  C(creat, "d/g", 0600);
  C(write, fd, "hello\n\t\"\\\1\0017\377", 14);
  C(pwrite64, fd, "x", 1, 100);
  C(lseek, fd, -3, SEEK_END);
  C(lseek, fd, 0, 99);
  C(read, fd, buffer, 10);
  C(pread64, fd, buffer, 300, 0);
  C(read, -1, buffer, 10);
  struct iovec parts[] = {{buffer, 4}, {buffer + 8, 9}};
  C(writev, fd, parts, 2);
  C(pwritev, fd, parts, 2, 5, 0);
  C(preadv, fd, parts, 2, 0, 0);
  C(pwritev2, fd, parts, 1, -1, 0, 0x10);
  C(preadv2, fd, parts, 1, 0, 0, 0);
  C(readv, fd, BAD, 2);
  C(stat, "d/f", &status);
  C(stat, "none", &status);
  C(lstat, "d", &status);
  C(fstat, fd, &status);
  C(fstat, 99, &status);
  C(newfstatat, AT_FDCWD, "d", &status, AT_SYMLINK_NOFOLLOW);
  static char extended[256];
  C(statx, AT_FDCWD, "d/f", AT_STATX_SYNC_AS_STAT, 0x7ff, extended);
  C(statx, AT_FDCWD, "none", 0, 0x7ff, extended);
  C(access, "d/f", R_OK | W_OK);
  C(access, "none", F_OK);
  C(faccessat, AT_FDCWD, "d/f", X_OK);
  C(faccessat2, AT_FDCWD, "d/f", R_OK, AT_EACCESS);
  C(chmod, "d/f", 04755);
  C(fchmod, fd, 0644);
  C(fchmodat, AT_FDCWD, "d/f", 0600);
  C(chown, "d/f", -1, -1);
  C(lchown, "d/f", 0, -1);
  C(fchown, fd, -1, 0);
  C(fchownat, AT_FDCWD, "d/f", -1, -1, AT_SYMLINK_NOFOLLOW);
  C(rename, "d/g", "d/h");
  C(renameat, AT_FDCWD, "d/h", AT_FDCWD, "d/g");
  C(renameat2, AT_FDCWD, "d/g", AT_FDCWD, "d/f", 1);
  C(link, "d/f", "d/l");
  C(linkat, AT_FDCWD, "d/f", AT_FDCWD, "d/l", AT_SYMLINK_FOLLOW);
  C(symlink, "f", "d/s");
  C(symlinkat, "f", AT_FDCWD, "d/s");
  C(readlink, "d/s", buffer, 100);
  C(readlinkat, AT_FDCWD, "d/f", buffer, 100);
  C(truncate, "d/f", 10);
  C(ftruncate, fd, 4096);
  C(fallocate, fd, 0, 0, 8192);
  C(fallocate, fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 4096);
  C(fadvise64, fd, 0, 10, POSIX_FADV_WILLNEED);
  C(readahead, fd, 0, 10);
  C(fsync, fd);
  C(fdatasync, fd);
  C(sync_file_range, fd, 0, 10, 2);
  C(flock, fd, LOCK_EX | LOCK_NB);
  C(flock, fd, LOCK_UN);
  struct statfs system;
  C(statfs, "/proc", &system);
  C(fstatfs, 99, &system);
  C(umask, 022);
  C(utime, "d/f", 0);
  struct timeval times[2] = {{1000000000, 5}, {1000000001, 0}};
  C(utimes, "d/f", times);
  C(futimesat, AT_FDCWD, "d/f", 0);
  struct timespec stamps[2] = {{1000000000, 5}, {0, UTIME_OMIT}};
  C(utimensat, AT_FDCWD, "d/f", stamps, 0);
  C(mknod, "d/p", S_IFIFO | 0600, 0);
  C(mknodat, AT_FDCWD, "d/c", S_IFCHR | 0600, 0x103);
  C(setxattr, "d/f", "user.a", "value", 5, XATTR_CREATE);
  C(getxattr, "d/f", "user.a", buffer, 100);
  C(lgetxattr, "d/f", "user.none", buffer, 100);
  C(fgetxattr, fd, "user.a", buffer, 100);
  C(listxattr, "d/f", buffer, 100);
  C(flistxattr, fd, buffer, 100);
  C(removexattr, "d/f", "user.a");
  C(chdir, "d");
  C(getcwd, buffer, 200);
  C(getcwd, buffer, 1);
  C(chdir, "..");
  C(fchdir, 99);
  C(chroot, "none");
  int directory = C(openat, AT_FDCWD, "d", O_RDONLY | O_DIRECTORY);
  C(getdents64, directory, buffer, sizeof buffer);
  C(getdents, directory, buffer, sizeof buffer);
  C(getdents64, 99, buffer, sizeof buffer);
  C(copy_file_range, fd, 0, fd, 0, 0, 0);
  C(sendfile, 99, fd, 0, 10);
  C(name_to_handle_at, AT_FDCWD, "none", &(struct file_handle){8}, buffer, 0);
  C(unlinkat, AT_FDCWD, "d/s", 0);
  C(unlink, "d/l");
  C(unlink, "none");
  C(unlinkat, AT_FDCWD, "d", AT_REMOVEDIR);
  C(rmdir, "none");
  C(close_range, 200, 210, 0);
  C(close, 99);
  C(sync);
  C(syncfs, 99);
  C(quotactl, 0, 0, 0, 0);
  C(acct, "none");
  C(mount, "a", "none", "tmpfs", MS_NOSUID | MS_RDONLY, "size=1m");
  C(umount2, "none", MNT_DETACH);
  C(pivot_root, "none", "none");
  C(swapon, "none", 0);
  C(swapoff, "none");
}

/* fcntl, descriptors, polls, notifications. */
static void descriptors(void) {
  int ends[2], fd = C(openat, AT_FDCWD, "lock", O_RDWR | O_CREAT, 0600);
  C(pipe, ends);
  C(pipe2, ends, O_CLOEXEC | O_NONBLOCK);
  C(pipe2, BAD, 0);
  C(dup, ends[0]);
  C(dup2, ends[0], 40);
  C(dup3, ends[0], 41, O_CLOEXEC);
  C(dup3, 5, 5, 0);
  C(fcntl, fd, F_GETFD);
  C(fcntl, fd, F_SETFD, FD_CLOEXEC);
  C(fcntl, fd, F_GETFL);
  C(fcntl, fd, F_SETFL, O_APPEND | O_NONBLOCK);
  C(fcntl, fd, F_DUPFD, 50);
  C(fcntl, fd, F_DUPFD_CLOEXEC, 60);
  struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 1, .l_len = 10};
  C(fcntl, fd, F_SETLK, &lock);
  C(fcntl, fd, F_GETLK, &lock);
  C(fcntl, fd, F_OFD_SETLK, &lock);
  C(fcntl, fd, F_GETPIPE_SZ);
  C(fcntl, ends[0], F_GETPIPE_SZ);
  C(fcntl, ends[0], F_SETPIPE_SZ, 4096);
  C(fcntl, fd, F_GETSIG);
  C(fcntl, fd, F_SETSIG, SIGUSR1);
  C(fcntl, fd, F_SETLEASE, F_RDLCK);
  C(fcntl, fd, F_NOTIFY, DN_ACCESS | DN_MULTISHOT);
  C(fcntl, fd, 0x7777, 1);
  int memory = C(memfd_create, "name", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  C(fcntl, memory, F_ADD_SEALS, F_SEAL_GROW | F_SEAL_SHRINK);
  C(fcntl, memory, F_GET_SEALS);
  struct pollfd polled[] = {{ends[0], POLLIN | POLLPRI, 0}, {ends[1], POLLOUT, 0}, {-1, POLLIN, 0}};
  C(poll, polled, 3, 0);
  C(poll, polled, 1, 1);
  C(poll, 0, 0, 0);
  struct timespec none = {0, 0};
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGUSR1);
  C(ppoll, polled, 2, &none, &set, 8);
  fd_set reading;
  FD_ZERO(&reading);
  FD_SET(ends[0], &reading);
  FD_SET(ends[1], &reading);
  struct timeval zero = {0, 0};
  C(select, 50, &reading, 0, 0, &zero);
  FD_SET(ends[1], &reading);
  struct { sigset_t *set; size_t size; } with = {&set, 8};
  C(pselect6, 50, 0, &reading, 0, &none, &with);
  int epoll = C(epoll_create1, EPOLL_CLOEXEC);
  C(epoll_create, 1);
  struct epoll_event event = {EPOLLIN | EPOLLET, {.u64 = 5}};
  C(epoll_ctl, epoll, EPOLL_CTL_ADD, ends[1], &event);
  event.events = EPOLLOUT;
  C(epoll_ctl, epoll, EPOLL_CTL_MOD, ends[1], &event);
  C(epoll_wait, epoll, &event, 1, 0);
  C(epoll_pwait, epoll, &event, 1, 0, &set, 8ul);
  C(epoll_pwait2, epoll, &event, 1, &none, 0, 8ul);
  C(epoll_ctl, epoll, EPOLL_CTL_DEL, ends[1], 0);
  C(eventfd2, 3, EFD_CLOEXEC | EFD_SEMAPHORE);
  C(eventfd, 3);
  C(signalfd4, -1, &set, 8, SFD_NONBLOCK);
  C(signalfd, -1, &set, 8);
  int watch = C(inotify_init1, IN_CLOEXEC);
  C(inotify_init);
  C(inotify_add_watch, watch, ".", IN_CREATE | IN_DELETE | IN_ONLYDIR);
  C(inotify_rm_watch, watch, 99);
  int timer = C(timerfd_create, CLOCK_MONOTONIC, TFD_CLOEXEC);
  struct itimerspec setting = {{0, 0}, {1000, 5}};
  C(timerfd_settime, timer, 0, &setting, 0);
  C(timerfd_settime, timer, TFD_TIMER_ABSTIME, &setting, BAD);
  C(timerfd_gettime, 99, &setting);
  C(ioctl, ends[0], FIONREAD, buffer);
  int one = 1;
  C(ioctl, ends[0], FIONBIO, &one);
  C(ioctl, ends[0], FIOCLEX);
  struct termios terminal;
  C(ioctl, ends[0], TCGETS, &terminal);
  struct winsize size;
  C(ioctl, ends[0], TIOCGWINSZ, &size);
  C(ioctl, ends[0], 0x40047777, 5);
  C(splice, ends[0], 0, 99, 0, 10, 1);
  C(tee, ends[0], 99, 10, 0);
  struct iovec part = {"abc", 3};
  C(vmsplice, ends[1], &part, 1, SPLICE_F_NONBLOCK);
  C(kcmp, 1, 1, 0, 0, 0);
  C(fanotify_mark, 99, 1, 2, AT_FDCWD, ".");
  C(io_setup, 0, 0);
  C(io_destroy, 0);
  C(io_uring_enter, 99, 1, 0, 1, 0, 8ul);
  C(io_uring_register, 99, 1, 0, 0);
}

/* Sockets of all families, their options and messages. */
static void sockets(void) {
  int pair[2];
  C(socketpair, AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair);
  C(socketpair, AF_INET, SOCK_STREAM, 0, pair);
  C(socket, AF_INET, SOCK_DGRAM, IPPROTO_UDP);
  int server = C(socket, AF_INET, SOCK_STREAM | SOCK_NONBLOCK, IPPROTO_TCP);
  C(socket, 99, 77, 5);
  int six = C(socket, AF_INET6, SOCK_DGRAM, 0);
  int local = C(socket, AF_UNIX, SOCK_DGRAM, 0);
  C(socket, AF_NETLINK, SOCK_RAW, 0);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
  C(bind, server, &address, sizeof address);
  C(bind, server, &address, 3);
  C(bind, server, BAD, sizeof address);
  struct sockaddr_in6 wide = {.sin6_family = AF_INET6, .sin6_port = htons(9), .sin6_addr = IN6ADDR_LOOPBACK_INIT};
  C(connect, six, &wide, sizeof wide);
  struct sockaddr_un named = {AF_UNIX, "/nowhere/socket"}, hidden = {AF_UNIX, "\0abstract-name-of-every"};
  C(connect, local, &named, sizeof named);
  C(bind, local, &hidden, 2 + 23);
  C(connect, local, &hidden, 2);
  C(listen, server, 5);
  C(accept, server, 0, 0);
  socklen_t length = sizeof address;
  C(accept4, server, &address, &length, SOCK_CLOEXEC);
  C(getsockname, local, &hidden, &length);
  C(getpeername, server, &address, &length);
  int one = 1;
  C(setsockopt, server, SOL_SOCKET, SO_REUSEADDR, &one, 4);
  C(setsockopt, server, IPPROTO_TCP, TCP_NODELAY, &one, 4);
  C(setsockopt, six, IPPROTO_IPV6, 26, &one, 4);
  C(setsockopt, server, SOL_SOCKET, SO_LINGER, &(struct linger){1, 5}, 8);
  C(setsockopt, server, 77, 5, &one, 4);
  length = 4;
  C(getsockopt, server, SOL_SOCKET, SO_TYPE, &one, &length);
  C(getsockopt, server, SOL_SOCKET, SO_ERROR, &one, &length);
  C(getsockopt, server, IPPROTO_TCP, TCP_MAXSEG, &one, &length);
  struct linger linger;
  length = sizeof linger;
  C(getsockopt, server, SOL_SOCKET, SO_LINGER, &linger, &length);
  int ends[2];
  socketpair(AF_UNIX, SOCK_STREAM, 0, ends);
  C(sendto, ends[0], "hello", 5, MSG_NOSIGNAL | MSG_DONTWAIT, 0, 0);
  C(recvfrom, ends[1], buffer, 100, MSG_PEEK, 0, 0);
  C(recvfrom, ends[1], buffer, 100, MSG_DONTWAIT, &named, &length);
  struct iovec parts[] = {{"abc", 3}, {"defg", 4}};
  union { char bytes[CMSG_SPACE(2 * sizeof(int))]; struct cmsghdr header; } control = {.header = {CMSG_LEN(8), SOL_SOCKET, SCM_RIGHTS}};
  memcpy(CMSG_DATA(&control.header), (int[]){0, 1}, 8);
  struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2, .msg_control = &control, .msg_controllen = sizeof control};
  C(sendmsg, ends[0], &message, 0);
  struct iovec room = {buffer, 100};
  struct msghdr received = {.msg_iov = &room, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
  C(recvmsg, ends[1], &received, MSG_CMSG_CLOEXEC);
  C(recvmsg, ends[1], &received, MSG_DONTWAIT);
  C(sendmsg, 99, BAD, 0);
  struct mmsghdr many[2] = {{{.msg_iov = parts, .msg_iovlen = 1}, 0}, {{.msg_iov = parts + 1, .msg_iovlen = 1}, 0}};
  C(sendmmsg, ends[0], many, 2, 0);
  C(recvmmsg, ends[1], many, 2, MSG_DONTWAIT, 0);
  C(shutdown, ends[0], SHUT_WR);
  C(shutdown, ends[0], 9);
}

/* Ids, limits, scheduling, signals, waits. */
static void processes(void) {
  C(getuid); C(geteuid); C(getgid); C(getegid); C(gettid); C(getpid); C(getppid); C(getpgrp);
  C(getpgid, 0);
  C(getsid, 0);
  C(setpgid, 0, 0);
  C(setsid);
  unsigned ids[3];
  C(getresuid, ids, ids + 1, ids + 2);
  C(getresgid, ids, ids + 1, ids + 2);
  C(setresuid, -1, -1, -1);
  C(setresgid, -1, -1, -1);
  C(setreuid, -1, -1);
  C(setregid, -1, -1);
  C(setfsuid, -1);
  C(setfsgid, -1);
  C(getgroups, 0, 0);
  C(setgroups, -1, 0);
  struct rlimit limit = {100, 1024};
  C(getrlimit, RLIMIT_CORE, &limit);
  C(setrlimit, RLIMIT_CORE, &(struct rlimit){0, 4096 * 1024});
  C(prlimit64, 0, RLIMIT_NOFILE, 0, &limit);
  C(prlimit64, 0, 77, &limit, 0);
  struct rusage usage;
  C(getrusage, 99, &usage);
  C(getpriority, PRIO_PROCESS, 0);
  C(setpriority, PRIO_USER, 99999, 5);
  C(sched_yield);
  C(sched_getscheduler, 0);
  C(sched_setscheduler, 0, SCHED_BATCH, &(int){0});
  C(sched_getparam, 0, ids);
  C(sched_setparam, 0, &(int){0});
  C(sched_get_priority_max, SCHED_RR);
  C(sched_get_priority_min, SCHED_FIFO);
  struct timespec quantum;
  C(sched_rr_get_interval, -1, &quantum);
  struct { unsigned size, policy; unsigned long long flags; int nice; unsigned priority; unsigned long long runtime, deadline, period; } attr = {48, 0, 0, 0, 0, 0, 0, 0};
  C(sched_getattr, 0, &attr, 48, 0);
  C(sched_setattr, 0, &attr, 0);
  C(ioprio_get, 1, 0);
  C(ioprio_set, 1, 0, (2 << 13) | 4);
  C(kill, 0, 0);
  C(kill, 999999, SIGTERM);
  C(tkill, -1, SIGUSR1);
  C(tgkill, -1, -1, 77);
  struct sigaction action = {.sa_handler = SIG_IGN, .sa_flags = SA_RESTART};
  unsigned long raw[4] = {1, 0x10000000, 0, 0x200};
  C(rt_sigaction, SIGUSR1, raw, 0, 8);
  C(rt_sigaction, SIGUSR1, 0, raw, 8);
  C(rt_sigaction, SIGKILL, raw, 0, 8);
  unsigned long mask = 0x200;
  C(rt_sigprocmask, SIG_BLOCK, &mask, 0, 8);
  mask = ~0ul;
  C(rt_sigprocmask, SIG_SETMASK, &mask, &mask, 8);
  C(rt_sigprocmask, 9, &mask, 0, 8);
  C(rt_sigpending, &mask, 8);
  C(rt_sigtimedwait, &mask, 0, &(struct timespec){0, 0}, 8);
  C(rt_sigqueueinfo, -1, SIGUSR1, 0);
  C(rt_tgsigqueueinfo, -1, -1, SIGUSR1, 0);
  stack_t stack;
  C(sigaltstack, 0, &stack);
  C(sigaltstack, &(stack_t){buffer, SS_DISABLE, 100}, 0);
  C(wait4, -1, 0, WNOHANG, 0);
  pid_t child = fork();
  if (!child) _exit(3);
  int end;
  C(wait4, child, &end, 0, 0);
  siginfo_t info;
  C(waitid, P_ALL, 0, &info, WEXITED | WNOHANG, 0);
  child = fork();
  if (!child) { C(kill, getpid(), SIGKILL); pause(); }
  C(wait4, child, &end, WUNTRACED | __WALL, 0);
  C(pidfd_open, -1, 0);
  C(pidfd_send_signal, 99, SIGTERM, 0, 0);
  C(pidfd_getfd, 99, 0, 0);
  C(set_tid_address, buffer);
  C(get_robust_list, 0, ids, BAD);
  C(set_robust_list, buffer, 24);
  struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  struct __user_cap_data_struct data[2] = {{1, 1, 0}, {0, 0, 0}};
  C(capget, &header, 0);
  C(capset, &header, data);
  C(personality, 0xffffffff);
  C(unshare, 0);
  C(unshare, CLONE_NEWNS | CLONE_FS | 0x40);
  C(setns, 99, CLONE_NEWNET);
  C(ptrace, 77, 0, 0, 0);
  C(ptrace, 16, -1, 0, 0);
  struct iovec here = {buffer, 4};
  C(process_vm_readv, -1, &here, 1, &here, 1, 0);
  C(process_madvise, 99, &here, 1, MADV_COLD, 0);
  C(execve, "/nowhere", (char *[]){"a", "b", 0}, (char *[]){"C=d", 0});
  C(execveat, AT_FDCWD, "nowhere", (char *[]){"a", 0}, 0, AT_EMPTY_PATH);
}

/* prctl of all sorts, seccomp, landlock, keys, system. */
static void special(void) {
  C(prctl, PR_SET_NAME, "every");
  C(prctl, PR_GET_NAME, buffer);
  C(prctl, PR_GET_DUMPABLE);
  C(prctl, PR_SET_DUMPABLE, 1);
  C(prctl, PR_SET_PDEATHSIG, SIGTERM);
  C(prctl, PR_GET_PDEATHSIG, buffer);
  C(prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  C(prctl, PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0);
  C(prctl, PR_CAPBSET_READ, 21);
  C(prctl, PR_SET_KEEPCAPS, 0);
  C(prctl, PR_GET_KEEPCAPS);
  C(prctl, PR_GET_SECUREBITS);
  C(prctl, PR_GET_TIMERSLACK);
  C(prctl, PR_SET_TIMERSLACK, 50000);
  C(prctl, PR_SET_CHILD_SUBREAPER, 0);
  C(prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, 0, 0, 0);
  C(prctl, PR_GET_SECCOMP);
  C(prctl, PR_MCE_KILL_GET, 0, 0, 0, 0);
  C(prctl, PR_SET_VMA, 0, buffer, 4096, "x");
  C(prctl, 0x7777, 1, 2, 3, 4);
  C(arch_prctl, 0x1003, buffer);
  struct sock_filter filter[] = {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 77, 0, 1),
                                 BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | 5), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
  struct sock_fprog program = {4, filter};
  C(seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program);
  C(seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &(unsigned){SECCOMP_RET_TRACE});
  C(seccomp, 77, 0, 0);
  C(landlock_create_ruleset, 0, 0, 1);
  C(landlock_create_ruleset, &(long){3}, 8, 0);
  C(landlock_restrict_self, 99, 0);
  C(keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_PROCESS_KEYRING, 0);
  C(add_key, "nothing", "name", "data", 4, KEY_SPEC_SESSION_KEYRING);
  C(request_key, "nothing", "name", 0, 0);
  C(bpf, 77, 0, 0);
  C(perf_event_open, 0, 0, -1, -1, 8);
  C(userfaultfd, 0x77777);
  C(membarrier, MEMBARRIER_CMD_QUERY, 0, 0);
  C(membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0);
  C(getcpu, 0, 0, 0);
  C(getrandom, buffer, 0, GRND_NONBLOCK);
  struct utsname name;
  C(uname, &name);
  C(uname, BAD);
  C(sethostname, BAD, 5);
  C(setdomainname, BAD, 5);
  C(sysinfo, BAD);
  C(syslog, 9, 0, 0);
  C(reboot, 1, 2, 3, 0);
  C(init_module, 0, 0, "");
  C(finit_module, 99, "", 0);
  C(delete_module, "nothing", O_NONBLOCK);
  C(kexec_load, 0, 0, 0, 0x10000);
  C(iopl, 5);
  C(ioperm, 99999, 1, 1);
  C(fsopen, "nothing", 1);
  C(fspick, 99, "", 2);
  C(fsconfig, 99, 0, "a", 0, 0);
  C(fsmount, 99, 1, 2);
  C(open_tree, 99, "x", 1 | O_CLOEXEC);
  C(move_mount, 99, "", 98, "", 4);
  C(mount_setattr, 99, "", 0, 0, 0);
  C(futex, buffer, FUTEX_WAKE, 1);
  C(futex, buffer, FUTEX_WAIT_PRIVATE, 99, 0);
  C(futex, buffer, FUTEX_WAIT_BITSET | FUTEX_CLOCK_REALTIME, 99, &(struct timespec){1, 5}, 0, -1);
  C(futex, buffer, FUTEX_REQUEUE, 1, 2, buffer + 4);
  C(futex, buffer, FUTEX_CMP_REQUEUE_PRIVATE, 1, 2, buffer + 4, 5);
  C(futex, buffer, FUTEX_WAKE_OP, 1, 1, buffer + 4, FUTEX_OP(FUTEX_OP_ADD, 1, FUTEX_OP_CMP_GT, 0));
  C(futex, buffer, 77, 1);
  C(futex_waitv, 0, 0, 0, 0, 0);
  C(restart_syscall);
  syscall(999, 1, 2, 3, 4, 5, 6);
}

/* Memory, and IPC of both kinds. */
static void memory(void) {
  char *at = (char *)C(mmap, 0, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  C(mmap, 0, 0, PROT_NONE, MAP_SHARED, 99, 4096);
  C(mprotect, at, 4096, PROT_READ | PROT_EXEC);
  C(mprotect, at + 1, 4096, PROT_NONE);
  C(madvise, at, 4096, MADV_DONTNEED);
  C(madvise, at, 4096, 77);
  C(mincore, at + 1, 4096, buffer);
  C(mlock, at, 4096);
  C(mlock2, at, 4096, 1);
  C(munlock, at, 4096);
  C(mlockall, 0);
  C(munlockall);
  C(msync, at, 4096, MS_SYNC);
  C(mremap, at, 8192, 4096, MREMAP_MAYMOVE);
  C(munmap, at, 4096);
  C(munmap, at + 1, 4096);
  C(brk, 0);
  C(remap_file_pages, at, 0, 0, 0, 0);
  C(mbind, 0, 0, MPOL_DEFAULT, 0, 0, 0);
  C(set_mempolicy, MPOL_DEFAULT, 0, 0);
  C(get_mempolicy, 0, 0, 0, 0, 0);
  C(migrate_pages, -1, 0, 0, 0);
  C(move_pages, -1, 0, 0, 0, 0, 0);
  C(pkey_alloc, 7, 0);
  C(pkey_free, 99);
  C(pkey_mprotect, at, 4096, PROT_READ, 99);
  int id = C(shmget, IPC_PRIVATE, 4096, IPC_CREAT | 0600);
  C(shmget, 0x7777, 4096, IPC_EXCL);
  C(shmat, 99999999, 0, SHM_RDONLY);
  C(shmdt, BAD);
  C(shmctl, id, IPC_RMID, 0);
  C(shmctl, 99999999, IPC_STAT, buffer);
  id = C(semget, IPC_PRIVATE, 1, IPC_CREAT | 0600);
  struct sembuf operation = {0, 1, IPC_NOWAIT | SEM_UNDO};
  C(semop, id, &operation, 1);
  C(semtimedop, id, &operation, 1, &(struct timespec){1, 0});
  C(semctl, id, 0, GETVAL, 0);
  C(semctl, id, 0, IPC_RMID, 0);
  id = C(msgget, IPC_PRIVATE, IPC_CREAT | 0600);
  struct { long type; char text[8]; } message = {5, "hello"};
  C(msgsnd, id, &message, 5, IPC_NOWAIT);
  C(msgrcv, id, &message, 8, 0, IPC_NOWAIT | MSG_NOERROR);
  C(msgctl, id, IPC_RMID, 0);
  C(mq_open, "none", O_RDONLY);
  C(mq_unlink, "none");
  C(mq_timedsend, 99, "hello", 5, 1, 0);
  C(mq_timedreceive, 99, buffer, 5, 0, 0);
  C(mq_notify, 99, 0);
  C(mq_getsetattr, 99, 0, 0);
}

/* Clocks and timers whose values do not differ from run to run. */
static void times_(void) {
  struct timespec time = {0, 5}, left;
  C(clock_getres, CLOCK_MONOTONIC, &left);
  C(clock_gettime, 99, &left);
  C(clock_settime, 99, &time);
  C(clock_nanosleep, CLOCK_MONOTONIC, 0, &time, &left);
  C(clock_nanosleep, CLOCK_REALTIME, TIMER_ABSTIME, &time, 0);
  C(nanosleep, &time, &left);
  C(nanosleep, &(struct timespec){-1, 0}, 0);
  C(gettimeofday, 0, 0);
  C(settimeofday, BAD, 0);
  C(time, BAD);
  struct itimerval interval = {{0, 0}, {1000, 5}};
  C(setitimer, ITIMER_REAL, &interval, 0);
  C(getitimer, ITIMER_VIRTUAL, &interval);
  C(setitimer, ITIMER_REAL, &(struct itimerval){{0, 0}, {0, 0}}, 0);
  C(setitimer, 77, 0, 0);
  C(alarm, 0);
  int id;
  struct sigevent event = {.sigev_notify = SIGEV_NONE, .sigev_signo = SIGUSR1};
  C(timer_create, CLOCK_MONOTONIC, &event, &id);
  struct itimerspec setting = {{0, 0}, {1000, 5}};
  C(timer_settime, id, 0, &setting, 0);
  C(timer_getoverrun, id);
  C(timer_gettime, 99, &setting);
  C(timer_delete, id);
  struct timex adjusted = {0};
  C(adjtimex, BAD);
  C(clock_adjtime, 99, &adjusted);
}

int main(int count, char **words) {
  struct { char *name; void (*run)(void); } groups[] = {{"files", files}, {"descriptors", descriptors}, {"sockets", sockets},
    {"processes", processes}, {"special", special}, {"memory", memory}, {"times", times_}};
  for (unsigned i = 0; i < sizeof groups / sizeof *groups; i++)
    if (count > 1 && !strcmp(words[1], groups[i].name)) return groups[i].run(), 0;
  return 2;
}
