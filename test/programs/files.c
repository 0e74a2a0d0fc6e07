/* files CALL...: makes system calls in order and prints what came back, a line each: the result or
 * -errno, and the buffers as hex without final zeros. CALL: nr[,arg...]. An argument is a number,
 * "s:TEXT" a string, "b" an empty buffer, "h:HEX" a buffer with bytes, "$N" the result of call N.
 * "repeat:N" before nr makes it N times and prints the time of one, in ns. "thread:" before nr
 * makes it in a thread with a working directory and descriptors of its own, after a chdir to the
 * first argument, which is a string. "quiet:" prints nothing. */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define ROOM 8192
static long results[256];

struct call {
  long nr, result;
  unsigned long args[6];
  unsigned char *buffers[6];
  const char *directory;
};

static void parse(struct call *call, int at, char *text) {
  unsigned char *buffer = calloc(1, ROOM);
  if (!strncmp(text, "s:", 2)) call->args[at] = (unsigned long)(text + 2);
  else if (text[0] == '$') call->args[at] = (unsigned long)results[atoi(text + 1)];
  else if (!strcmp(text, "b")) {
    call->args[at] = (unsigned long)buffer;
    call->buffers[at] = buffer;
  } else if (!strncmp(text, "h:", 2)) {
    for (int i = 0; text[2 + 2 * i]; i++) sscanf(text + 2 + 2 * i, "%2hhx", &buffer[i]);
    call->args[at] = (unsigned long)buffer;
  } else call->args[at] = strtoull(text, NULL, 0);
}

static void make(struct call *call) {
  unsigned long *a = call->args;
  call->result = syscall(call->nr, a[0], a[1], a[2], a[3], a[4], a[5]);
  if (call->result == -1) call->result = -errno;
}

static void *apart(void *of) {
  struct call *call = of;
  if (unshare(CLONE_FS | CLONE_FILES) || chdir(call->directory)) call->result = -errno;
  else make(call);
  return NULL;
}

static int eat(char **text, const char *word) {
  size_t length = strlen(word);
  if (strncmp(*text, word, length)) return 0;
  *text += length;
  return 1;
}

int main(int argc, char **argv) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  for (int i = 1; i < argc; i++) {
    char *rest = argv[i];
    struct call call = {0};
    struct timespec from, to;
    int quiet = eat(&rest, "quiet:"), thread = eat(&rest, "thread:");
    long repeat = eat(&rest, "repeat:") ? strtol(rest, &rest, 10) : 0;
    if (repeat) rest++;
    call.nr = atol(strsep(&rest, ","));
    if (thread) call.directory = strsep(&rest, ",") + 2;
    for (int k = 0; k < 6 && rest; k++) parse(&call, k, strsep(&rest, ","));
    if (thread) {
      pthread_t id;
      pthread_create(&id, NULL, apart, &call);
      pthread_join(id, NULL);
    } else make(&call);
    results[i - 1] = call.result;
    if (repeat) {
      clock_gettime(CLOCK_MONOTONIC, &from);
      for (long n = 0; n < repeat; n++) make(&call);
      clock_gettime(CLOCK_MONOTONIC, &to);
      printf("%ld\n", ((to.tv_sec - from.tv_sec) * 1000000000l + to.tv_nsec - from.tv_nsec) / repeat);
      continue;
    }
    if (quiet) continue;
    printf("%ld", call.result);
    for (int k = 0; k < 6; k++) {
      if (!call.buffers[k]) continue;
      int end = ROOM;
      while (end > 0 && !call.buffers[k][end - 1]) end--;
      printf(" ");
      for (int b = 0; b < end; b++) printf("%02x", call.buffers[k][b]);
    }
    printf("\n");
  }
  return 0;
}
