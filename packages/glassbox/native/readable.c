/*
 * Tells JavaScript when a descriptor can be read, by the event loop of its thread. Node's own way
 * is a socket or pipe of node:net, which takes longer to load than most programs run.
 *
 * Who owns what: the descriptor stays the caller's, who closes it after unwatch(). A watch owns
 * its libuv handle and its memory, which libuv gives back when the handle is closed: by unwatch(),
 * or by the hook of the environment when its thread ends.
 */
#include "gate.h"

/* The part of libuv that is used. Its ABI is the same in all versions 1.x. */
struct uv_loop_s;
typedef struct uv_handle { void *data; } uv_handle; /* the first member of every handle */
enum { UV_POLL = 8, UV_READABLE = 1 };
extern size_t uv_handle_size(int type);
extern int uv_poll_init(struct uv_loop_s *loop, uv_handle *handle, int fd);
extern int uv_poll_start(uv_handle *handle, int events, void (*ready)(uv_handle *, int status, int events));
extern int uv_poll_stop(uv_handle *handle);
extern void uv_close(uv_handle *handle, void (*closed)(uv_handle *));
extern void uv_ref(uv_handle *handle);
extern void uv_unref(uv_handle *handle);
extern void *malloc(size_t size);
extern void free(void *memory);

struct watch {
  napi_env env;
  napi_ref callback;
  napi_async_cleanup_hook_handle hook;
  bool closing;
  _Alignas(16) u8 handle[];
};

static uv_handle *handle_of(struct watch *watch) {
  return (uv_handle *)watch->handle;
}

/*
 * The descriptor can be read, has reached its end, or has failed: reading tells which. After a
 * failure (status), libuv does not call again.
 */
static void ready(uv_handle *handle, int status, int events) {
  (void)status, (void)events;
  struct watch *watch = handle->data;
  napi_env env = watch->env;
  napi_handle_scope scope;
  napi_value callback, global, error;
  if (napi_open_handle_scope(env, &scope) != napi_ok) return;
  if (napi_get_reference_value(env, watch->callback, &callback) == napi_ok &&
      napi_get_global(env, &global) == napi_ok &&
      napi_make_callback(env, NULL, global, callback, 0, NULL, NULL) == napi_pending_exception &&
      napi_get_and_clear_last_exception(env, &error) == napi_ok)
    napi_fatal_exception(env, error);
  napi_close_handle_scope(env, scope);
}

static void closed(uv_handle *handle) {
  struct watch *watch = handle->data;
  napi_remove_async_cleanup_hook(watch->hook);
  free(watch);
}

/* From here on, `ready` is not called any more. */
static void stop(struct watch *watch) {
  if (watch->closing) return;
  watch->closing = true;
  uv_close(handle_of(watch), closed);
}

/* The thread ends. Its loop runs until every such handle is closed. */
static void end(napi_async_cleanup_hook_handle hook, void *data) {
  (void)hook;
  stop(data);
}

static struct watch *watch_of(napi_env env, napi_value value) {
  void *watch = NULL;
  return napi_get_value_external(env, value, &watch) == napi_ok ? watch : NULL;
}

/*
 * watchReadable(fd, callback): an object for the three functions below, or -errno. The callback is
 * called whenever the descriptor can be read, also at its end and after an error. The descriptor
 * gets O_NONBLOCK.
 */
napi_value gate_watch_readable(napi_env env, napi_callback_info info) {
  napi_value arguments[MAX_ARGUMENTS], result = NULL;
  napi_valuetype type;
  s64 fd;
  struct uv_loop_s *loop;
  if (!get_arguments(env, info, 2, arguments)) return NULL;
  if (!get_integer(env, arguments[0], &fd) || napi_typeof(env, arguments[1], &type) != napi_ok || type != napi_function)
    return throw_type(env, "watchReadable() takes a descriptor and a function");
  struct watch *watch = malloc(sizeof *watch + uv_handle_size(UV_POLL));
  if (!watch) return number(env, -ENOMEM);
  *watch = (struct watch){.env = env};
  int failed = napi_get_uv_event_loop(env, &loop) == napi_ok ? uv_poll_init(loop, handle_of(watch), (int)fd) : -EINVAL;
  if (failed) {
    free(watch);
    return number(env, failed);
  }
  handle_of(watch)->data = watch;
  if (napi_add_async_cleanup_hook(env, end, watch, &watch->hook) != napi_ok ||
      napi_create_reference(env, arguments[1], 1, &watch->callback) != napi_ok ||
      napi_create_external(env, watch, NULL, NULL, &result) != napi_ok) {
    stop(watch);
    return number(env, -ENOMEM);
  }
  failed = uv_poll_start(handle_of(watch), UV_READABLE, ready);
  if (failed) stop(watch);
  return failed ? number(env, failed) : result;
}

/* Takes a watch and a boolean. Returns NULL after throwing. */
static struct watch *watch_and_flag(napi_env env, napi_callback_info info, bool *flag) {
  napi_value arguments[MAX_ARGUMENTS];
  if (!get_arguments(env, info, 2, arguments)) return NULL;
  struct watch *watch = watch_of(env, arguments[0]);
  if (watch && napi_get_value_bool(env, arguments[1], flag) == napi_ok) return watch;
  throw_type(env, "holdLoop() and pauseWatch() take a watch and a boolean");
  return NULL;
}

/* holdLoop(watch, hold): whether the watch keeps the event loop running. */
napi_value gate_hold_loop(napi_env env, napi_callback_info info) {
  bool hold;
  struct watch *watch = watch_and_flag(env, info, &hold);
  if (!watch) return NULL;
  if (hold) uv_ref(handle_of(watch));
  else uv_unref(handle_of(watch));
  return number(env, 0);
}

/* pauseWatch(watch, paused): whether nothing is called for now. */
napi_value gate_pause_watch(napi_env env, napi_callback_info info) {
  bool paused;
  struct watch *watch = watch_and_flag(env, info, &paused);
  if (!watch) return NULL;
  return number(env, paused ? uv_poll_stop(handle_of(watch)) : uv_poll_start(handle_of(watch), UV_READABLE, ready));
}

/* unwatch(watch): ends it. It must not be used afterwards. */
napi_value gate_unwatch(napi_env env, napi_callback_info info) {
  napi_value arguments[MAX_ARGUMENTS];
  if (!get_arguments(env, info, 1, arguments)) return NULL;
  struct watch *watch = watch_of(env, arguments[0]);
  if (!watch) return throw_type(env, "unwatch() takes a watch");
  napi_delete_reference(env, watch->callback);
  stop(watch);
  return number(env, 0);
}
