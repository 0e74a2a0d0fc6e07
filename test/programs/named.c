/* named GROUP: values that have names inside structs, arrays, sets and results, and values of the same kinds that have none. What strace's text of -X is compared on. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/futex.h>
#include <linux/if_packet.h>
#include <linux/keyctl.h>
#include <linux/netlink.h>
#include <linux/perf_event.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timex.h>
#include <sys/ucontext.h>
#include <sys/un.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

/* With zeros for the arguments that a call does not take: raw text may show registers that the kernel ignores. */
#define C(name, ...) syscall(SYS_##name, ##__VA_ARGS__, 0L, 0L, 0L, 0L, 0L, 0L)
#define BAD ((void *)8)

static char buffer[4096];

/* Types of files, devices, times that are no times, limits. */
static void files(void) {
  struct stat status;
  C(mknod, "a", 04644, 0);
  C(mknod, "b", S_IFREG | 07711, 5);
  C(mknod, "c", S_IFSOCK | 0644, 0x77);
  C(mknod, "d", 0170644, 0x77);
  C(mknod, "e", S_IFBLK | 0600, 0x12345678);
  C(mknod, "f", S_IFCHR, 0);
  C(mknodat, -100, "g", 02000 | S_IFDIR, 0);
  C(mknodat, -1, "g", 0, 0);
  C(stat, "/dev/null", &status);
  C(mkdir, "t", 0777);
  C(chmod, "t", 01777);
  C(stat, "t", &status);
  C(lstat, "/proc/self/exe", &status);
  C(statx, -100, "b", 0x2000, 0xfff, buffer);
  C(statx, -100, "b", 0x4000 | AT_SYMLINK_NOFOLLOW, 0x80000001, buffer);
  C(statx, -100, "/dev/null", 0x6000 | 0x100000, 0x100000, buffer);
  C(statx, -100, "b", AT_EMPTY_PATH, 0, buffer);
  C(openat, -2, "x", O_PATH | O_CLOEXEC);
  C(openat, -100, "x", 3);
  C(openat, -100, "x", 0x40000000);
  C(openat, -100, "x", 0x40000003 | O_EXCL);
  C(openat, 99, "x", O_WRONLY | O_TRUNC);
  C(open, "y", O_CREAT | O_WRONLY | O_SYNC, 07777);
  C(utimensat, -100, "b", &(struct timespec[2]){{5, UTIME_NOW}, {0, UTIME_OMIT}}, AT_SYMLINK_NOFOLLOW);
  C(utimensat, -100, "b", &(struct timespec[2]){{0, 7}, {-5, 0}}, 0x77770000);
  C(prlimit64, 0, RLIMIT_NOFILE, &(struct rlimit){1024, 1025}, 0);
  C(prlimit64, 0, 77, &(struct rlimit){2048, -1}, 0);
  C(prlimit64, -1, 77, &(struct rlimit){-2, -1024}, 0);
  C(umask, 0777);
  C(umask, 022);
  C(access, "b", 0);
  C(access, "b", 0x77);
  C(fallocate, 99, 3, 1, 2);
  C(fallocate, 99, 0x1000, 1, 2);
  C(mount, "a", "none", "tmpfs", 0xc0ed0000ul, 0);
  C(mount, "a", "none", "tmpfs", 0xc0ed0000ul | MS_BIND | MS_REC, 0);
  C(mount, "a", "none", "tmpfs", MS_REMOUNT | MS_RDONLY | (1ul << 40), 0);
  C(mount, "a", "none", "tmpfs", 0, 0);
  C(umount2, "none", 0);
  C(umount2, "none", 0x77);
  C(quotactl, 0x80000700, "x", 5, 0);
  C(quotactl, 0x80000801, "x", 5, 0);
  C(quotactl, 0x777777ff, "x", 5, 0);
  C(swapon, "none", 0x8000);
  C(swapon, "none", 0x18005);
  C(swapon, "none", 0x700005);
  C(renameat2, -100, "none", 5, "none", 7);
  C(renameat2, -100, "none", 5, "none", 0x70);
  C(fadvise64, 99, 0, 1, 3);
  C(fadvise64, 99, 0, 1, 77);
  C(sync_file_range, 99, 0, 1, 7);
  C(statfs, "/proc", buffer);
  C(statfs, "/sys", buffer);
  C(open_by_handle_at, -100, &(struct { int bytes, type; char handle[8]; }){8, 1, "1234567"}, O_RDONLY | O_DIRECTORY);
  C(name_to_handle_at, -100, "none", &(struct { int bytes, type; char handle[8]; }){8, 1, "1234567"}, buffer, 0x1000);
  C(openat2, -100, "none", &(struct { long flags, mode, resolve; }){3, 0777, 0x100}, 24);
  C(openat2, -100, "none", &(struct { long flags, mode, resolve; }){O_CREAT | O_WRONLY | (1l << 40), 01777, 1}, 24);
  C(mount_setattr, -100, "none", 0x1000, &(struct { long set, clear, propagation, fd; }){5, 0x70, 1 << 18, 9}, 32);
  C(mount_setattr, -100, "none", 0x77770000, &(struct { long set, clear, propagation, fd; }){0, 0x7700000000, 77, -1}, 32);
  C(fanotify_init, 0x2 | 0x8, O_RDWR);
  C(fanotify_init, 0x4 | 0x200, 0x40000001);
  C(fanotify_init, 0xc, 0);
  C(fanotify_init, 0x70000000, 0);
  C(fanotify_mark, 99, 0x1, 0x2, -1, ".");
  C(fanotify_mark, 99, 0x70000000, 0x7000000000000000, 7, ".");
  C(inotify_add_watch, 99, ".", 0);
  C(inotify_add_watch, 99, ".", 0x10000);
  C(close_range, 1, 0, 0x70);
  C(fsconfig, 99, 5, "key", 0, 0);
  C(fsconfig, 99, 3, "key", "path", -100);
  C(fsconfig, 99, 77, "key", "path", -100);
  C(move_mount, -100, "a", -100, "b", 0x77000000);
  C(open_tree, -100, "a", 0x80000);
}

