/*
 * pids: calls that take, give and tell the ids of processes, threads, groups and sessions. What
 * strace's text of --decode-pids is compared on.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/perf_event.h>
#include <linux/sched.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/*
 * With zeros for the arguments that a call does not take: raw text may show registers that the
 * kernel ignores.
 */
#define C(name, ...) syscall(SYS_##name, ##__VA_ARGS__, 0L, 0L, 0L, 0L, 0L, 0L)

static char buffer[4096];
static void nothing(int signal) {}

/* About one id, as a process, a thread, a group and a session. */
static void about(int id) {
  C(getpgid, id);
  C(getsid, id);
  C(setpgid, id, id);
  C(kill, id, 0);
  C(kill, -id, 0);
  C(tkill, id, 0);
  C(tgkill, id, id, 0);
  siginfo_t info = {.si_signo = SIGUSR1, .si_code = SI_QUEUE, .si_pid = id};
  C(rt_sigqueueinfo, id, 0, &info);
  C(rt_tgsigqueueinfo, id, id, 0, &info);
  C(wait4, -id, 0, WNOHANG, 0);
  C(waitid, P_PID, id, 0, WNOHANG | WEXITED, 0);
  C(waitid, P_PGID, id, 0, WNOHANG | WEXITED, 0);
  C(waitid, P_PIDFD, id, 0, WNOHANG | WEXITED, 0);
  C(sched_getscheduler, id);
  C(sched_getparam, id, buffer);
  C(sched_setparam, id, &(int){0});
  C(sched_setscheduler, id, SCHED_OTHER, &(int){0});
  C(sched_rr_get_interval, id, buffer);
  C(sched_getaffinity, id, 0, buffer);
  C(sched_setaffinity, id, 0, buffer);
  C(sched_getattr, id, buffer, 48, 0);
  C(sched_setattr, id, 8, 0);
  C(prlimit64, id, RLIMIT_NOFILE, 0, 0);
  C(getpriority, PRIO_PROCESS, id);
  C(getpriority, PRIO_PGRP, id);
  C(getpriority, PRIO_USER, id);
  C(setpriority, 77, id, 0);
  C(setpriority, PRIO_PROCESS, id, 0);
  C(ioprio_get, 1, id);
  C(ioprio_get, 2, id);
  C(ioprio_get, 3, id);
  C(ioprio_set, 77, id, 0);
  C(ioprio_set, 1, id, 0);
  C(ptrace, PTRACE_DETACH, id, 0, 0);
  C(ptrace, PTRACE_PEEKDATA, id, 0, 0);
  C(ptrace, 777, id, 0, 0);
  struct iovec part = {buffer, 1};
  C(process_vm_readv, id, &part, 0, &part, 0, 0);
  C(process_vm_writev, id, &part, 0, &part, 0, 0);
  C(migrate_pages, id, 0, 0, 0);
  C(move_pages, id, 0, 0, 0, 0, 0);
  C(get_robust_list, id, 0, 0);
  C(pidfd_open, id, 0x70);
  C(kcmp, id, id, 5, 0, 0);
  C(perf_event_open, 8, id, -1, -1, 0);
  C(prctl, PR_SET_PTRACER, id);
  C(prctl, 62, 0, id, 0, 0);
  C(prctl, 62, 0, id, 2, 0);
  C(capget, &(struct __user_cap_header_struct){_LINUX_CAPABILITY_VERSION_3, id}, buffer);
  struct sigevent event = {.sigev_notify = 4, .sigev_signo = 10};
  ((int *)&event)[4] = id;
  C(timer_create, 77, &event, buffer);
  C(fcntl, 0, F_SETOWN, id);
  C(fcntl, 0, F_SETOWN, -id);
  C(fcntl, 99, F_GETOWN);
  C(fcntl, 99, F_SETOWN_EX, &(struct f_owner_ex){F_OWNER_TID, id});
  C(fcntl, 99, F_SETOWN_EX, &(struct f_owner_ex){F_OWNER_PID, id});
  C(fcntl, 99, F_SETOWN_EX, &(struct f_owner_ex){F_OWNER_PGRP, id});
  C(fcntl, 99, F_SETOWN_EX, &(struct f_owner_ex){77, id});
  C(fcntl, 99, F_SETLK, &(struct flock){.l_pid = id});
  C(ioctl, 99, TIOCSPGRP, &id);
  struct { struct cmsghdr header; int data[4]; } control = {{28, SOL_SOCKET, SCM_CREDENTIALS}, {id, 2, 3}};
  struct msghdr message = {.msg_control = &control, .msg_controllen = 32};
  C(sendmsg, 99, &message, 0);
  C(clock_gettime, ~id << 3, 8);
  C(clock_gettime, (~id << 3) | 6, 8);
}

