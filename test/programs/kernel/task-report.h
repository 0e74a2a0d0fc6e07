/*
 * How the programs of tasks report: one line a fact, with the name of an error instead of its
 * number, so that a native run and a run in the kernel print the same text.
 */
#include "clean-start.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The result of a call that answers −1 and errno: "name: 0" or "name: EPERM". */
static inline long report(const char *name, long result) {
  int error = errno;
  if (result == -1) printf("%s: %s\n", name, strerrorname_np(error));
  else printf("%s: %ld\n", name, result);
  fflush(stdout);
  return result;
}

/* Whether it is true, in words. */
static inline void fact(const char *name, int holds) {
  printf("%s: %s\n", name, holds ? "yes" : "no");
  fflush(stdout);
}
