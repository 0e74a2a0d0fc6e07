/* Sets of semaphores: semget, semop, semtimedop, semctl. */
#define _GNU_SOURCE
#include "ipc-report.h"

union semun {
  int val;
  struct semid_ds *buf;
  unsigned short *array;
};

static int new_set(int size) {
  return keep(SET, semget(IPC_PRIVATE, size, IPC_CREAT | 0600));
}

static int do_op(int id, int number, int change, int flags) {
  struct sembuf operation = {number, change, flags};
  return semop(id, &operation, 1);
}

static void values(const char *name, int id, int size) {
  unsigned short found[8] = {0};
  report(name, semctl(id, 0, GETALL, found));
  for (int i = 0; i < size; i++) printf(" %d", found[i]);
  printf("\n");
  fflush(stdout);
}

static void keys(void) {
  key_t key = 0x67630000 + (getpid() & 0xffff);
  report("no such key", semget(key, 1, 0600));
  report("no size", semget(key, 0, IPC_CREAT | 0600));
  report("a negative size", semget(key, -1, IPC_CREAT | 0600));
  report("far too many", semget(key, 1 << 30, IPC_CREAT | 0600));
  int id = keep(SET, semget(key, 3, IPC_CREAT | IPC_EXCL | 0600));
  fact("made by key", id >= 0);
  fact("found by key", semget(key, 0, 0) == id);
  report("too many for it", semget(key, 4, 0600));
  report("exclusively", semget(key, 3, IPC_CREAT | IPC_EXCL | 0600));
  report("removal", semctl(id, 0, IPC_RMID));
  report("removal again", semctl(id, 0, IPC_RMID));
  report("operation on what is gone", do_op(id, 0, 1, 0));
}

static void control(void) {
  int id = new_set(4);
  struct semid_ds found;
  report("stat", semctl(id, 0, IPC_STAT, &found));
  printf("%lu semaphores, mode %o, otime %s, ctime %s\n", (unsigned long)found.sem_nsems,
         found.sem_perm.mode, found.sem_otime ? "set" : "none", found.sem_ctime ? "set" : "none");
  report("set one", semctl(id, 1, SETVAL, 5));
  report("get it", semctl(id, 1, GETVAL));
  report("its process is this one", semctl(id, 1, GETPID) == getpid());
  report("no process", semctl(id, 0, GETPID));
  report("too large", semctl(id, 1, SETVAL, 32768));
  report("negative", semctl(id, 1, SETVAL, -1));
  report("the largest", semctl(id, 1, SETVAL, 32767));
  report("beyond", semctl(id, 4, SETVAL, 1));
  report("before", semctl(id, -1, GETVAL));
  unsigned short wanted[4] = {1, 2, 3, 4};
  report("set all", semctl(id, 0, SETALL, wanted));
  values("all", id, 4);
  wanted[2] = 40000;
  report("one too large", semctl(id, 0, SETALL, wanted));
  report("from nowhere", semctl(id, 0, SETALL, (void *)8));
  report("to nowhere", semctl(id, 0, GETALL, (void *)8));
  report("stat to nowhere", semctl(id, 0, IPC_STAT, (void *)8));
  report("not a command", semctl(id, 0, 99, 0));
  report("not an id", semctl(-1, 0, GETVAL));
  report("an unknown id", semctl(id + 32768 * 100, 0, GETVAL));
  report("do", do_op(id, 0, 1, 0));
  semctl(id, 0, IPC_STAT, &found);
  fact("time of the operation", found.sem_otime != 0);
  found.sem_perm.mode = 0400;
  report("set the mode", semctl(id, 0, IPC_SET, &found));
  if (getuid() != 0) {
    report("change without the right", do_op(id, 0, 1, 0));
    report("wait for zero with the right", do_op(id, 0, 0, IPC_NOWAIT));
    report("set without the right", semctl(id, 0, SETVAL, 1));
    found.sem_perm.mode = 0;
    report("no mode", semctl(id, 0, IPC_SET, &found));
    report("get without the right", semctl(id, 0, GETVAL));
  }
  report("removal", semctl(id, 0, IPC_RMID));
}

static void operations(void) {
  int id = new_set(3);
  report("no operations", semop(id, 0, 0));
  struct sembuf many[501] = {{0}};
  report("too many operations", semop(id, many, 501));
  report("as many as there may be", semop(id, many, 500));
  report("from nowhere", semop(id, (void *)8, 1));
  report("no such semaphore", do_op(id, 3, 1, 0));
  report("more", do_op(id, 0, 3, 0));
  report("less", do_op(id, 0, -2, 0));
  report("less than there is, at once", do_op(id, 0, -2, IPC_NOWAIT));
  report("zero, at once", do_op(id, 0, 0, IPC_NOWAIT));
  report("zero of another", do_op(id, 1, 0, 0));
  struct sembuf all[] = {{0, -1, IPC_NOWAIT}, {1, 4, IPC_NOWAIT}, {2, -1, IPC_NOWAIT}};
  report("all or nothing", semop(id, all, 3));
  values("nothing", id, 3);
  struct sembuf same[] = {{0, 0, IPC_NOWAIT}, {0, 1, 0}};
  report("zero and more, not zero", semop(id, same, 2));
  do_op(id, 0, -1, 0);
  report("zero and more", semop(id, same, 2));
  struct sembuf lock[] = {{1, 0, 0}, {1, 1, SEM_UNDO}, {2, 7, 0}};
  report("lock and more", semop(id, lock, 3));
  values("after it", id, 3);
  report("above the largest", do_op(id, 2, 32767, 0));
  struct timespec soon = {0, 2000000}, wrong = {0, 1000000000}, none = {0, 0};
  struct sembuf waits = {0, -9, 0};
  report("time runs out", semtimedop(id, &waits, 1, &soon));
  report("no time", semtimedop(id, &waits, 1, &none));
  report("not a time", semtimedop(id, &waits, 1, &wrong));
  report("a time from nowhere", semtimedop(id, &waits, 1, (void *)8));
  report("removal", semctl(id, 0, IPC_RMID));
}

