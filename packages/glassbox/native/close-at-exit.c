/*
 * Closes descriptors of a Node thread that ends without running JavaScript again, for example by
 * worker.terminate(). Node closes what its own modules have opened. Descriptors of raw calls are
 * flagged in an array of JavaScript, and closed here.
 *
 * The array belongs to JavaScript. It is kept by a reference, and the hook runs before the
 * thread's heap is taken down.
 */
#include "gate.h"

/* gate/descriptors.ts is the other side. */
#define FLAGS 65536

static void close_flagged(void *flags) {
  for (int fd = 0; fd < FLAGS; fd++)
    if (((u8 *)flags)[fd]) sys(close, fd);
}

/*
 * closeAtExit(flags: Uint8Array(65536)): at the end of this environment, closes each descriptor
 * whose flag is not 0.
 */
napi_value gate_close_at_exit(napi_env env, napi_callback_info info) {
  napi_value arguments[MAX_ARGUMENTS];
  struct bytes flags;
  napi_ref kept;
  if (!get_arguments(env, info, 1, arguments)) return NULL;
  if (!get_bytes(env, arguments[0], &flags) || flags.length != FLAGS)
    return throw_type(env, "closeAtExit() takes a Uint8Array of 65536 flags");
  if (napi_create_reference(env, arguments[0], 1, &kept) != napi_ok ||
      napi_add_env_cleanup_hook(env, close_flagged, flags.data) != napi_ok)
    return throw_type(env, "closeAtExit() cannot be registered");
  return number(env, 0);
}
