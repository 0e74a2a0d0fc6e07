/*
 * Splits the memory of the program's cgroup into page cache of files and the rest, by memory.stat.
 * The kernel records the peak of both together only, so init looks now and then while the program
 * runs, and once when it is dead. tmpfs files and shared memory belong to the rest: nothing else
 * has a copy of them.
 */
#include "init.h"

/* The lines that count come first in both versions: 10 lines in v1, 20 in v2. */
#define TEXT_BYTES 1024
#define SOONEST_NS 20000000u
/* While nothing changes, the time between two looks doubles up to this. */
#define LATEST_NS 320000000u

enum { FILES, ANONYMOUS, SHARED, KERNEL, KINDS };

/*
 * The names of v1, then those of v2. No name of the one is one of the other with another meaning.
 */
static const struct { const char *name; u8 kind; } lines[] = {
    {"cache ", FILES}, {"rss ", ANONYMOUS}, {"shmem ", SHARED}, {"file ", FILES}, {"anon ", ANONYMOUS}, {"kernel ", KERNEL},
};

static const char *after_name(const char *line, const char *name) {
  while (*name && *line == *name) line++, name++;
  return *name ? 0 : line;
}

static void read_line(const char *line, u64 *values) {
  for (u32 i = 0; i < sizeof lines / sizeof *lines; i++) {
    const char *number = after_name(line, lines[i].name);
    if (number) parse_number(&number, &values[lines[i].kind]);
  }
}

static u64 larger(u64 a, u64 b) { return a > b ? a : b; }

u64 page_cache_look(struct program *program) {
  char text[TEXT_BYTES + 1];
  u64 values[KINDS] = {0, 0, 0, 0};
  struct ended *ended = &program->ended;
  if (program->prepare.memory == PLAN_NO_SLOT) return 0;
  long length = sys(pread64, INIT_FIRST_KEPT + program->prepare.memory, text, TEXT_BYTES, 0);
  if (length <= 0) return 0;
  text[length] = 0;
  for (const char *line = text; *line;) {
    read_line(line, values);
    while (*line && *line++ != '\n') {
    }
  }
  /* Both versions count shared memory as files too. */
  u64 cache = values[FILES] > values[SHARED] ? values[FILES] - values[SHARED] : 0;
  u64 own = values[ANONYMOUS] + values[SHARED] + values[KERNEL];
  u64 same = cache == ended->cache && own == program->own;
  ended->cache = cache;
  ended->most_cache = larger(ended->most_cache, cache);
  ended->most_own = larger(ended->most_own, own);
  program->own = own;
  program->look_ns = !same || !program->look_ns ? SOONEST_NS : program->look_ns * 2 < LATEST_NS ? program->look_ns * 2 : LATEST_NS;
  return program->look_ns;
}
