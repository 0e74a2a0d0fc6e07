/* mremap, madvise, mlock, fork and process_vm: results, errors, contents. */
#define _GNU_SOURCE
#include "clean-start.h"
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096

static void say(const char *name, long result) {
  printf("%s: %s\n", name, result < 0 ? strerrorname_np(errno) : "ok");
}

static char *map(size_t pages, int type) {
  return mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, type | MAP_ANONYMOUS, -1, 0);
}

static char *again(const char *name, void *old, size_t from, size_t to, int flags, void *target) {
  char *result = (char *)syscall(SYS_mremap, old, from, to, flags, target);
  if (result == MAP_FAILED) printf("mremap %s: %s\n", name, strerrorname_np(errno));
  else printf("mremap %s: %s\n", name, result == old ? "same place" : result == target ? "there" : "elsewhere");
  return result;
}

static void remapping(void) {
  /* A place with known neighbours: 8 pages, a gap of 8, 1 page. */
  char *place = map(32, MAP_PRIVATE);
  munmap(place + 8 * PAGE, 8 * PAGE);
  munmap(place + 17 * PAGE, 15 * PAGE);
  memset(place, 1, 8 * PAGE);
  place[8 * PAGE - 1] = 7;
  again("shorter", place, 8 * PAGE, 4 * PAGE, 0, NULL);
  again("longer", place, 4 * PAGE, 8 * PAGE, 0, NULL);
  printf("contents: %d %d\n", place[0], place[8 * PAGE - 1]);
  again("into the gap", place, 8 * PAGE, 16 * PAGE, 0, NULL);
  again("against a neighbour", place, 16 * PAGE, 20 * PAGE, 0, NULL);
  place[15 * PAGE] = 3;
  char *moved = again("moving", place, 16 * PAGE, 20 * PAGE, MREMAP_MAYMOVE, NULL);
  printf("contents: %d %d %d\n", moved[0], moved[15 * PAGE], moved[19 * PAGE]);
  again("what went", place, 16 * PAGE, 20 * PAGE, MREMAP_MAYMOVE, NULL);
  char *target = map(22, MAP_PRIVATE) + PAGE;
  munmap(target - PAGE, PAGE);
  munmap(target + 20 * PAGE, PAGE);
  target[0] = 9;
  again("fixed", moved, 20 * PAGE, 20 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, target);
  printf("contents: %d %d\n", target[0], target[15 * PAGE]);
  again("fixed without moving", target, PAGE, PAGE, MREMAP_FIXED, target + 4 * PAGE);
  again("overlapping", target, 4 * PAGE, 4 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, target + 2 * PAGE);
  again("not aligned", target + 1, PAGE, PAGE, 0, NULL);
  again("to nothing", target, PAGE, 0, 0, NULL);
  again("unknown flags", target, PAGE, PAGE, 16, NULL);
  again("too long", target, 30 * PAGE, 31 * PAGE, MREMAP_MAYMOVE, NULL);
  mprotect(target + 4 * PAGE, PAGE, PROT_READ);
  again("over two mappings", target, 8 * PAGE, 9 * PAGE, MREMAP_MAYMOVE, NULL);
  again("private twice", target, 0, PAGE, MREMAP_MAYMOVE, NULL);
  char *shared = map(4, MAP_SHARED);
  strcpy(shared, "shared");
  char *twin = again("shared twice", shared, 0, 4 * PAGE, MREMAP_MAYMOVE, NULL);
  twin[0] = 'S';
  printf("twins: %s %s\n", shared, twin);
  char *left = again("and leaving", target, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, NULL);
  printf("left: %d %d\n", target[0], left[0]);
}

static void advising(void) {
  char *area = map(8, MAP_PRIVATE);
  memset(area, 1, 8 * PAGE);
  say("dontneed", madvise(area + PAGE, 2 * PAGE, MADV_DONTNEED));
  printf("contents: %d %d %d %d\n", area[0], area[PAGE], area[2 * PAGE], area[3 * PAGE]);
  area[PAGE] = 5;
  printf("again: %d\n", area[PAGE]);
  say("free", madvise(area, PAGE, MADV_FREE));
  say("willneed", madvise(area, 8 * PAGE, MADV_WILLNEED));
  say("unknown", madvise(area, PAGE, 77));
  say("not aligned", madvise(area + 1, PAGE, MADV_NORMAL));
  say("length 0", madvise(area, 0, MADV_NORMAL));
  munmap(area + 4 * PAGE, PAGE);
  say("over a hole", madvise(area, 8 * PAGE, MADV_DONTNEED));
  printf("behind it: %d\n", area[5 * PAGE]);
  char *shared = map(2, MAP_SHARED);
  shared[0] = 4;
  say("shared dontneed", madvise(shared, PAGE, MADV_DONTNEED));
  printf("shared: %d\n", shared[0]);
  say("shared free", madvise(shared, PAGE, MADV_FREE));
  say("remove", madvise(shared, PAGE, MADV_REMOVE));
  printf("removed: %d\n", shared[0]);
  say("private remove", madvise(area, PAGE, MADV_REMOVE));
  say("shared wipe", madvise(shared, PAGE, MADV_WIPEONFORK));
  say("populate", madvise(area, PAGE, MADV_POPULATE_WRITE));
  mprotect(area, PAGE, PROT_READ);
  say("populate read-only", madvise(area, PAGE, MADV_POPULATE_WRITE));
  say("populate hole", madvise(area + 4 * PAGE, PAGE, MADV_POPULATE_READ));
  say("mlock", mlock(area + 5 * PAGE, PAGE));
  say("dontneed locked", madvise(area + 5 * PAGE, PAGE, MADV_DONTNEED));
  say("invalidate locked", msync(area + 5 * PAGE, PAGE, MS_INVALIDATE));
  say("munlock", munlock(area + 5 * PAGE, PAGE));
  say("mlock hole", mlock(area + 4 * PAGE, PAGE));
  say("mlockall 0", mlockall(0));
  say("mlockall unknown", mlockall(64));
  say("munlockall", munlockall());
  say("mlock2 unknown", syscall(SYS_mlock2, area, PAGE, 8));
}

