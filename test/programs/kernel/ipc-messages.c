/* Queues of messages: msgget, msgsnd, msgrcv, msgctl. */
#define _GNU_SOURCE
#include "ipc-report.h"

struct message {
  long type;
  char text[9000];
};

static struct message buffer;

static int new_queue(void) {
  return keep(QUEUE, msgget(IPC_PRIVATE, IPC_CREAT | 0600));
}

static long put(int id, long type, const char *text, int flags) {
  struct message message = {.type = type};
  strcpy(message.text, text);
  return msgsnd(id, &message, strlen(text), flags);
}

static void get(const char *name, int id, size_t size, long type, int flags) {
  memset(&buffer, 0, sizeof buffer);
  long length = report(name, msgrcv(id, &buffer, size, type, flags));
  if (length >= 0) printf("  type %ld: %s\n", buffer.type, buffer.text);
  fflush(stdout);
}

static void stat_of(const char *name, int id) {
  struct msqid_ds found;
  if (report(name, msgctl(id, IPC_STAT, &found)) != 0) return;
  printf("  %lu messages, %lu of %lu bytes, mode %o, sender %s, receiver %s\n",
         (unsigned long)found.msg_qnum, (unsigned long)found.__msg_cbytes,
         (unsigned long)found.msg_qbytes, found.msg_perm.mode,
         found.msg_lspid == 0 ? "none" : found.msg_lspid == maker ? "maker" : "other",
         found.msg_lrpid == 0 ? "none" : found.msg_lrpid == maker ? "maker" : "other");
  fflush(stdout);
}

static void keys(void) {
  key_t key = 0x67640000 + (getpid() & 0xffff);
  report("no such key", msgget(key, 0600));
  int id = keep(QUEUE, msgget(key, IPC_CREAT | IPC_EXCL | 0600));
  fact("made by key", id >= 0);
  fact("found by key", msgget(key, 0) == id);
  report("exclusively", msgget(key, IPC_CREAT | IPC_EXCL | 0600));
  report("removal", msgctl(id, IPC_RMID, 0));
  report("removal again", msgctl(id, IPC_RMID, 0));
  report("send to what is gone", put(id, 1, "x", 0));
  get("receive from what is gone", id, 10, 0, 0);
}

static void fill(int id) {
  put(id, 3, "three", 0);
  put(id, 1, "one", 0);
  put(id, 2, "two", 0);
  put(id, 1, "one again", 0);
  put(id, 5, "five", 0);
}

static void selecting(void) {
  int id = new_queue();
  stat_of("new", id);
  get("empty", id, 100, 0, IPC_NOWAIT);
  fill(id);
  stat_of("filled", id);
  get("the first", id, 100, 0, 0);
  get("of a type", id, 100, 2, 0);
  get("of no such type", id, 100, 9, IPC_NOWAIT);
  get("of another type", id, 100, 1, MSG_EXCEPT);
  get("the least type up to 4", id, 100, -4, 0);
  get("too long", id, 3, 0, IPC_NOWAIT);
  get("too long, cut", id, 3, 0, IPC_NOWAIT | MSG_NOERROR);
  get("all are gone", id, 3, 0, IPC_NOWAIT);
  fill(id);
  get("up to the largest type", id, 100, (long)(1UL << 63), 0);
  get("no room at all", id, 0, 3, MSG_NOERROR);
  stat_of("some are left", id);
  report("removal", msgctl(id, IPC_RMID, 0));
}

