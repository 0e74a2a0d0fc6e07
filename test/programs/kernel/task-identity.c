/*
 * Credentials, capabilities, limits with their effects, prctl, scheduling. For root and for users.
 */
#define _GNU_SOURCE
#include "task-report.h"
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>

static void in_child(void (*act)(void));

static void ids(const char *name) {
  uid_t real, effective, saved;
  getresuid(&real, &effective, &saved);
  printf("%s: %d %d %d\n", name, real, effective, saved);
  fflush(stdout);
}

/* struct sched_attr as it was first, and room behind it. */
struct attributes {
  unsigned size, policy;
  unsigned long long flags;
  int nice;
  unsigned priority;
  unsigned long long runtime, deadline, period;
  char more[16];
};

static void attributes_of(pid_t pid) {
  struct attributes attributes = {0};
  report("sched_getattr", syscall(SYS_sched_getattr, pid, &attributes, 48, 0));
  printf("policy %u flags %llu nice %d priority %u\n", attributes.policy, attributes.flags, attributes.nice,
         attributes.priority);
}

static void set_attributes(struct attributes attributes) {
  report("sched_setattr", syscall(SYS_sched_setattr, 0, &attributes, 0));
  printf("size %u\n", attributes.size);
  attributes_of(0);
}

static void show_text(const char *path) {
  char text[64] = "";
  int fd = open(path, O_RDONLY);
  report("read", read(fd, text, sizeof text - 1));
  printf("%s: %s", path, text);
  close(fd);
}

static void write_text(const char *path, const char *text) {
  int fd = open(path, O_WRONLY);
  report(text, write(fd, text, strlen(text)));
  close(fd);
  show_text(path);
}

static void choices_of_child(void) {
  show_text("/proc/self/oom_score_adj");
  show_text("/proc/self/coredump_filter");
}

/* What a process may say of itself in /proc. */
static void choices(void) {
  static const char *const scores[] = {"500", "1000\n", " 7 ", "0x10", "010", "1001", "-1001", "x", "5 6", "0"};
  static const char *const filters[] = {"0x7f", "0", "0x1234", "51", "zz", "0x33"};
  for (unsigned i = 0; i < sizeof scores / sizeof *scores; i++) write_text("/proc/self/oom_score_adj", scores[i]);
  for (unsigned i = 0; i < sizeof filters / sizeof *filters; i++) write_text("/proc/self/coredump_filter", filters[i]);
  write_text("/proc/self/oom_score_adj", "300");
  in_child(choices_of_child);
  write_text("/proc/self/oom_score_adj", "0");
  struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 1};
  struct __user_cap_data_struct data[2];
  report("capabilities of the first process", syscall(SYS_capget, &header, data));
}

static void policy_of_child(void) { report("policy of a child", sched_getscheduler(0)); }

/* Nobody without privilege comes back from there. */
static void idle(void) {
  struct sched_param param = {0};
  report("sched_setscheduler", sched_setscheduler(0, SCHED_IDLE, &param));
  report("policy", sched_getscheduler(0));
  report("idle still", sched_setscheduler(0, SCHED_IDLE, &param));
  report("ordinary again", sched_setscheduler(0, SCHED_OTHER, &param));
  report("in batches", sched_setscheduler(0, SCHED_BATCH, &param));
  report("sched_setparam", sched_setparam(0, &param));
  set_attributes((struct attributes){.size = 48, .policy = SCHED_OTHER, .nice = 19});
  set_attributes((struct attributes){.size = 48, .policy = SCHED_IDLE});
}