static void takes_two(int id) {
  report("child takes two", do_op(id, 0, -2, 0));
}

static void waits_for_zero(int id) {
  report("child waits for zero", do_op(id, 1, 0, 0));
}

static void waits_forever(int id) {
  report("child waits for what is removed", do_op(id, 2, -1, 0));
}

static void until(int id, int number, int command, int wanted) {
  while (semctl(id, number, command) != wanted) nap();
}

static void waiting(void) {
  int id = new_set(3);
  pid_t child = beside(takes_two, id);
  until(id, 0, GETNCNT, 1);
  report("waiting for more", semctl(id, 0, GETNCNT));
  report("waiting for zero", semctl(id, 0, GETZCNT));
  report("one is not enough", do_op(id, 0, 1, 0));
  report("still waiting", semctl(id, 0, GETNCNT));
  report_after(child, "two are", do_op(id, 0, 1, 0));
  report("its process is the child", semctl(id, 0, GETPID) == child);
  report("left", semctl(id, 0, GETVAL));
  semctl(id, 1, SETVAL, 2);
  child = beside(waits_for_zero, id);
  until(id, 1, GETZCNT, 1);
  report("not zero", do_op(id, 1, -1, 0));
  report("waiting for zero", semctl(id, 1, GETZCNT));
  report_after(child, "zero", semctl(id, 1, SETVAL, 0));
  child = beside(waits_forever, id);
  until(id, 2, GETNCNT, 1);
  report_after(child, "removal", semctl(id, 0, IPC_RMID));
}

static void nothing(int number) {
  (void)number;
}

static void interrupted_child(int id) {
  struct sigaction action = {.sa_handler = nothing, .sa_flags = SA_RESTART};
  sigaction(SIGUSR1, &action, 0);
  report("a handler ends it, restarting or not", do_op(id, 0, -1, 0));
}

static void undoes(int id) {
  do_op(id, 0, 3, SEM_UNDO);
  do_op(id, 1, -2, SEM_UNDO);
  do_op(id, 2, 4, SEM_UNDO);
  do_op(id, 2, -1, SEM_UNDO);
  values("in the child", id, 4);
}

static void undoes_below(int id) {
  do_op(id, 3, 5, SEM_UNDO);
  do_op(id, 3, -4, 0);
}

static void undo_is_cleared(int id) {
  do_op(id, 0, 7, SEM_UNDO);
  semctl(id, 0, SETVAL, 9);
}

static void dies_with_lock(int id) {
  do_op(id, 0, -1, SEM_UNDO);
  raise(SIGKILL);
}

static void too_much_undo(int id) {
  report("undo", do_op(id, 0, -30000, SEM_UNDO));
  do_op(id, 0, 30000, 0);
  report("more undo than there may be", do_op(id, 0, -30000, SEM_UNDO));
}

static void passes_on(int id) {
  do_op(id, 0, 2, SEM_UNDO);
  in_child(takes_two, id);
  fflush(stdout);
  execl("/bin/true", "true", NULL);
}

static void undoing(void) {
  int id = new_set(4);
  semctl(id, 1, SETVAL, 2);
  pid_t child = beside(interrupted_child, id);
  until(id, 0, GETNCNT, 1);
  kill(child, SIGUSR1);
  finish(child);
  report("nobody waits", semctl(id, 0, GETNCNT));
  semctl(id, 1, SETVAL, 2);
  in_child(undoes, id);
  values("undone", id, 4);
  in_child(undoes_below, id);
  values("not below zero", id, 4);
  in_child(undo_is_cleared, id);
  values("SETVAL clears it", id, 4);
  semctl(id, 0, SETVAL, 1);
  in_child(dies_with_lock, id);
  values("a killed holder gives it back", id, 4);
  semctl(id, 0, SETVAL, 30000);
  in_child(too_much_undo, id);
  semctl(id, 0, SETVAL, 0);
  in_child(passes_on, id);
  values("undone after execve", id, 4);
  report("removal", semctl(id, 0, IPC_RMID));
}

/* Four processes add to one number under one lock. */
static int *shared;

static void adds(int id) {
  for (int i = 0; i < 200; i++) {
    do_op(id, 0, -1, SEM_UNDO);
    *(volatile int *)shared += 1;
    do_op(id, 0, 1, SEM_UNDO);
  }
}

static void locking(void) {
  int segment = keep(SEGMENT, shmget(IPC_PRIVATE, 4096, IPC_CREAT | 0600));
  shared = shmat(segment, 0, 0);
  shmctl(segment, IPC_RMID, 0);
  int id = new_set(1);
  semctl(id, 0, SETVAL, 1);
  pid_t children[4];
  for (int i = 0; i < 4; i++) children[i] = beside(adds, id);
  for (int i = 0; i < 4; i++) finish(children[i]);
  printf("sum %d, lock %d\n", *shared, semctl(id, 0, GETVAL));
  report("removal", semctl(id, 0, IPC_RMID));
}

int main(void) {
  begin();
  keys();
  control();
  operations();
  waiting();
  undoing();
  locking();
  return 0;
}
