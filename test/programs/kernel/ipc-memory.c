/* Segments of shared memory: shmget, shmat, shmdt, shmctl. */
#define _GNU_SOURCE
#include "ipc-report.h"
#include <fcntl.h>
#include <setjmp.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/resource.h>

enum { PAGE = 4096, SIZE = 3 * PAGE + 100 };

static sigjmp_buf back;

static void caught(int number) {
  siglongjmp(back, number);
}

static void stat_of(const char *name, int id) {
  struct shmid_ds found;
  if (report(name, shmctl(id, IPC_STAT, &found)) != 0) return;
  printf("  size %zu, %lu attached, mode %o, key %s, creator %s, attached %s, detached %s\n",
         found.shm_segsz, (unsigned long)found.shm_nattch, found.shm_perm.mode,
         found.shm_perm.__key == 0 ? "private" : "set", found.shm_cpid == maker ? "maker" : "other",
         found.shm_atime != 0 ? "yes" : "no", found.shm_dtime != 0 ? "yes" : "no");
  fflush(stdout);
}

/* The result of an attachment: only whether it is one. */
static void *attach(const char *name, int id, const void *at, int flags) {
  void *found = shmat(id, at, flags);
  report(name, found == (void *)-1 ? -1 : 0);
  return found;
}

static void keys(void) {
  key_t key = 0x67620000 + (getpid() & 0xffff);
  report("no such key", shmget(key, SIZE, 0600));
  report("no size", shmget(key, 0, IPC_CREAT | 0600));
  report("far too large", shmget(key, SIZE_MAX, IPC_CREAT | 0600));
  int id = keep(SEGMENT, shmget(key, SIZE, IPC_CREAT | IPC_EXCL | 0640));
  fact("made by key", id >= 0);
  fact("found by key", shmget(key, 0, 0) == id);
  fact("found with a smaller size", shmget(key, SIZE - 1, IPC_CREAT | 0600) == id);
  report("with a larger size", shmget(key, SIZE + 1, 0600));
  report("exclusively", shmget(key, SIZE, IPC_CREAT | IPC_EXCL | 0600));
  stat_of("by key", id);
  report("removal", shmctl(id, IPC_RMID, 0));
  report("removal again", shmctl(id, IPC_RMID, 0));
  report("key after removal", shmget(key, SIZE, 0600));
}

static void writes_in_child(int id) {
  char *at = shmat(id, 0, 0);
  printf("child reads %s\n", at);
  strcpy(at + PAGE, "from the child");
  stat_of("in the child", id);
}

static void inherits(int id) {
  stat_of("a fork attaches", id);
}

static void executes(int id) {
  (void)id;
  execl("/bin/true", "true", NULL);
}

static void lives(void) {
  int id = keep(SEGMENT, shmget(IPC_PRIVATE, SIZE, IPC_CREAT | 0600));
  stat_of("new", id);
  char *first = attach("attach", id, 0, 0);
  fact("zeroed", first[0] == 0 && first[SIZE - 1] == 0 && first[4 * PAGE - 1] == 0);
  strcpy(first, "from the parent");
  char *second = attach("attach again", id, 0, 0);
  fact("the same memory", first != second && strcmp(second, "from the parent") == 0);
  stat_of("twice", id);
  in_child(writes_in_child, id);
  printf("parent reads %s\n", first + PAGE);
  in_child(inherits, id);
  in_child(executes, id);
  stat_of("after the children", id);
  report("detach", shmdt(second));
  report("detach again", shmdt(second));
  report("detach what is not attached", shmdt(&id));
  report("detach nothing", shmdt((void *)PAGE));
  report("removal", shmctl(id, IPC_RMID, 0));
  stat_of("marked", id);
  second = attach("attach what is marked", id, 0, 0);
  fact("still there", strcmp(second, "from the parent") == 0);
  report("detach one", shmdt(first));
  stat_of("one left", id);
  report("detach the last", shmdt(second));
  stat_of("gone", id);
  attach("attach what is gone", id, 0, 0);
}

static void places(void) {
  int id = keep(SEGMENT, shmget(IPC_PRIVATE, SIZE, IPC_CREAT | 0600));
  char *room = mmap(0, 16 * PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  attach("no alignment", id, room + 1, 0);
  attach("occupied", id, room, 0);
  attach("occupied, rounded", id, room + 1, SHM_RND);
  attach("replacing nothing", id, 0, SHM_REMAP);
  fact("replacing", attach("replace", id, room + PAGE, SHM_REMAP) == room + PAGE);
  fact("what is before is as it was", room[0] == 0);
  room[PAGE] = 'x';
  report("detach", shmdt(room + PAGE));
  attach("the first page", id, (void *)1, SHM_RND);
  munmap(room, 16 * PAGE);
  fact("at a free place", attach("free", id, room + 5, SHM_RND) == room);
  fact("what was written", room[0] == 'x');
  report("a hole", munmap(room + PAGE, PAGE));
  report("detach around a hole", shmdt(room));
  fact("all gone", msync(room, PAGE, MS_ASYNC) == -1 && msync(room + 2 * PAGE, PAGE, MS_ASYNC) == -1);
  attach("not an id", -1, 0, 0);
  attach("an unknown id", id + 32768 * 100, 0, 0);
  report("not a command", shmctl(id, 77, 0));
  report("stat to nowhere", shmctl(id, IPC_STAT, (void *)8));
  report("set from nowhere", shmctl(id, IPC_SET, (void *)8));
  setrlimit(RLIMIT_MEMLOCK, &(struct rlimit){0, 0});
  report("lock without a right to lock", shmctl(id, SHM_LOCK, 0));
  report("unlock", shmctl(id, SHM_UNLOCK, 0));
  report("removal", shmctl(id, IPC_RMID, 0));
}

static void rights(void) {
  int id = keep(SEGMENT, shmget(IPC_PRIVATE, SIZE, IPC_CREAT | 0600));
  char *own = attach("to read and write", id, 0, 0);
  char *reads = attach("to read", id, 0, SHM_RDONLY);
  own[7] = 'y';
  fact("what the other wrote", reads[7] == 'y');
  struct sigaction action = {.sa_handler = caught, .sa_flags = SA_NODEFER};
  sigaction(SIGSEGV, &action, 0);
  int number = sigsetjmp(back, 1);
  if (number == 0) *(volatile char *)reads = 1;
  fact("writing it is SIGSEGV", number == SIGSEGV);
  report("mprotect to write", mprotect(reads, PAGE, PROT_READ | PROT_WRITE));
  struct shmid_ds wanted;
  shmctl(id, IPC_STAT, &wanted);
  wanted.shm_perm.mode = 0400;
  report("set the mode", shmctl(id, IPC_SET, &wanted));
  stat_of("now", id);
  if (getuid() != 0) attach("to write, without the right", id, 0, 0);
  attach("to read, with the right", id, 0, SHM_RDONLY);
  if (getuid() != 0) attach("to execute, without the right", id, 0, SHM_RDONLY | SHM_EXEC);
  wanted.shm_perm.mode = 0;
  report("set no mode", shmctl(id, IPC_SET, &wanted));
  if (getuid() != 0) report("stat without the right", shmctl(id, IPC_STAT, &wanted));
  report("removal", shmctl(id, IPC_RMID, 0));
}

int main(void) {
  begin();
  keys();
  lives();
  places();
  rights();
  return 0;
}
