/*
 * Whether files are what they were: statx(2) of each, in one call of JavaScript, because a process
 * looks at some hundred of them at its start.
 */
#include "gate.h"
#include <linux/fcntl.h>
#include <linux/stat.h>

#define NS_PER_SECOND 1000000000

/* The time at which the inode was changed last, in ns; 0 if there is none, or no such file. */
static u64 change_time(const u8 *path) {
  struct statx state = {0};
  if (sys(statx, AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, STATX_CTIME, &state) != 0) return 0;
  return (u64)state.stx_ctime.tv_sec * NS_PER_SECOND + state.stx_ctime.tv_nsec;
}

/*
 * firstChanged(paths, times): the index of the first path whose time is another one, or -1. Each
 * path ends with a NUL; each time has 8 bytes. A path beyond the last time counts as changed.
 */
napi_value gate_first_changed(napi_env env, napi_callback_info info) {
  napi_value arguments[2];
  struct bytes paths, times;
  if (!get_arguments(env, info, 2, arguments)) return NULL;
  if (!get_bytes(env, arguments[0], &paths) || !get_bytes(env, arguments[1], &times))
    return throw_type(env, "firstChanged() takes two typed arrays");
  if (paths.length > 0 && paths.data[paths.length - 1] != 0)
    return throw_type(env, "firstChanged() takes paths that end with a NUL");
  size_t index = 0;
  for (size_t at = 0; at < paths.length; index++) {
    u64 time = 0;
    if (index < times.length / sizeof time) memcpy(&time, times.data + index * sizeof time, sizeof time);
    if (time == 0 || change_time(paths.data + at) != time) return number(env, (s64)index);
    while (paths.data[at] != 0) at++;
    at++;
  }
  return number(env, -1);
}