static void policies(void) {
  static const int known[] = {SCHED_BATCH, SCHED_OTHER, 4, 6, 99, -1};
  struct sched_param param = {0};
  for (unsigned i = 0; i < sizeof known / sizeof *known; i++) {
    report("sched_setscheduler", sched_setscheduler(0, known[i], &param));
    report("policy", sched_getscheduler(0));
    report("most", sched_get_priority_max(known[i]));
    report("least", sched_get_priority_min(known[i]));
  }
  report("sched_setscheduler", sched_setscheduler(0, SCHED_BATCH, &param));
  report("sched_setparam", sched_setparam(0, &param));
  report("sched_getparam", sched_getparam(0, &param));
  report("without parameters", syscall(SYS_sched_setscheduler, 0, SCHED_BATCH, 0));
  report("parameters nowhere", syscall(SYS_sched_setscheduler, 0, SCHED_BATCH, 1));
  param.sched_priority = 1;
  report("a priority", sched_setscheduler(0, SCHED_BATCH, &param));
  report("a priority alone", sched_setparam(0, &param));
  in_child(policy_of_child);
  in_child(idle);
  set_attributes((struct attributes){.size = 48, .policy = SCHED_BATCH, .nice = 3});
  set_attributes((struct attributes){.size = 0, .policy = SCHED_OTHER, .nice = 4});
  set_attributes((struct attributes){.size = 47});
  set_attributes((struct attributes){.size = 72, .policy = SCHED_OTHER, .nice = 4, .more = {[15] = 1}});
  set_attributes((struct attributes){.size = 72, .policy = SCHED_OTHER, .nice = 4});
  set_attributes((struct attributes){.size = 48, .policy = SCHED_OTHER, .nice = 4, .priority = 1});
  set_attributes((struct attributes){.size = 48, .policy = 99, .nice = 4});
  set_attributes((struct attributes){.size = 48, .policy = SCHED_FIFO, .nice = 4});
  set_attributes((struct attributes){.size = 48, .policy = -1});
  set_attributes((struct attributes){.size = 48, .flags = 1ull << 20});
  set_attributes((struct attributes){.size = 48, .policy = SCHED_BATCH, .flags = 1, .nice = 4});
  report("policy with its flag", sched_getscheduler(0));
  in_child(policy_of_child);
  report("flags of the call", syscall(SYS_sched_setattr, 0, &param, 1));
  report("attributes nowhere", syscall(SYS_sched_setattr, 0, 1, 0));
  report("attributes of nobody", syscall(SYS_sched_getattr, 0x3ffff0, &param, 48, 0));
  report("too little room", syscall(SYS_sched_getattr, 0, &param, 47, 0));
}

static void in_child(void (*act)(void)) {
  int status;
  fflush(stdout);
  if (fork() == 0) {
    act();
    fflush(stdout);
    _exit(0);
  }
  wait(&status);
  if (WIFSIGNALED(status)) printf("killed by %d\n", WTERMSIG(status));
}

static void capabilities(const char *name) {
  struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  struct __user_cap_data_struct data[2];
  report("capget", syscall(SYS_capget, &header, data));
  printf("%s: effective %d permitted %d\n", name, data[0].effective != 0, data[0].permitted != 0);
}

static void users(void) {
  if (getuid() != 0) {
    report("setuid of a user", setuid(0));
    report("setgroups of a user", setgroups(0, 0));
    report("setresuid to itself", setresuid(-1, getuid(), -1));
    return;
  }
  capabilities("root");
  report("setgroups", setgroups(2, (gid_t[]){7, 8}));
  gid_t groups[4];
  report("getgroups", getgroups(4, groups));
  report("getgroups, too small", getgroups(1, groups));
  report("seteuid", seteuid(1000));
  ids("effective only");
  capabilities("effective user");
  report("back", seteuid(0));
  capabilities("root again");
  report("setresuid", setresuid(1000, 1001, 1002));
  ids("three");
  report("setuid to the saved one", setuid(1002));
  ids("saved");
  report("setuid to another", setuid(5));
  report("setreuid", setreuid(1001, 1002));
  report("setuid to root", setuid(0));
  capabilities("user");
  report("sethostname of a user", sethostname("x", 1));
  report("kill of init", kill(1, 0));
}

static void keeps(void) {
  if (getuid() != 0) return;
  prctl(PR_SET_KEEPCAPS, 1);
  report("setuid with kept capabilities", setuid(1000));
  capabilities("kept");
}

static void over_size(void) {
  struct rlimit limit = {1000, 1000};
  setrlimit(RLIMIT_FSIZE, &limit);
  signal(SIGXFSZ, SIG_IGN);
  char name[] = "/tmp/glassbox-XXXXXX", bytes[2000];
  memset(bytes, 0, sizeof bytes);
  int fd = mkstemp(name);
  unlink(name);
  report("write up to RLIMIT_FSIZE", write(fd, bytes, 2000));
  report("write beyond", write(fd, bytes, 1));
  signal(SIGXFSZ, SIG_DFL);
  report("with its signal", write(fd, bytes, 1));
}

