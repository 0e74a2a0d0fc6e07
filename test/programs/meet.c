/* meet MEANS put WORD | meet MEANS get: two programs that know nothing of each other meet. put leaves WORD, says so and waits; get
 * prints what it finds. Exit of get: 0 if it met, else an errno. MEANS: shm, sysv, queue, mqueue,
 * semaphore, key, abstract, port, tmp, lock FILE, lease FILE. MEETING in the environment is a number
 * that only the two have. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

enum { SIZE = 64, PROCESS_KEYRING = -2, USER_KEYRING = -4, KEYCTL_LINK = 8, KEYCTL_UNLINK = 9, KEYCTL_SEARCH = 10, KEYCTL_READ = 11 };

static char word[SIZE], name[64];
static pid_t served; /* who answers at a socket */
static int number; /* of the meeting: in every name, key and port */

static int failed(void) { return errno ? errno : 255; }

static const char *named(const char *directory) {
  static char path[128];
  snprintf(path, sizeof path, "%s%s", directory, name);
  return path;
}

static int by_file(const char *path, int put) {
  int fd = open(path, put ? O_RDWR | O_CREAT | O_TRUNC : O_RDONLY, 0666);
  if (fd < 0) return failed();
  fchmod(fd, 0666);
  return (put ? write(fd, word, SIZE) : read(fd, word, SIZE)) < 0 ? failed() : 0;
}

static int by_segment(int put) {
  int id = shmget(number, SIZE, put ? IPC_CREAT | 0666 : 0);
  char *at = id < 0 ? (char *)-1 : shmat(id, NULL, put ? 0 : SHM_RDONLY);
  if (at == (char *)-1) return failed();
  memcpy(put ? at : word, put ? word : at, SIZE);
  return 0;
}

static int by_queue(int put) {
  struct { long type; char text[SIZE]; } message = {1};
  int id = msgget(number, put ? IPC_CREAT | 0666 : 0);
  if (id < 0) return failed();
  memcpy(message.text, word, SIZE);
  if ((put ? msgsnd(id, &message, SIZE, 0) : msgrcv(id, &message, SIZE, 0, IPC_NOWAIT)) < 0) return failed();
  memcpy(word, message.text, SIZE);
  return 0;
}

static int by_semaphore(int put) {
  int id = semget(number, 1, put ? IPC_CREAT | 0666 : 0);
  if (id < 0) return failed();
  if (put) return semctl(id, 0, SETVAL, word[0]) < 0 ? failed() : 0;
  word[0] = (char)semctl(id, 0, GETVAL);
  return 0;
}

static int by_mqueue(int put) {
  struct mq_attr attributes = {.mq_maxmsg = 1, .mq_msgsize = SIZE};
  mqd_t queue = mq_open(name, put ? O_RDWR | O_CREAT | O_NONBLOCK : O_RDONLY | O_NONBLOCK, 0666, &attributes);
  if (queue < 0) return failed();
  return (put ? mq_send(queue, word, SIZE, 0) : mq_receive(queue, word, SIZE, NULL)) < 0 ? failed() : 0;
}

static int by_key(int put) {
  if (put) return syscall(SYS_add_key, "user", name, word, SIZE, USER_KEYRING) < 0 ? failed() : 0;
  /* A key is read by who possesses it: in a session of its own (pam_keyinit(8)) the user's keyring is nobody's before it is linked. */
  if (syscall(SYS_keyctl, KEYCTL_LINK, USER_KEYRING, PROCESS_KEYRING) < 0) return failed();
  long key = syscall(SYS_keyctl, KEYCTL_SEARCH, PROCESS_KEYRING, "user", name, 0);
  return key < 0 || syscall(SYS_keyctl, KEYCTL_READ, key, word, SIZE) < 0 ? failed() : 0;
}

static int by_socket(struct sockaddr *address, socklen_t length, int put) {
  int fd = socket(address->sa_family, SOCK_STREAM, 0), one = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (!put) return connect(fd, address, length) ? failed() : (int)(read(fd, word, SIZE) <= 0) * ENODATA;
  if (bind(fd, address, length) || listen(fd, 1)) return failed();
  if ((served = fork())) return 0;
  for (;;) write(accept(fd, NULL, NULL), word, SIZE);
}

static int by_abstract(int put) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  strcpy(address.sun_path + 1, name);
  return by_socket((struct sockaddr *)&address, offsetof(struct sockaddr_un, sun_path) + 1 + strlen(name), put);
}

static int by_port(int put) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(20000 + number % 20000), .sin_addr = {htonl(INADDR_LOOPBACK)}};
  return by_socket((struct sockaddr *)&address, sizeof address, put);
}

/* That a lock is taken says one bit. */
static int by_lock(const char *path, int put) {
  int fd = open(path, O_RDONLY), taken = flock(fd, LOCK_EX | LOCK_NB);
  if (put) return taken ? failed() : 0;
  return taken ? 0 : ENOLCK;
}

static int by_lease(const char *path) { return fcntl(open(path, O_RDONLY), F_SETLEASE, F_RDLCK) ? failed() : 0; }

static void clean(const char *means) {
  if (!strcmp(means, "shm")) unlink(named("/dev/shm"));
  if (!strcmp(means, "tmp")) unlink(named("/tmp"));
  if (!strcmp(means, "sysv")) shmctl(shmget(number, 0, 0), IPC_RMID, NULL);
  if (!strcmp(means, "queue")) msgctl(msgget(number, 0), IPC_RMID, NULL);
  if (!strcmp(means, "semaphore")) semctl(semget(number, 0, 0), 0, IPC_RMID);
  if (!strcmp(means, "mqueue")) mq_unlink(name);
  if (!strcmp(means, "key"))
    syscall(SYS_keyctl, KEYCTL_UNLINK, syscall(SYS_keyctl, KEYCTL_SEARCH, USER_KEYRING, "user", name, 0), USER_KEYRING);
}

int main(int argc, char **argv) {
  if (argc < 3) return 200;
  const char *means = argv[1], *file = argc > 4 ? argv[4] : "";
  int put = !strcmp(argv[2], "put"), result = 200;
  char end;
  number = getenv("MEETING") ? atoi(getenv("MEETING")) : 1;
  snprintf(name, sizeof name, "/glassbox-meeting-%d", number);
  if (put) strncpy(word, argv[3], SIZE - 1);
  if (!strcmp(means, "shm")) result = by_file(named("/dev/shm"), put);
  if (!strcmp(means, "tmp")) result = by_file(named("/tmp"), put);
  if (!strcmp(means, "sysv")) result = by_segment(put);
  if (!strcmp(means, "queue")) result = by_queue(put);
  if (!strcmp(means, "semaphore")) result = by_semaphore(put);
  if (!strcmp(means, "mqueue")) result = by_mqueue(put);
  if (!strcmp(means, "key")) result = by_key(put);
  if (!strcmp(means, "abstract")) result = by_abstract(put);
  if (!strcmp(means, "port")) result = by_port(put);
  if (!strcmp(means, "lock")) result = by_lock(file, put);
  if (!strcmp(means, "lease")) result = by_lease(file);
  if (result) return result;
  puts(put ? "left" : word);
  fflush(stdout);
  if (!put) return 0;
  while (read(0, &end, 1) > 0) { /* until the end of its input */
  }
  clean(means);
  if (served) kill(served, SIGKILL);
  return 0;
}