/* What fcntl, ioctl, prctl and their like say. */
static void results(void) {
  int ends[2], fd = open("lock", O_RDWR | O_CREAT, 0600);
  pipe(ends);
  C(fcntl, fd, F_GETFD);
  C(fcntl, fd, F_SETFD, 1);
  C(fcntl, fd, F_GETFD);
  C(fcntl, fd, F_SETFD, 0);
  C(fcntl, fd, F_SETFD, 6);
  C(fcntl, fd, F_GETFL);
  C(fcntl, ends[0], F_GETFL);
  C(fcntl, fd, F_SETLEASE, F_WRLCK);
  C(fcntl, fd, F_GETLEASE);
  C(fcntl, fd, F_SETLEASE, F_UNLCK);
  C(fcntl, fd, F_GETLEASE);
  C(fcntl, fd, F_GETSIG);
  C(fcntl, fd, F_SETSIG, 34);
  C(fcntl, fd, F_GETSIG);
  C(fcntl, fd, F_SETOWN, -1);
  C(fcntl, fd, F_GETOWN);
  C(fcntl, fd, F_SETOWN_EX, &(struct f_owner_ex){F_OWNER_PID, 0});
  C(fcntl, fd, F_SETOWN_EX, &(struct f_owner_ex){77, 0});
  C(fcntl, fd, F_GETOWN_EX, buffer);
  C(fcntl, fd, F_SETFL, 0x70000000);
  C(fcntl, fd, F_SETFL, 0);
  C(fcntl, fd, F_NOTIFY, 0);
  C(fcntl, fd, F_SETLEASE, 77);
  C(fcntl, fd, F_SETLK, &(struct flock){77, 88, 1, 10});
  C(fcntl, fd, F_GETLK, &(struct flock){F_RDLCK, SEEK_CUR, 1, 10});
  C(fcntl, fd, 1024 + 12, 0);
  int memory = C(memfd_create, "name", 2);
  C(fcntl, memory, F_GET_SEALS);
  C(fcntl, memory, F_ADD_SEALS, 0x13);
  C(fcntl, memory, F_GET_SEALS);
  C(fcntl, memory, F_ADD_SEALS, 0);
  C(memfd_create, "name", 0x4 | (21 << 26));
  C(memfd_create, "name", 21u << 26);
  C(memfd_create, "name", 0);
  C(memfd_create, "name", 0x70);
  C(memfd_create, "name", 0x71 | (5 << 26));
  C(ioctl, fd, 0x5401, buffer);
  C(ioctl, fd, 0x80086601, buffer);
  C(ioctl, fd, 0xc0047777, 5);
  C(ioctl, fd, 0, 5);
  C(ioctl, fd, 0x5415, buffer);
  C(ioctl, fd, 0x540a, 1);
  C(ioctl, fd, 0x540b, 77);
  C(prctl, PR_GET_SECUREBITS);
  C(prctl, PR_SET_SECUREBITS, 0x10);
  C(prctl, PR_GET_SECUREBITS);
  C(prctl, PR_SET_SECUREBITS, 0x7000);
  C(prctl, PR_SET_DUMPABLE, 0);
  C(prctl, PR_GET_DUMPABLE);
  C(prctl, PR_SET_DUMPABLE, 77);
  C(prctl, PR_SET_DUMPABLE, 1);
  C(prctl, PR_GET_SPECULATION_CTRL, 0, 0, 0, 0);
  C(prctl, PR_GET_SPECULATION_CTRL, 1, 0, 0, 0);
  C(prctl, PR_SET_SPECULATION_CTRL, 0, 77, 0, 0);
  C(prctl, PR_SET_SPECULATION_CTRL, 77, 8, 0, 0);
  C(prctl, PR_MCE_KILL, 1, 0, 0, 0);
  C(prctl, PR_MCE_KILL_GET, 0, 0, 0, 0);
  C(prctl, PR_MCE_KILL, 0, 0, 0, 0);
  C(prctl, PR_MCE_KILL, 77, 5, 0, 0);
  C(prctl, PR_GET_TSC, buffer);
  C(prctl, PR_SET_TSC, 77);
  C(prctl, PR_GET_UNALIGN, buffer);
  C(prctl, PR_SET_UNALIGN, 3);
  C(prctl, PR_SET_PDEATHSIG, 9);
  C(prctl, PR_SET_PDEATHSIG, 64);
  C(prctl, PR_SET_PDEATHSIG, 0);
  C(prctl, PR_SET_PDEATHSIG, 129);
  C(prctl, PR_GET_PDEATHSIG, buffer);
  C(prctl, PR_SET_PTRACER, -1);
  C(prctl, PR_SET_PTRACER, 1);
  C(prctl, PR_SET_MM, 77, 0, 0, 0);
  C(prctl, PR_SET_MM, 1, 0, 0, 0);
  C(prctl, PR_SET_SECCOMP, 1 + 76, 0);
  C(prctl, PR_SET_SECCOMP, 2, 0);
  C(prctl, PR_CAP_AMBIENT, 2, 77, 0, 0);
  C(prctl, PR_CAP_AMBIENT, 77, 77, 0, 0);
  C(prctl, PR_CAPBSET_DROP, 99);
  C(prctl, PR_SET_SYSCALL_USER_DISPATCH, 0, 0, 0, 0);
  C(prctl, 62, 77, 0, 77, 0);
  C(prctl, 62, 0, 0, 1, 0);
  C(personality, 0xffffffff);
  C(personality, 0x0040000);
  C(personality, 0x0040000 | 8);
  C(personality, 0);
  C(membarrier, 0, 0, 0);
  C(membarrier, 77, 1, 0);
  C(membarrier, 1 << 7, 1, 0);
  C(clock_adjtime, -6, &(struct timex){.modes = 0x70000000});
  C(clock_adjtime, 77, &(struct timex){.modes = 5});
  C(sched_setscheduler, 0, SCHED_BATCH | 0x40000000, &(int){0});
  C(sched_getscheduler, 0);
  C(sched_setscheduler, 0, 77, &(int){0});
  C(sched_setscheduler, 0, 77 | 0x40000000, &(int){0});
  C(sched_get_priority_max, 77);
  C(sched_setattr, 0, &(struct { unsigned size, policy; unsigned long long flags; int nice; unsigned priority; unsigned long long runtime, deadline, period; }){48, 1, 1, 0, 1, 0, 0, 0}, 0x77);
  C(sched_setattr, 0, &(struct { unsigned size, policy; unsigned long long flags; int nice; unsigned priority; unsigned long long runtime, deadline, period; }){48, 77, 0x7000, 0, 1, 0, 0, 0}, 0);
  C(ioprio_set, 1, 0, 0x6007);
  C(ioprio_get, 1, 0);
  C(ioprio_set, 2, 0, 0x8007);
  C(ioprio_set, 77, 0, 0);
  C(getpriority, 77, 0);
  C(getrusage, 1, 0);
  C(getrlimit, 77, buffer);
  C(arch_prctl, 0x1002, 5);
  C(arch_prctl, 0x7777, 5);
  C(kcmp, 1, 1, 77, 0, 0);
  C(kcmp, 1, 1, 7, 0, 0);
  C(getrandom, buffer, 0, 0x70);
  C(syslog, 10, 0, 0);
  C(syslog, 77, 0, 0);
  C(reboot, 0xfee1dead, 672274793, 0x89abcdef + 1, 0);
  C(reboot, 0xfee1dead, 77, 0xcdef0123, 0);
  C(eventfd2, 0, 0x70);
  C(timerfd_create, -6, 0x70);
  C(timerfd_settime, 99, 3, &(long[4]){0, 0, 1, 0}, 0);
  C(timer_create, -22, &(struct sigevent){.sigev_notify = 4, .sigev_signo = 10}, buffer);
  C(timer_create, 0, &(struct sigevent){.sigev_notify = 0, .sigev_signo = 35, .sigev_value = {7}}, buffer);
  C(timer_create, 0, &(struct sigevent){.sigev_notify = 2, .sigev_signo = 10}, buffer);
  C(timer_create, 0, &(struct sigevent){.sigev_notify = 77, .sigev_signo = 77}, buffer);
  C(clock_gettime, -6, buffer + 512);
  C(clock_gettime, -1, buffer + 512);
  C(clock_nanosleep, 77, 3, &(long[2]){0, 0}, 0);
}

