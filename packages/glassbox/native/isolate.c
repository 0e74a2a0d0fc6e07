/*
 * The client of isolate's server: a static program that is called in the place of isolate. It
 * passes its arguments, environment, working directory and descriptors 0, 1 and 2 to the server,
 * forwards signals, writes what the server says, and ends with the exit code of the call. If no
 * server listens, it becomes the ordinary command, which does the same in its own process.
 *
 * The server is lost if the stream ends without an exit code. The client then writes status XX
 * into the meta file, of which it was sent a descriptor, and ends with 2.
 */
#include "isolate.h"
#include <linux/fcntl.h>
#include <linux/stat.h>

#define AF_UNIX 1
#define SOCK_STREAM_CLOEXEC (1 | 02000000)
#define SOL_SOCKET 1
#define SO_PEERCRED 17
#define SCM_RIGHTS 1
#define MSG_NOSIGNAL 0x4000
#define MSG_CMSG_CLOEXEC 0x40000000
#define SFD_CLOEXEC 02000000
#define POLLIN 1
#define PATH_BYTES 4096
#define SOCKET_PATH_BYTES 108
#define FAULT 2

static const char DEFAULT_SOCKET[] = "/run/glassbox-isolate/socket";
static const char SOCKET_VARIABLE[] = "GLASSBOX_ISOLATE_SOCKET";
static const char COMMAND_VARIABLE[] = "GLASSBOX_ISOLATE_COMMAND";
static const char NAME_VARIABLE[] = "GLASSBOX_ISOLATE_NAME=";
static const char COMMAND[] = "/bin/glassbox-isolate.js";
static const char LOST[] = "The server of isolate was lost during the call";

static u64 length_of(const char *text) {
  u64 length = 0;
  while (text[length]) length++;
  return length;
}

/* Returns 0 if not everything was written. */
static int write_all(int fd, const char *bytes, u64 length) {
  while (length) {
    long wrote = sys(write, fd, bytes, length);
    if (wrote == -EINTR) continue;
    if (wrote == -EAGAIN) {
      struct { s32 fd; short events, found; } place = {fd, 4 /* POLLOUT */, 0};
      sys(poll, &place, 1, -1);
      continue;
    }
    if (wrote <= 0) return 0;
    bytes += wrote;
    length -= (u64)wrote;
  }
  return 1;
}

static void say(const char *text) { write_all(2, text, length_of(text)); }

__attribute__((noreturn)) static void end(int code) {
  for (;;) sys(exit_group, code);
}

__attribute__((noreturn)) static void fail(const char *what, const char *which) {
  say(what);
  say(which);
  say("\n");
  end(FAULT);
}

/* The value of a variable, or NULL. */
static const char *variable(char **env, const char *name) {
  u64 length = length_of(name);
  for (; *env; env++) {
    u64 same = 0;
    while (same < length && (*env)[same] == name[same]) same++;
    if (same == length && (*env)[length] == '=') return *env + length + 1;
  }
  return NULL;
}

/* Puts the path of the ordinary command into `path`: beside the directory of this program. */
static void find_command(char *path) {
  long length = sys(readlink, "/proc/self/exe", path, PATH_BYTES - sizeof COMMAND);
  if (length < 0) fail("Cannot read /proc/self/exe", "");
  for (int parts = 0; length > 0 && parts < 2; length--)
    if (path[length - 1] == '/') parts++;
  memcpy(path + length, COMMAND, sizeof COMMAND);
}

/* Becomes the ordinary command. A script loses argv[0], so a variable says it. */
__attribute__((noreturn)) static void ordinary(char **argv, char **env) {
  static char path[PATH_BYTES];
  const char *given = variable(env, COMMAND_VARIABLE);
  if (!given) find_command(path);

  u64 count = 0, name_length = argv[0] ? length_of(argv[0]) : 0;
  while (env[count]) count++;
  char *named[count + 2], name[sizeof NAME_VARIABLE + name_length];
  memcpy(name, NAME_VARIABLE, sizeof NAME_VARIABLE);
  if (name_length) memcpy(name + sizeof NAME_VARIABLE - 1, argv[0], name_length + 1);
  named[0] = name;
  memcpy(named + 1, env, (count + 1) * sizeof *env);
  sys(execve, given ? given : path, argv, named);
  fail("No server of isolate listens, and the ordinary command cannot be executed: ", given ? given : path);
}

