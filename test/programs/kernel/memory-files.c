/* Mappings of files that are truncated, get holes or move their contents: what each kind shows. */
#define _GNU_SOURCE
#include "clean-start.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096
#define PAGES 6

static sigjmp_buf back;
static void faulted(int signal) { siglongjmp(back, signal); }

/* The byte at an address, or a letter for the signal. */
static void show(const char *address) {
  int signal = sigsetjmp(back, 1);
  if (signal == 0) printf(" %d", *(volatile const char *)address);
  else printf(" %s", signal == SIGBUS ? "bus" : "segv");
}

static int file;
static char *shared, *twin, *copied, *unread;

/* The first and the last byte of each page. */
static void show_all(const char *when) {
  char *views[] = {shared, twin, copied, unread};
  static const char *const names[] = {"shared", "twin", "copied", "unread"};
  printf("%s\n", when);
  for (int view = 0; view < 4; view++) {
    printf("  %s:", names[view]);
    for (int page = 0; page < PAGES; page++) {
      show(views[view] + page * PAGE);
      show(views[view] + page * PAGE + PAGE - 1);
    }
    printf("\n");
  }
  char read[PAGES * PAGE];
  memset(read, 99, sizeof read);
  long count = pread(file, read, sizeof read, 0);
  printf("  read %ld:", count);
  for (int page = 0; page < PAGES; page++) printf(" %d %d", read[page * PAGE], read[page * PAGE + PAGE - 1]);
  printf("\n");
}

static void say(const char *name, long result) {
  printf("%s: %s\n", name, result < 0 ? strerrorname_np(errno) : "ok");
}

/*
 * A file of 1 2 3 4 5 6. Of the private mappings one has copies of the pages 1 to 4, with 40 more
 * in them; the other one has only pages of the file.
 */
static void fresh(int where) {
  file = where == 0 ? memfd_create("mapped", 0) : open("mapped", O_RDWR | O_CREAT | O_TRUNC, 0600);
  char page[PAGE];
  for (int index = 0; index < PAGES; index++) {
    memset(page, index + 1, PAGE);
    pwrite(file, page, PAGE, index * PAGE);
  }
  shared = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  twin = mmap(NULL, PAGES * PAGE, PROT_READ, MAP_SHARED, file, 0);
  copied = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, file, 0);
  unread = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, file, 0);
  for (int index = 1; index < 5; index++) memset(copied + index * PAGE, 41 + index, PAGE);
  for (int index = 0; index < PAGES; index += 2) (void)*(volatile char *)(unread + index * PAGE);
}

static void done(void) {
  munmap(shared, PAGES * PAGE);
  munmap(twin, PAGES * PAGE);
  munmap(copied, PAGES * PAGE);
  munmap(unread, PAGES * PAGE);
  close(file);
}

static void truncating(void) {
  say("shorter", ftruncate(file, 2 * PAGE));
  show_all("two pages");
  say("longer", ftruncate(file, PAGES * PAGE));
  show_all("six pages again");
  copied[3 * PAGE] = 50;
  shared[4 * PAGE] = 60;
  show_all("written again");
}

static void truncating_within(void) {
  say("shorter", ftruncate(file, 2 * PAGE + 100));
  show_all("within the third page");
  say("longer", ftruncate(file, 3 * PAGE));
  show_all("three pages");
  say("to nothing", ftruncate(file, 0));
  show_all("nothing");
  say("six", ftruncate(file, PAGES * PAGE));
  show_all("six pages");
}

static void punching(void) {
  say("a page", fallocate(file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, PAGE, PAGE));
  show_all("a hole of a page");
  say("halves", fallocate(file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 2 * PAGE + 2048, 2 * PAGE));
  show_all("a hole from half to half");
  shared[PAGE] = 70;
  unread[3 * PAGE] = 71;
  show_all("written into the holes");
  say("beyond the end", fallocate(file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 5 * PAGE, 4 * PAGE));
  show_all("the last page");
}

static void punching_what_was_written(void) {
  memset(shared, 30, PAGES * PAGE);
  say("punch", fallocate(file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 2 * PAGE));
  show_all("a hole at the start of what was written");
  memset(shared, 31, PAGE);
  say("msync", msync(shared, PAGES * PAGE, MS_SYNC));
  show_all("written again");
}