static void refusing(void) {
  int id = new_queue();
  report("type 0", put(id, 0, "x", 0));
  report("a negative type", put(id, -1, "x", 0));
  struct message message = {.type = 1};
  report("too long", msgsnd(id, &message, 8193, 0));
  report("a negative length", msgsnd(id, &message, -1, 0));
  report("from nowhere", msgsnd(id, (void *)8, 1, 0));
  report("not an id", msgsnd(-1, &message, 1, 0));
  report("an unknown id", msgsnd(id + 32768 * 100, &message, 1, 0));
  report("nothing", msgsnd(id, &message, 0, 0));
  get("nothing", id, 100, 0, 0);
  put(id, 1, "lost", 0);
  report("to nowhere", msgrcv(id, (void *)8, 100, 0, 0));
  get("it is lost", id, 100, 0, IPC_NOWAIT);
  report("a negative size", msgrcv(id, &buffer, -1, 0, IPC_NOWAIT));
  report("as long as may be", msgsnd(id, &message, 8192, 0));
  report("and again", msgsnd(id, &message, 8192, IPC_NOWAIT));
  report("and once too often", msgsnd(id, &message, 1, IPC_NOWAIT));
  report("nothing has room", msgsnd(id, &message, 0, IPC_NOWAIT));
  stat_of("full", id);
  report("not a command", msgctl(id, 99, 0));
  report("stat to nowhere", msgctl(id, IPC_STAT, (void *)8));
  report("set from nowhere", msgctl(id, IPC_SET, (void *)8));
  struct msqid_ds wanted;
  msgctl(id, IPC_STAT, &wanted);
  wanted.msg_qbytes = 10;
  report("a smaller queue", msgctl(id, IPC_SET, &wanted));
  wanted.msg_qbytes = 1 << 20;
  if (getuid() != 0) report("a larger queue than a user may have", msgctl(id, IPC_SET, &wanted));
  wanted.msg_qbytes = 100;
  wanted.msg_perm.mode = 0400;
  report("to read only", msgctl(id, IPC_SET, &wanted));
  if (getuid() != 0) report("send without the right", put(id, 1, "x", IPC_NOWAIT));
  wanted.msg_perm.mode = 0200;
  report("to write only", msgctl(id, IPC_SET, &wanted));
  if (getuid() != 0) get("receive without the right", id, 100, 0, IPC_NOWAIT);
  report("removal", msgctl(id, IPC_RMID, 0));
}

static void receives(int id) {
  get("child receives type 7", id, 100, 7, 0);
}

static void receives_short(int id) {
  get("child has no room for it", id, 2, 7, 0);
}

static void sends(int id) {
  struct message message = {.type = 2};
  strcpy(message.text, "from the child");
  report("child sends at last", msgsnd(id, &message, 8000, 0));
}

static void nothing(int number) {
  (void)number;
}

static void interrupted_child(int id) {
  struct sigaction action = {.sa_handler = nothing, .sa_flags = SA_RESTART};
  sigaction(SIGUSR1, &action, 0);
  put(id, 9, "ready", 0);
  get("a handler ends it", id, 100, 7, 0);
}

static void waiting(void) {
  int id = new_queue();
  pid_t child = beside(receives, id);
  until_asleep(child);
  report("another type", put(id, 6, "six", 0));
  report_after(child, "its type", put(id, 7, "seven", 0));
  stat_of("one is left", id);
  child = beside(receives_short, id);
  until_asleep(child);
  report_after(child, "a long one", put(id, 7, "too long", 0));
  get("is left", id, 100, 7, IPC_NOWAIT);
  get("is left too", id, 100, 6, IPC_NOWAIT);
  struct message message = {.type = 1};
  msgsnd(id, &message, 8192, 0);
  msgsnd(id, &message, 8192, 0);
  child = beside(sends, id);
  until_asleep(child);
  report_after(child, "room", msgrcv(id, &buffer, 8192, 0, 0));
  report("its message", msgrcv(id, &buffer, 8192, 2, 0));
  printf("%s\n", buffer.text);
  report("the first", msgrcv(id, &buffer, 8192, 1, 0));
  child = beside(interrupted_child, id);
  get("it is ready", id, 100, 9, 0);
  until_asleep(child);
  kill(child, SIGUSR1);
  finish(child);
  child = beside(receives, id);
  until_asleep(child);
  report_after(child, "removal", msgctl(id, IPC_RMID, 0));
}

/* A hundred messages there and back. */
static void answers(int id) {
  for (int i = 0; i < 100; i++) {
    struct message message;
    msgrcv(id, &message, 100, 1, 0);
    message.type = 2;
    message.text[0]++;
    msgsnd(id, &message, 1, 0);
  }
}

static void exchanging(void) {
  int id = new_queue(), sum = 0;
  pid_t child = beside(answers, id);
  for (int i = 0; i < 100; i++) {
    struct message message = {.type = 1, .text = {(char)i}};
    msgsnd(id, &message, 1, 0);
    msgrcv(id, &message, 100, 2, 0);
    sum += message.text[0];
  }
  finish(child);
  printf("sum %d\n", sum);
  report("removal", msgctl(id, IPC_RMID, 0));
}

int main(void) {
  begin();
  keys();
  selecting();
  refusing();
  waiting();
  exchanging();
  return 0;
}