static void nothing(int signal) {}

/* Masks, actions, what signals carry, how children end. */
static void signals(void) {
  unsigned long action[4] = {(unsigned long)0, 0x04000000 | SA_SIGINFO | SA_NODEFER, 0, ~0ul};
  C(rt_sigaction, 34, action, 0, 8);
  C(rt_sigaction, 34, 0, action, 8);
  action[0] = -1, action[1] = 0x70, action[3] = 0x8000000180000201;
  C(rt_sigaction, SIGUSR2, action, 0, 8);
  C(rt_sigaction, 0, action, 0, 8);
  C(rt_sigaction, 77, action, 0, 4);
  C(rt_sigaction, SIGUSR2, &(unsigned long[4]){0, 0, 0, 0}, 0, 8);
  unsigned long mask = 0xfffffffffffefeff;
  C(rt_sigprocmask, SIG_SETMASK, &mask, 0, 8);
  mask = 0x8000000180000301;
  C(rt_sigprocmask, SIG_UNBLOCK, &mask, &mask, 8);
  mask = 0;
  C(rt_sigprocmask, SIG_SETMASK, &mask, 0, 8);
  signal(SIGUSR1, nothing), signal(SIGUSR2, nothing), signal(34, nothing), signal(SIGALRM, nothing), signal(SIGIO, nothing);
  C(kill, getpid(), SIGUSR1);
  C(tgkill, getpid(), getpid(), SIGUSR2);
  siginfo_t info = {.si_signo = 34, .si_code = SI_QUEUE, .si_pid = 1, .si_uid = -1, .si_int = 5};
  C(rt_sigqueueinfo, getpid(), 34, &info);
  info.si_code = -77, info.si_errno = 5, info.si_ptr = 0;
  C(rt_tgsigqueueinfo, getpid(), getpid(), SIGUSR1, &info);
  info.si_code = SI_ASYNCIO, info.si_signo = SIGIO;
  C(rt_sigqueueinfo, getpid(), SIGUSR2, &info);
  info.si_code = -1, info.si_signo = 77;
  C(pidfd_send_signal, 99, 34, &info, 0x70);
  info.si_code = 0x80, info.si_signo = SIGCHLD;
  C(rt_sigqueueinfo, -1, 9, &info);
  info.si_code = 6;
  C(rt_sigqueueinfo, -1, 9, &info);
  info.si_code = 77;
  C(rt_sigqueueinfo, -1, 9, &info);
  info.si_signo = SIGSYS, info.si_code = 1, info.si_syscall = 39, info.si_arch = 0xc000003e;
  C(rt_sigqueueinfo, -1, 9, &info);
  info.si_syscall = 7777, info.si_arch = 77;
  C(rt_sigqueueinfo, -1, 9, &info);
  info.si_signo = SIGSEGV, info.si_code = 2;
  C(rt_sigqueueinfo, -1, 9, &info);
  info.si_signo = SIGIO, info.si_code = 1, info.si_band = 5;
  C(rt_sigqueueinfo, -1, 9, &info);
  info.si_signo = SIGBUS, info.si_code = 4;
  C(rt_sigqueueinfo, -1, 9, &info);
  info.si_signo = SIGTRAP, info.si_code = 4;
  C(rt_sigqueueinfo, -1, 9, &info);
  struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGALRM, .sigev_value = {9}};
  int id, end;
  C(timer_create, CLOCK_MONOTONIC, &event, &id);
  C(timer_settime, id, 0, &(long[4]){0, 0, 0, 1000}, 0);
  C(nanosleep, &(long[2]){0, 50000000}, 0);
  C(timer_delete, id);
  unsigned long children = 1ul << (SIGCHLD - 1);
  C(rt_sigprocmask, SIG_BLOCK, &children, 0, 8);
  pid_t child = fork();
  if (!child) { C(kill, getpid(), SIGSTOP); _exit(0); }
  C(wait4, child, &end, WUNTRACED, 0);
  C(kill, child, SIGKILL);
  C(wait4, child, &end, 0, 0);
  child = fork();
  if (!child) { *(volatile int *)8 = 1; }
  C(wait4, child, &end, 0, 0);
  child = fork();
  if (!child) { C(kill, getpid(), 35); _exit(0); }
  C(waitid, P_PID, child, &info, WEXITED | WNOWAIT, 0);
  C(wait4, child, &end, 0, 0);
  child = fork();
  if (!child) { ptrace(PTRACE_TRACEME); raise(SIGTERM); _exit(5); }
  C(wait4, child, &end, 0, 0);
  C(ptrace, PTRACE_SETOPTIONS, child, 0, 0x100001);
  C(ptrace, PTRACE_SETOPTIONS, child, 0, 0x70000000);
  C(ptrace, PTRACE_PEEKUSER, child, 8 * 15, buffer);
  C(ptrace, PTRACE_PEEKUSER, child, 9, buffer);
  C(ptrace, PTRACE_GETSIGINFO, child, 0, &info);
  C(ptrace, PTRACE_GETSIGMASK, child, 8, &mask);
  C(ptrace, PTRACE_CONT, child, 0, 0);
  C(waitid, P_ALL, 0, &info, WEXITED, 0);
  C(rt_sigprocmask, SIG_UNBLOCK, &children, 0, 8);
  C(waitid, 77, 0, &info, 0x70, 0);
  C(wait4, -1, &end, 0x70, 0);
  C(kill, -1 << 30, 0);
  C(tkill, -1, 77);
  C(clone, 0x70000000000ul | CLONE_THREAD | 77, 0, 0, 0, 0);
  C(clone, CLONE_THREAD | 34, 0, 0, 0, 0);
  C(clone, CLONE_THREAD, 0, 0, 0, 0);
  C(clone3, &(unsigned long[11]){CLONE_THREAD, 0, 0, 0, 17}, 88);
  C(clone3, &(unsigned long[11]){0x200000000 | CLONE_THREAD, 0, 0, 0, 77, 0, 0, 0, 0, 0, 5}, 88);
  C(unshare, 0x70000000000ul | CLONE_THREAD);
  C(unshare, CLONE_FILES);
  C(setns, 99, 0);
  C(setns, 99, 5);
  struct __user_cap_header_struct header = {0x19980330, 0};
  struct __user_cap_data_struct data[2] = {{-1, 0x80000000, 3}, {-1, 0x70, 0}};
  C(capset, &header, data);
  header.version = _LINUX_CAPABILITY_VERSION_3;
  C(capset, &header, data);
  header.version = 77;
  C(capget, &header, data);
  C(signalfd4, -1, &mask, 8, 0x70);
}