static void removing(void) {
  say("shared", madvise(shared + PAGE, 2 * PAGE, MADV_REMOVE));
  show_all("removed");
  say("private", madvise(copied + 3 * PAGE, PAGE, MADV_REMOVE));
  say("forgotten", madvise(copied + 3 * PAGE, PAGE, MADV_DONTNEED));
  show_all("removed and forgotten");
}

static void moving_contents(void) {
  say("zero", fallocate(file, FALLOC_FL_ZERO_RANGE, PAGE, PAGE));
  show_all("zeroed");
  say("zero without a size", fallocate(file, FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE, 2 * PAGE + 10, PAGE));
  show_all("zeroed from within");
  say("collapse", fallocate(file, FALLOC_FL_COLLAPSE_RANGE, 2 * PAGE, PAGE));
  show_all("collapsed");
  say("insert", fallocate(file, FALLOC_FL_INSERT_RANGE, PAGE, PAGE));
  show_all("inserted");
}

static void allocating(void) {
  struct stat now;
  say("shorter", ftruncate(file, PAGE));
  say("allocate", fallocate(file, 0, 0, 3 * PAGE));
  fstat(file, &now);
  printf("size %ld\n", (long)now.st_size);
  show_all("allocated");
  say("keep", fallocate(file, FALLOC_FL_KEEP_SIZE, 0, PAGES * PAGE));
  fstat(file, &now);
  printf("size %ld\n", (long)now.st_size);
  show_all("allocated beyond the end");
  say("longer", ftruncate(file, PAGES * PAGE));
  show_all("longer");
}

/* The child's truncation is the parent's as well, and the pages that both still share. */
static void by_a_child(void) {
  fflush(stdout);
  pid_t child = fork();
  if (child == 0) {
    copied[4 * PAGE] = 33;
    ftruncate(file, 2 * PAGE);
    show_all("the child's");
    ftruncate(file, PAGES * PAGE);
    copied[3 * PAGE] = 34;
    show_all("the child's, six pages");
    fflush(stdout);
    _exit(0);
  }
  waitpid(child, NULL, 0);
  show_all("the parent's");
  copied[2 * PAGE] = 35;
  show_all("the parent's, written");
}

/* Mappings that were split, moved and made read-only lose their copies too. */
static void of_many_parts(void) {
  mprotect(copied + 2 * PAGE, PAGE, PROT_READ);
  mprotect(copied + 4 * PAGE, PAGE, PROT_NONE);
  char *away = mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  char *moved = mremap(copied + 3 * PAGE, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, away);
  char *behind = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, file, 5 * PAGE);
  behind[0] = 45;
  ftruncate(file, PAGE);
  ftruncate(file, PAGES * PAGE);
  mprotect(copied + 4 * PAGE, PAGE, PROT_READ);
  show_all("of many parts");
  printf("  moved:");
  show(moved);
  printf(" behind:");
  show(behind);
  printf("\n");
  munmap(moved, PAGE);
  munmap(behind, PAGE);
}

/* Opening with O_TRUNC is a truncation; writing makes it longer again. */
static void opened_anew(void) {
  char path[64];
  snprintf(path, sizeof path, "/proc/self/fd/%d", file);
  int second = open(path, O_RDWR | O_TRUNC);
  say("open", second);
  show_all("opened anew");
  char page[PAGE];
  memset(page, 80, PAGE);
  pwrite(second, page, PAGE, 3 * PAGE);
  show_all("written at the fourth page");
  close(second);
}

static const struct {
  const char *name;
  void (*run)(void);
} parts[] = {
  {"truncating", truncating},
  {"truncating within a page", truncating_within},
  {"punching", punching},
  {"punching what was written", punching_what_was_written},
  {"removing", removing},
  {"moving contents", moving_contents},
  {"allocating", allocating},
  {"by a child", by_a_child},
  {"of many parts", of_many_parts},
  {"opened anew", opened_anew},
};

int main(void) {
  struct sigaction action = {.sa_handler = faulted};
  sigaction(SIGBUS, &action, NULL);
  sigaction(SIGSEGV, &action, NULL);
  for (int where = 0; where < 2; where++)
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
      printf("%s, %s\n", where == 0 ? "memory" : "a file", parts[i].name);
      fresh(where);
      parts[i].run();
      done();
    }
  unlink("mapped");
  return 0;
}