static void forking(void) {
  char *own = map(200, MAP_PRIVATE), *shared = map(2, MAP_SHARED), *wiped = map(1, MAP_PRIVATE);
  memset(own, 1, 200 * PAGE);
  strcpy(wiped, "wiped");
  madvise(wiped, PAGE, MADV_WIPEONFORK);
  for (int round = 0; round < 3; round++) {
    fflush(stdout);
    pid_t child = fork();
    if (!child) {
      int sum = 0;
      for (int i = 0; i < 200; i++) sum += own[i * PAGE];
      own[round * PAGE] = 50;
      own[150 * PAGE] = 60;
      shared[round] = sum + own[round * PAGE] - 200;
      shared[10] = wiped[0];
      _exit(round);
    }
    int status;
    waitpid(child, &status, 0);
    own[round * PAGE + 1] = 2;
    printf("round %d: own %d %d shared %d %d exit %d\n", round, own[round * PAGE], own[150 * PAGE], shared[round],
           shared[10], WEXITSTATUS(status));
  }
  /* Both go on at a time, and write the same pages. */
  int up[2], down[2];
  pipe(up);
  pipe(down);
  fflush(stdout);
  pid_t child = fork();
  if (!child) {
    char go;
    for (int i = 0; i < 20; i++) {
      read(down[0], &go, 1);
      own[i * PAGE]++;
      own[100 * PAGE]++;
      write(up[1], &own[i * PAGE], 1);
    }
    _exit(own[100 * PAGE]);
  }
  int wrong = 0;
  for (int i = 0; i < 20; i++) {
    char answer;
    own[i * PAGE] = 33;
    write(down[1], "x", 1);
    read(up[0], &answer, 1);
    wrong += answer != 2;
    wrong += own[i * PAGE] != 33;
    own[100 * PAGE] += 2;
  }
  int status;
  waitpid(child, &status, 0);
  printf("together: %d wrong, parent %d child %d\n", wrong, own[100 * PAGE], WEXITSTATUS(status));
}

static void others(void) {
  char *area = map(4, MAP_PRIVATE);
  strcpy(area, "parent's text");
  fflush(stdout);
  int ready[2];
  pipe(ready);
  pid_t child = fork();
  if (!child) {
    strcpy(area, "child's text!");
    write(ready[1], "x", 1);
    pause();
  }
  char buffer[64] = "";
  read(ready[0], buffer, 1);
  struct iovec local = {buffer, 13}, remote = {area, 13};
  printf("readv: %zd", process_vm_readv(child, &local, 1, &remote, 1, 0));
  printf(" %s, here %s\n", buffer, area);
  local = (struct iovec){"written", 8};
  printf("writev: %zd\n", process_vm_writev(child, &local, 1, &remote, 1, 0));
  local = (struct iovec){buffer, 13};
  process_vm_readv(child, &local, 1, &remote, 1, 0);
  printf("now %s, here %s\n", buffer, area);
  remote = (struct iovec){area + 3 * PAGE + 4090, 20};
  local = (struct iovec){buffer, 20};
  munmap(area + 4 * PAGE, PAGE);
  remote.iov_base = (void *)16;
  say("bad address", process_vm_readv(child, &local, 1, &remote, 1, 0));
  say("bad flags", process_vm_readv(child, &local, 1, &remote, 1, 1));
  say("no process", process_vm_readv(0x3fffffff, &local, 1, &remote, 1, 0));
  say("too many", process_vm_readv(child, &local, 1, &remote, 2000, 0));
  kill(child, SIGKILL);
  waitpid(child, NULL, 0);
}

int main(void) {
  remapping();
  advising();
  forking();
  others();
  printf("membarrier: %d\n", syscall(SYS_membarrier, 0, 0, 0) > 0);
  say("membarrier unregistered", syscall(SYS_membarrier, 8, 0, 0));
  say("membarrier register", syscall(SYS_membarrier, 16, 0, 0));
  say("membarrier", syscall(SYS_membarrier, 8, 0, 0));
  say("membarrier unknown", syscall(SYS_membarrier, 1 << 20, 0, 0));
  say("membarrier flags", syscall(SYS_membarrier, 0, 1 << 5, 0));
  say("pkey_free", syscall(SYS_pkey_free, 5));
  return 0;
}
