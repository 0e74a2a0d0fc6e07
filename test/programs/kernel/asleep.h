/*
 * Waits until another task sleeps in a call. What must come after that is put in order by this,
 * never by a pause: on a busy machine the other task may not have begun when the pause is over.
 */
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <time.h>

static inline void nap(void) {
  nanosleep(&(struct timespec){0, 1000000}, 0);
}

/* `tid` is that of a process or of a thread. */
static inline void until_asleep(pid_t tid) {
  char path[64], line[256] = "";
  snprintf(path, sizeof path, "/proc/%d/stat", tid);
  for (char state = 0; state != 'S'; nap()) {
    FILE *file = fopen(path, "r");
    if (file != NULL && fgets(line, sizeof line, file) != NULL) state = strrchr(line, ')')[2];
    if (file != NULL) fclose(file);
  }
}