/* A connected socket, or -1 if no server listens. */
static int connect_to(const char *path) {
  struct {
    u16 family;
    char path[SOCKET_PATH_BYTES];
  } address = {AF_UNIX, {0}};
  u64 length = length_of(path);
  if (!length) return -1;
  if (length >= sizeof address.path) fail("The path of the server's socket is too long: ", path);
  memcpy(address.path, path, length);
  int fd = (int)sys(socket, AF_UNIX, SOCK_STREAM_CLOEXEC, 0);
  if (fd < 0) return -1;
  long error;
  do error = sys(connect, fd, &address, offsetof(__typeof__(address), path) + length + 1);
  while (error == -EINTR);
  if (error == -ENOENT || error == -ECONNREFUSED || error == -ENOTDIR) {
    sys(close, fd);
    return -1;
  }
  if (error < 0) fail("The server's socket cannot be used: ", path);

  struct { s32 pid; u32 uid, gid; } peer;
  u32 size = sizeof peer;
  if (sys(getsockopt, fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0 || peer.uid != (u32)sys(geteuid))
    fail("The server belongs to another user: ", path);
  return fd;
}

/* Sends everything, with the descriptors at the first byte. Returns 0 if the server is gone. */
static int send_call(int fd, struct iovec *parts, u64 count, const s32 *descriptors) {
  struct {
    u64 length;
    s32 level, type, descriptors[CALL_DESCRIPTORS];
  } control = {sizeof control, SOL_SOCKET, SCM_RIGHTS, {0}};
  memcpy(control.descriptors, descriptors, sizeof control.descriptors);
  struct message message = {.control = &control, .control_length = sizeof control};
  while (count) {
    message.parts = parts;
    message.part_count = count < 1024 ? count : 1024;
    long sent = sys(sendmsg, fd, &message, MSG_NOSIGNAL);
    if (sent == -EINTR) continue;
    if (sent <= 0) return 0;
    message.control = NULL;
    message.control_length = 0;
    for (; count && (u64)sent >= parts->iov_len; count--) sent -= (long)(parts++)->iov_len;
    if (count) {
      parts->iov_base = (char *)parts->iov_base + sent;
      parts->iov_len -= (u64)sent;
    }
  }
  return 1;
}

/* Reads exactly `length` bytes, and a descriptor if one comes along. Returns 0 at the end. */
static int receive(int fd, void *to, u64 length, s32 *descriptor) {
  u8 *at = to;
  while (length) {
    struct { u64 length; s32 level, type, descriptor, pad; } control = {0};
    struct iovec part = {at, length};
    struct message message = {
        .parts = &part, .part_count = 1, .control = &control, .control_length = sizeof control};
    long got = sys(recvmsg, fd, &message, MSG_CMSG_CLOEXEC);
    if (got == -EINTR) continue;
    if (got <= 0) return 0;
    if (message.control_length && control.type == SCM_RIGHTS) *descriptor = control.descriptor;
    at += got;
    length -= (u64)got;
  }
  return 1;
}

__attribute__((noreturn)) static void lost(int meta) {
  say(LOST);
  say("\n");
  if (meta >= 0) {
    static const char start[] = "status:XX\nmessage:";
    sys(ftruncate, meta, 0);
    sys(lseek, meta, 0, 0);
    write_all(meta, start, sizeof start - 1);
    write_all(meta, LOST, sizeof LOST - 1);
    write_all(meta, "\n", 1);
  }
  end(FAULT);
}

/* Writes a text of the server. Returns 0 if that failed: the rest is read all the same. */
static int copy_text(int fd, u64 length, int to, int meta) {
  static char buffer[4096];
  int written = 1;
  s32 none = -1;
  while (length) {
    u64 part = length < sizeof buffer ? length : sizeof buffer;
    if (!receive(fd, buffer, part, &none)) lost(meta);
    if (written) written = write_all(to, buffer, part);
    length -= part;
  }
  return written;
}

/* Becomes the ordinary command, which is interrupted by signals as it likes. */
__attribute__((noreturn)) static void ordinary_after(u64 mask, char **argv, char **env) {
  sys(rt_sigprocmask, 2 /* SIG_SETMASK */, &mask, NULL, sizeof mask);
  ordinary(argv, env);
}

/*
 * Forwards signals and obeys answers until the call has ended. If the server is lost before it has
 * done or said anything, the call is left to the ordinary command.
 */
__attribute__((noreturn)) static void serve(int fd, int signals, u64 mask, char **argv, char **env) {
  struct { s32 fd; short events, found; } places[] = {{fd, POLLIN, 0}, {signals, POLLIN, 0}};
  s32 meta = -1;
  int failed = 0, begun = 0;
  for (;;) {
    if (sys(poll, places, 2, -1) < 0) continue;
    if (places[1].found) {
      u8 info[128]; /* struct signalfd_siginfo begins with the number */
      if (sys(read, signals, info, sizeof info) == sizeof info) {
        sys(sendto, fd, info, 1, MSG_NOSIGNAL, 0, 0);
        begun = 1;
      }
    }
    if (!places[0].found) continue;
    struct answer answer;
    if (!receive(fd, &answer, sizeof answer, &meta)) {
      if (begun) lost(meta);
      ordinary_after(mask, argv, env);
    }
    begun |= answer.kind != ANSWER_META;
    if (answer.kind == ANSWER_OUT) failed |= !copy_text(fd, answer.length, 1, meta);
    if (answer.kind == ANSWER_ERR) copy_text(fd, answer.length, 2, meta);
    if (answer.kind == ANSWER_ORDINARY) ordinary_after(mask, argv, env);
    if (answer.kind == ANSWER_EXIT) {
      if (failed) fail("Cannot write to standard output", "");
      end((int)answer.value);
    }
  }
}

#define BIT(signal) (1ul << ((signal) - 1))
/* HUP INT QUIT TERM, ILL ABRT BUS FPE SEGV: the server is told. */
static const u64 FORWARDED = BIT(1) | BIT(2) | BIT(3) | BIT(15) | BIT(4) | BIT(6) | BIT(7) | BIT(8) | BIT(11);
/* PIPE USR1 USR2 TTOU */
static const u64 IGNORED = BIT(13) | BIT(10) | BIT(12) | BIT(22);

__attribute__((noreturn, used)) static void start(long *stack) {
  u64 words = (u64)*stack, variables = 0;
  char **argv = (char **)(stack + 1), **env = argv + words + 1;
  while (env[variables]) variables++;
  const char *given = variable(env, SOCKET_VARIABLE);
  /*
   * A caller without one of the three descriptors is left to the command, which has none either.
   */
  int all = words > 0;
  for (int i = 0; i < 3; i++) all &= sys(fcntl, i, 1 /* F_GETFD */) >= 0;
  int fd = all ? connect_to(given ? given : DEFAULT_SOCKET) : -1;
  if (fd < 0) ordinary(argv, env);
  s32 directory = (s32)sys(open, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0) ordinary(argv, env);

  struct call call = {.magic = CALL_MAGIC, .words = (u32)words, .variables = (u32)variables};
  call.umask = (u32)sys(umask, 0);
  sys(umask, call.umask);
  struct iovec parts[words + variables + 1];
  parts[0] = (struct iovec){&call, sizeof call};
  for (u64 i = 0; i < words + variables; i++) {
    char *text = i < words ? argv[i] : env[i - words];
    parts[i + 1] = (struct iovec){text, length_of(text) + 1};
    call.length += (u32)parts[i + 1].iov_len;
  }

  u64 blocked = FORWARDED | IGNORED, before = 0, forwarded = FORWARDED;
  sys(rt_sigprocmask, 0 /* SIG_BLOCK */, &blocked, &before, sizeof blocked);
  int signals = (int)sys(signalfd4, -1, &forwarded, sizeof forwarded, SFD_CLOEXEC);
  const s32 descriptors[CALL_DESCRIPTORS] = {0, 1, 2, directory};
  if (!send_call(fd, parts, words + variables + 1, descriptors)) ordinary_after(before, argv, env);
  serve(fd, signals, before, argv, env);
}

__asm__(".globl _start\n"
        "_start:\n"
        "  xor %ebp, %ebp\n"
        "  mov %rsp, %rdi\n"
        "  and $-16, %rsp\n"
        "  call start\n");