static void over_time(void) {
  struct rlimit limit = {1, 2};
  setrlimit(RLIMIT_CPU, &limit);
  for (volatile long i = 0;; i++);
}

static void limits(void) {
  struct rlimit limit = {20, 20};
  report("setrlimit", setrlimit(RLIMIT_NOFILE, &limit));
  int fd, last = -1;
  while ((fd = open("/dev/null", O_RDONLY)) >= 0) last = fd;
  printf("%s after %d\n", strerrorname_np(errno), last);
  report("dup2 beyond", dup2(0, 25));
  limit = (struct rlimit){5, 4};
  report("soft above hard", setrlimit(RLIMIT_NOFILE, &limit));
  report("no such limit", getrlimit(99, &limit));
  struct rlimit old;
  limit = (struct rlimit){0, 0};
  report("prlimit", prlimit(0, RLIMIT_CORE, &limit, &old));
  getrlimit(RLIMIT_CORE, &limit);
  printf("core %ld %ld\n", (long)limit.rlim_cur, (long)limit.rlim_max);
  report("prlimit of nobody", prlimit(0x3ffff0, RLIMIT_CORE, 0, &old));
  struct rusage usage;
  report("getrusage", getrusage(RUSAGE_SELF, &usage));
  report("getrusage of children", getrusage(RUSAGE_CHILDREN, &usage));
  report("getrusage of none", getrusage(9, &usage));
}

static void settings(void) {
  char name[16];
  report("PR_SET_NAME", prctl(PR_SET_NAME, "a name that is too long"));
  prctl(PR_GET_NAME, name);
  puts(name);
  report("PR_GET_DUMPABLE", prctl(PR_GET_DUMPABLE));
  report("PR_SET_DUMPABLE", prctl(PR_SET_DUMPABLE, 3));
  report("PR_SET_NO_NEW_PRIVS", prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
  report("PR_GET_NO_NEW_PRIVS", prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
  report("PR_SET_NO_NEW_PRIVS to 2", prctl(PR_SET_NO_NEW_PRIVS, 2, 0, 0, 0));
  report("PR_SET_PDEATHSIG", prctl(PR_SET_PDEATHSIG, 65));
  report("PR_CAPBSET_READ", prctl(PR_CAPBSET_READ, 99));
  report("option that is none", prctl(123456));
  report("personality", personality(0xffffffff));
  report("arch_prctl", syscall(SYS_arch_prctl, 0x9999, 0));
  report("FS beyond user space", syscall(SYS_arch_prctl, 0x1002, -1L));
  struct sched_param param = {0};
  report("sched_getscheduler", sched_getscheduler(0));
  report("sched_getscheduler of nobody", sched_getscheduler(0x3ffff0));
  report("sched_setscheduler", sched_setscheduler(0, SCHED_BATCH, &param));
  param.sched_priority = 1000;
  report("strange priority", sched_setscheduler(0, SCHED_FIFO, &param));
  report("highest", sched_get_priority_max(SCHED_FIFO));
  report("lowest of none", sched_get_priority_min(99));
  policies();
  choices();
  report("getpriority", syscall(SYS_getpriority, PRIO_PROCESS, 0));
  report("setpriority", setpriority(PRIO_PROCESS, 0, 5));
  report("getpriority", syscall(SYS_getpriority, PRIO_PROCESS, 0));
  report("getpriority of nobody", syscall(SYS_getpriority, PRIO_PROCESS, 0x3ffff0));
  report("getpriority of no kind", syscall(SYS_getpriority, 9, 0));
  report("sched_yield", sched_yield());
  struct utsname names;
  report("uname", uname(&names));
  printf("%s %s\n", names.sysname, names.machine);
  char bytes[8];
  report("getrandom", syscall(SYS_getrandom, bytes, 8, 0));
  report("getrandom with strange flags", syscall(SYS_getrandom, bytes, 8, 64));
  report("getrandom to a bad address", syscall(SYS_getrandom, 16, 8, 0));
  report("unshare of nothing", unshare(0));
  report("unshare of files", unshare(CLONE_FILES | CLONE_FS));
  report("unshare of rubbish", unshare(1));
}

int main(void) {
  in_child(users);
  in_child(keeps);
  in_child(over_size);
  in_child(over_time);
  in_child(limits);
  in_child(settings);
  return 0;
}