/* Addresses of all families, options, control messages. */
static void sockets(void) {
  int fd = C(socket, AF_INET6, SOCK_DGRAM, 0);
  C(socket, AF_INET, 77, 99);
  C(socket, AF_INET, 5 | SOCK_CLOEXEC | 0x70000000, 99);
  C(socket, AF_PACKET, SOCK_RAW, htons(0x800));
  C(socket, AF_PACKET, SOCK_RAW, htons(0x7777));
  C(socket, AF_NETLINK, SOCK_RAW, 77);
  C(socket, AF_NETLINK, SOCK_RAW, 15);
  C(socket, 31, SOCK_RAW, 77);
  C(socket, AF_UNIX, SOCK_SEQPACKET, 77);
  C(connect, 99, &(struct sockaddr){AF_UNSPEC}, 16);
  C(connect, 99, &(struct sockaddr){77, "12345"}, 16);
  C(connect, 99, &(struct sockaddr_in){AF_INET, htons(0x4142), {htonl(0x41424344)}}, 16);
  struct sockaddr_in6 six = {AF_INET6, htons(53), htonl(7), {}, 1};
  inet_pton(AF_INET6, "fe80::1", &six.sin6_addr);
  C(connect, 99, &six, sizeof six);
  six.sin6_scope_id = 7777;
  C(connect, 99, &six, sizeof six);
  inet_pton(AF_INET6, "1:2:3:4:5:6:7:8", &six.sin6_addr);
  C(connect, 99, &six, sizeof six);
  C(connect, 99, &six, 24);
  C(connect, 99, &(struct sockaddr_nl){AF_NETLINK, 0, 5, 7}, sizeof(struct sockaddr_nl));
  C(connect, 99, &(struct sockaddr_nl){AF_NETLINK, 0, 0, 0}, sizeof(struct sockaddr_nl));
  C(connect, 99, &(struct sockaddr_ll){AF_PACKET, htons(0x800), 1, 772, 3, 6, "123456"}, sizeof(struct sockaddr_ll));
  C(connect, 99, &(struct sockaddr_ll){AF_PACKET, htons(0x7777), 7777, 7777, 77, 2, "12"}, sizeof(struct sockaddr_ll));
  C(getsockname, fd, &six, &(int){28});
  int levels[][2] = {{1, 2}, {1, 77}, {0, 1}, {0, 777}, {6, 5}, {6, 77}, {41, 26}, {41, 7777}, {17, 1}, {263, 8}, {270, 5}, {7777, 7}};
  for (unsigned i = 0; i < sizeof levels / sizeof *levels; i++) {
    C(setsockopt, fd, levels[i][0], levels[i][1], &(int){1}, 4);
    C(getsockopt, fd, levels[i][0], levels[i][1], buffer, &(int){4});
  }
  C(setsockopt, 99, IPPROTO_TCP, TCP_NODELAY, "abc", 3);
  C(getsockopt, fd, SOL_SOCKET, SO_TYPE, buffer, &(int){4});
  C(getsockopt, fd, SOL_SOCKET, SO_DOMAIN, buffer, &(int){4});
  C(getsockopt, fd, SOL_SOCKET, SO_PROTOCOL, buffer, &(int){4});
  int pair[2];
  socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
  struct { struct cmsghdr header; int data[4]; } control = {{28, SOL_SOCKET, SCM_CREDENTIALS}, {1, 2, 3}};
  struct iovec part = {"abc", 3};
  struct msghdr message = {.msg_name = &six, .msg_namelen = 28, .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = 32, .msg_flags = 0x41};
  C(sendmsg, 99, &message, 0x4040);
  int kinds[][2] = {{SOL_SOCKET, 29}, {SOL_SOCKET, 77}, {0, 2}, {0, 77}, {41, 50}, {6, 1}, {77, 7}, {SOL_SOCKET, SCM_RIGHTS}};
  for (unsigned i = 0; i < sizeof kinds / sizeof *kinds; i++) {
    control.header = (struct cmsghdr){20, kinds[i][0], kinds[i][1]};
    C(sendmsg, 99, &message, 0x70000000);
  }
  C(sendto, 99, "x", 1, 0x4000, &six, 28);
  C(recvfrom, 99, "x", 1, 0x70, 0, 0);
  C(shutdown, 99, 0);
  C(accept4, 99, 0, 0, 0x70);
  C(socketpair, AF_UNIX, SOCK_STREAM | 0x70, 0, BAD);
}