static int other, ready[2];

static void *waiting(void *unused) {
  other = C(gettid);
  C(write, ready[1], "x", 1);
  for (;;) C(pause);
}

int main(void) {
  C(getpid);
  C(gettid);
  C(getppid);
  C(getpgrp);
  C(setsid);
  C(set_tid_address, buffer);
  // Who is told of an end depends on who comes first.
  unsigned long children = 1ul << (SIGCHLD - 1);
  C(rt_sigprocmask, SIG_BLOCK, &children, 0, 8);
  pipe(ready);
  pthread_t thread;
  pthread_create(&thread, 0, waiting, 0);
  C(read, ready[0], buffer, 1);
  about(other);
  about(getpid());
  about(getsid(0));
  int end, one, pair[2], pipes[2];
  pid_t child = fork();
  if (!child) {
    C(getpid);
    C(getppid);
    C(setpgid, 0, 0);
    C(kill, getppid(), 0);
    C(write, ready[1], "x", 1);
    C(pause);
  }
  C(read, ready[0], buffer, 1);
  C(setpgid, child, child);
  about(child);
  C(kill, child, SIGKILL);
  siginfo_t info;
  C(waitid, P_PID, child, &info, WEXITED | WNOWAIT, 0);
  C(wait4, -child, &end, 0, 0);
  child = C(fork);
  if (!child) _exit(0);
  C(wait4, child, &end, 0, 0);
  child = vfork(); /* of libc: it keeps its return address where the child does not write */
  if (!child) _exit(0);
  C(wait4, -1, &end, 0, 0);
  child = C(clone, CLONE_PARENT_SETTID | SIGCHLD, 0, &one, 0, 0);
  if (!child) _exit(0);
  C(wait4, child, &end, 0, 0);
  struct clone_args args = {.flags = CLONE_PARENT_SETTID, .parent_tid = (unsigned long)&one, .exit_signal = SIGCHLD};
  child = C(clone3, &args, sizeof args);
  if (!child) _exit(0);
  C(wait4, child, &end, 0, 0);
  struct clone_args with = {.flags = CLONE_THREAD, .exit_signal = SIGCHLD, .set_tid = (unsigned long)&(int){getpid()}, .set_tid_size = 1};
  C(clone3, &with, sizeof with);
  signal(SIGUSR1, nothing);
  C(kill, getpid(), SIGUSR1);
  C(tgkill, getpid(), getpid(), SIGUSR1);
  socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
  C(getsockopt, pair[0], SOL_SOCKET, SO_PEERCRED, buffer, &(int){12});
  pipe(pipes);
  C(fcntl, pipes[0], F_SETOWN, getpid());
  C(fcntl, pipes[0], F_GETOWN);
  C(fcntl, pipes[0], F_GETOWN_EX, buffer);
  C(fcntl, pipes[0], F_SETOWN, -getpgrp());
  C(fcntl, pipes[0], F_GETOWN);
  C(fcntl, pipes[0], F_GETOWN_EX, buffer);
  int queue = C(msgget, IPC_PRIVATE, IPC_CREAT | 0600);
  C(msgsnd, queue, &(long[2]){1, 0}, 1, 0);
  C(msgctl, queue, IPC_STAT, buffer);
  C(msgctl, queue, IPC_RMID, 0);
  int segment = C(shmget, IPC_PRIVATE, 1, IPC_CREAT | 0600);
  C(shmctl, segment, IPC_STAT, buffer);
  C(shmctl, segment, IPC_RMID, 0);
  int set = C(semget, IPC_PRIVATE, 1, IPC_CREAT | 0600);
  C(semctl, set, 0, SETVAL, 5);
  C(semctl, set, 0, GETPID, 0);
  C(semctl, set, 0, IPC_RMID, 0);
  C(exit_group, 0);
}
