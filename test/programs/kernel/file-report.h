/* How the programs about files report: for each call its result or the name of its error. */
#define _GNU_SOURCE
#include "clean-start.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

static long report(const char *what, long result) {
  int error = errno;
  if (result < 0) printf("%s: %s\n", what, strerrorname_np(error));
  else printf("%s: %ld\n", what, result);
  fflush(stdout);
  return result;
}

/* For results that differ from run to run: whether it worked. */
static long worked(const char *what, long result) {
  report(what, result < 0 ? result : 0);
  return result;
}

#define R(call) report(#call, (long)(call))
#define W(call) worked(#call, (long)(call))

static int make(const char *name, const char *text) {
  int fd = open(name, O_RDWR | O_CREAT | O_TRUNC, 0644);
  if (text) write(fd, text, strlen(text));
  return fd;
}
