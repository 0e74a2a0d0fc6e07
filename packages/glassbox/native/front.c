/*
 * The front of the command: a static program that starts Node, in the same process. Before that it
 * looks at what Node changes at its start and a traced program inherits: blocked signals, ignored
 * signals, open descriptors. It says them in a variable of the environment, see bin/inherited.cjs.
 * Variables that make Node do additional things get other names, which bin/glassbox.js explains.
 *
 * front SCRIPT [ARGUMENT...]: executes `node SCRIPT ARGUMENT...`, with the node that PATH names.
 */
#include "sys.h"
#include <linux/fcntl.h>

#define SIGNALS 64
#define SIG_IGN 1
#define SIG_BLOCK 0
#define F_GETFD 1
#define PATH_BYTES 4096
/* More descriptors are not passed on. */
#define MOST_DESCRIPTORS 1024
#define VARIABLE_BYTES (64 + MOST_DESCRIPTORS * 11)
#define NOT_FOUND 127

static const char NAME[] = "GLASSBOX_INHERITED=";
static const char WITHHELD[] = "GLASSBOX_WITHHELD_";
/*
 * NODE_VARIABLES of bin/glassbox.js, and one that costs more than to execute Node again without
 * it: Node 20 reads the certificates at its start, which takes 65 ms for those of a system.
 */
static const char *const NODE_VARIABLES[] = {
    "NODE_OPTIONS=", "NODE_V8_COVERAGE=",  "NODE_COMPILE_CACHE=",       "NODE_REDIRECT_WARNINGS=",
    "NODE_DEBUG=",   "NODE_DEBUG_NATIVE=", "NODE_PENDING_DEPRECATION=", "NODE_EXTRA_CA_CERTS=",
};
static const char DEFAULT_PATH[] = "/usr/local/bin:/usr/bin:/bin";

static char variable[VARIABLE_BYTES];

static char *add_text(char *at, const char *text) {
  while (*text) *at++ = *text++;
  return at;
}

static char *add_number(char *at, u64 number, u64 base) {
  char digits[20];
  int count = 0;
  do digits[count++] = "0123456789abcdef"[number % base];
  while (number /= base);
  while (count) *at++ = digits[--count];
  return at;
}

static u64 ignored_signals(void) {
  u64 ignored = 0, action[4];
  for (int signal = 1; signal <= SIGNALS; signal++)
    if (sys(rt_sigaction, signal, 0, action, 8) == 0 && action[0] == SIG_IGN) ignored |= 1ull << (signal - 1);
  return ignored;
}

struct entry {
  u64 inode, offset;
  u16 length;
  u8 type;
  char name[];
};

/* Adds `FD,` for each open descriptor but the one that the directory is read by. */
static char *add_descriptors(char *at) {
  _Alignas(8) char entries[4096];
  long directory = sys(open, "/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  int count = 0;
  if (directory < 0) return add_text(at, "0,1,2,");
  for (long got; (got = sys(getdents64, directory, entries, sizeof entries)) > 0;) {
    for (long read = 0; read < got;) {
      struct entry *entry = (struct entry *)(entries + read);
      u64 fd = 0;
      read += entry->length;
      if (entry->name[0] == '.' || count == MOST_DESCRIPTORS) continue;
      for (const char *digit = entry->name; *digit; digit++) fd = fd * 10 + (u64)(*digit - '0');
      if ((long)fd == directory) continue;
      at = add_text(add_number(at, fd, 10), ",");
      count++;
    }
  }
  sys(close, directory);
  return at;
}

static void describe(void) {
  u64 blocked = 0;
  sys(rt_sigprocmask, SIG_BLOCK, 0, &blocked, sizeof blocked);
  char *at = add_text(variable, NAME);
  at = add_text(add_number(at, blocked, 16), ":");
  at = add_text(add_number(at, ignored_signals(), 16), ":");
  at = add_descriptors(at);
  if (at[-1] == ',') at--;
  *at = 0;
}

static const char *value_of(char **env, const char *name) {
  for (; *env; env++) {
    const char *text = *env, *wanted = name;
    while (*wanted && *text == *wanted) text++, wanted++;
    if (!*wanted) return text;
  }
  return 0;
}

/* Returns only if no directory of the list has a program of this name that can be executed. */
static void execute(const char *directories, const char *name, char **argv, char **env) {
  char path[PATH_BYTES];
  for (const char *from = directories;; from++) {
    u64 length = 0;
    for (; *from && *from != ':'; from++)
      if (length < PATH_BYTES - 16) path[length++] = *from;
    if (length == 0) path[length++] = '.';
    *add_text(add_text(path + length, "/"), name) = 0;
    sys(execve, path, argv, env);
    if (!*from) return;
  }
}

static int is_withheld(char *variable) {
  for (u64 i = 0; i < sizeof NODE_VARIABLES / sizeof *NODE_VARIABLES; i++)
    if (value_of((char *[]){variable, 0}, NODE_VARIABLES[i])) return 1;
  return 0;
}

static u64 length_of(const char *text) {
  u64 length = 0;
  while (text[length]) length++;
  return length;
}

__attribute__((noreturn, used)) static void start(long *stack) {
  u64 words = (u64)*stack, variables = 0;
  char **argv = (char **)(stack + 1), **env = argv + words + 1;
  u64 bytes = 1;
  for (; env[variables]; variables++)
    if (is_withheld(env[variables])) bytes += sizeof WITHHELD + length_of(env[variables]);
  char *passed[variables + 2], renamed[bytes], *end = renamed;
  describe();
  u64 count = 0;
  for (u64 i = 0; i < variables; i++) {
    if (value_of((char *[]){env[i], 0}, NAME)) continue;
    if (!is_withheld(env[i])) {
      passed[count++] = env[i];
      continue;
    }
    passed[count++] = end;
    end = add_text(add_text(end, WITHHELD), env[i]);
    *end++ = 0;
  }
  passed[count++] = variable;
  passed[count] = 0;
  const char *path = value_of(env, "PATH=");
  if (words > 0) {
    argv[0] = "node";
    execute(path ? path : DEFAULT_PATH, "node", argv, passed);
  }
  static const char FAILED[] = "glassbox: node was not found in PATH\n";
  sys(write, 2, FAILED, sizeof FAILED - 1);
  for (;;) sys(exit_group, NOT_FOUND);
}

__asm__(".globl _start\n"
        "_start:\n"
        "  xor %ebp, %ebp\n"
        "  mov %rsp, %rdi\n"
        "  and $-16, %rsp\n"
        "  call start\n");