/* Mappings, policies, objects by key, keys, futexes, programs of filters. */
static void memory(void) {
  C(mmap, 0, 4096, 7, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | (21 << 26), -1, 0);
  C(mmap, 0, 4096, 0x70, MAP_PRIVATE | (5u << 26), 99, 0);
  C(mmap, 0, 4096, 0x1000007, MAP_ANONYMOUS, -1, 0);
  C(mmap, 0, 4096, 0x7000000, 0x7 | 0x200000, 99, 0);
  C(mmap, 0, 4096, 0, 3 | MAP_FIXED | 0x2000000, 99, 0);
  C(mmap, 0, 4096, 0, MAP_SHARED, 99, 0);
  C(mmap, 0, 4096, 0, 0xf, 99, 0);
  C(mprotect, 8, 4096, 0x1000000 | 1);
  C(mprotect, 8, 4096, 0x70000000);
  C(mremap, 8, 1, 2, 3, 4);
  C(mremap, 8, 1, 2, 0x70, 4);
  C(msync, 8, 4096, 7);
  C(msync, 8, 4096, 0x70);
  C(mlockall, 0x7);
  C(mlockall, 0x70);
  C(mlock2, 8, 1, 0x70);
  C(mbind, 8, 1, 2 | 0x8000, 0, 0, 7);
  C(mbind, 8, 1, 77, 0, 0, 0x70);
  C(mbind, 8, 1, 77 | 0x8000, 0, 0, 0);
  C(set_mempolicy, 1 | 0x4000, 0, 0);
  C(set_mempolicy, 0x70, 0, 0);
  C(get_mempolicy, 0, 0, 0, 0, 7);
  C(get_mempolicy, buffer, 0, 0, 0, 0x70);
  void *page = malloc(4096);
  C(move_pages, 0, 1, &page, &(int){-1}, buffer, 2);
  C(move_pages, 0, 1, &(void *){BAD}, &(int){0}, buffer, 2);
  C(move_pages, 0, 1, &(void *){BAD}, 0, buffer, 0x70);
  C(pkey_alloc, 0, 0x77);
  C(pkey_alloc, 0, 0x70);
  C(shmget, -1, 1 << 21, 0600 | 0x800 | (21 << 26));
  C(shmget, -1, 1, 0x7000);
  C(shmget, -1, 1, 0x70000);
  C(shmget, -1, 1, 21 << 26);
  C(shmget, -1, 1, 0x77000 | 0777);
  C(semget, 77, 1, 0x800 | 07);
  C(msgget, 77, 0x70000);
  C(shmat, 77777777, 0, 0x77000);
  C(shmctl, 77777777, 0x102, BAD);
  C(shmctl, 77777777, 0x177, BAD);
  C(shmctl, 77777777, 77, BAD);
  C(shmctl, 77777777, 0x100, BAD);
  C(semctl, 77777777, 0, 0x110, 0);
  C(msgctl, 77777777, 1, &(char[120]){7});
  C(msgsnd, 77777777, &(long[2]){1, 0x41}, 2, 0x70);
  C(msgrcv, 77777777, buffer, 2, 0, 0x77000);
  C(semop, 77777777, &(struct { unsigned short num; short op, flags; }){0, -1, 0x77}, 1);
  C(keyctl, 77, -2, 0);
  C(keyctl, 5, -2, 0x3f3f0000);
  C(keyctl, 5, 7, 0x70000000);
  C(keyctl, 14, 77);
  C(keyctl, 14, -1);
  C(keyctl, 14, 3);
  C(keyctl, 19, -7, 5, 5, -8);
  C(keyctl, 19, -77, 5, 7777, 7);
  C(keyctl, 30, -1, -2, -3, 1);
  C(keyctl, 30, -1, -2, -3, 77);
  C(keyctl, 15, -2, 5); /* not of a keyring that others have: it would be gone for minutes */
  C(keyctl, 29, 1, "a", "b");
  C(futex, buffer, 77 | 256, 1);
  C(futex, buffer, FUTEX_WAIT | 256, 99, &(long[2]){0, 5});
  C(futex, buffer, FUTEX_WAKE_BITSET, 1, 0, 0, 5);
  C(futex, buffer, FUTEX_WAIT_BITSET_PRIVATE, 99, 0, 0, -1);
  C(futex, buffer, FUTEX_WAKE_OP, 1, 1, buffer + 4, 0x80000000 | FUTEX_OP(4, 5, 5, 6));
  C(futex, buffer, FUTEX_WAKE_OP, 1, 1, buffer + 4, 0x77777777);
  C(futex_waitv, &(struct { long value, address; int flags, rest; }[2]){{1, 8, 2, 0}, {1, 8, 0x82, 5}}, 2, 0x70, &(long[2]){1, 0}, 1);
  struct sock_filter filter[] = {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0), BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 7), BPF_STMT(BPF_LD | BPF_LEN, 0),
    BPF_STMT(0xff00 | BPF_ST, 5), BPF_STMT(BPF_STX, 5), BPF_STMT(BPF_ALU | BPF_ADD | BPF_X, 5), BPF_STMT(BPF_ALU | 0xb0, 5), BPF_STMT(BPF_ALU | 0xf8, 5),
    BPF_STMT(BPF_MISC | BPF_TXA, 5), BPF_STMT(BPF_MISC | BPF_TAX, 5), BPF_STMT(0x18, 5), BPF_STMT(0xe0, 5),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 77, 0, 1), BPF_JUMP(BPF_JMP | BPF_JA, 77, 0, 1), BPF_JUMP(BPF_JMP | 0x70, 77, 0, 1),
    BPF_STMT(BPF_RET | BPF_A, 5), BPF_STMT(BPF_RET | BPF_X, 5), BPF_STMT(BPF_RET | 0x18, 5), BPF_STMT(BPF_RET | 0x80, 5),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | 5), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL),
    BPF_STMT(BPF_RET | BPF_K, 0x12345678), BPF_STMT(BPF_RET | BPF_K, 0x80000005)};
  struct sock_fprog program = {sizeof filter / sizeof *filter, filter};
  C(seccomp, 1, 0x7f000000, &program);
  C(seccomp, 1, 1 + 0x70000000, &program);
  C(prctl, PR_SET_SECCOMP, 2, &program);
  C(seccomp, 2, 0, &(unsigned){SECCOMP_RET_TRACE | 5});
  C(seccomp, 2, 0, &(unsigned){0x77});
  C(seccomp, 0, 77, 0);
  struct perf_event_attr attributes = {.type = PERF_TYPE_HARDWARE, .size = 64, .config = 1, .sample_type = 0x11, .read_format = 3};
  C(perf_event_open, &attributes, -1, 0, 99, 9);
  attributes = (struct perf_event_attr){.type = PERF_TYPE_HW_CACHE, .size = 120, .config = 0x10102, .precise_ip = 2, .sample_type = 1u << 11, .branch_sample_type = 0x70, .use_clockid = 1, .clockid = 1};
  C(perf_event_open, &attributes, -1, 0, 99, 0x70);
  attributes = (struct perf_event_attr){.type = PERF_TYPE_BREAKPOINT, .size = 72, .bp_type = 3, .bp_len = 4, .sample_type = 1u << 31};
  C(perf_event_open, &attributes, -1, 0, 99, 0);
  attributes = (struct perf_event_attr){.type = 77, .size = 77, .config = 0xff777777, .read_format = 0x7000};
  C(perf_event_open, &attributes, -1, 0, 99, 0);
  attributes = (struct perf_event_attr){.type = PERF_TYPE_HW_CACHE, .size = 112, .config = 0xff777777};
  C(perf_event_open, &attributes, -1, 0, 99, 0);
  attributes = (struct perf_event_attr){.type = PERF_TYPE_SOFTWARE, .size = 0, .config = 77};
  C(perf_event_open, &attributes, -1, 0, 99, 0);
  C(kexec_load, 0, 0, 0, 0x3e0001);
  C(kexec_load, 0, 0, 0, 0x77770070);
  aio_context_t aio = 0;
  struct iocb blocks[] = {{.aio_lio_opcode = IOCB_CMD_PWRITE, .aio_fildes = 99, .aio_buf = (long)"abc", .aio_nbytes = 3, .aio_flags = 3, .aio_reqprio = 0x4004, .aio_rw_flags = 5},
    {.aio_lio_opcode = IOCB_CMD_POLL, .aio_fildes = 99, .aio_buf = 0x7005, .aio_flags = 0x70}, {.aio_lio_opcode = 77, .aio_fildes = 99},
    {.aio_lio_opcode = IOCB_CMD_PREADV, .aio_fildes = 99, .aio_rw_flags = 0x7000}};
  struct iocb *list[] = {blocks, blocks + 1, blocks + 2, blocks + 3, 0};
  C(io_submit, 0, 5, list);
  C(io_cancel, 0, blocks, buffer);
  C(poll, &(struct pollfd[3]){{99, 0}, {99, 0x7fff}, {99, 0x41}}, 3, 0);
  C(epoll_ctl, 99, 77, 5, &(struct { int events; long data; } __attribute__((packed))){0x80000001, 5});
  C(epoll_ctl, 99, 1, 5, &(struct { int events; long data; } __attribute__((packed))){0, 5});
  C(epoll_ctl, 99, 1, 5, &(struct { int events; long data; } __attribute__((packed))){0x7800000, 5});
  C(modify_ldt, 0x11, &(int[4]){5, 0x1000, 0xfff, 0x51}, 16);
  C(io_uring_setup, 77, &(int[30]){0, 0, 0x7000007});
  C(landlock_add_rule, 99, 1, &(struct { long access; int fd; } __attribute__((packed))){0x7005, 99}, 0x70);
  C(landlock_create_ruleset, &(long){0x70000000}, 8, 0x70);
  C(userfaultfd, O_CLOEXEC | 1);
}

int main(int count, char **words) {
  struct { char *name; void (*run)(void); } groups[] = {{"files", files}, {"results", results}, {"signals", signals}, {"sockets", sockets}, {"memory", memory}};
  for (unsigned i = 0; i < sizeof groups / sizeof *groups; i++)
    if (count > 1 && !strcmp(words[1], groups[i].name)) return groups[i].run(), 0;
  return 2;
}
