/*
 * The flags of V8. Node's module for them, node:v8, loads its streams first, which takes
 * milliseconds.
 */
#include "gate.h"

/*
 * v8::V8::SetFlagsFromString(const char *, size_t) of Node. It is weak, so that the gate loads
 * without it.
 */
__attribute__((weak)) extern void _ZN2v82V818SetFlagsFromStringEPKcm(const char *flags, u64 length);

/*
 * setFlags(flags: Uint8Array): as setFlagsFromString of node:v8. Returns 0, or -ENOSYS if this
 * Node has no such function.
 */
napi_value gate_set_flags(napi_env env, napi_callback_info info) {
  napi_value arguments[MAX_ARGUMENTS];
  struct bytes flags;
  if (!get_arguments(env, info, 1, arguments)) return NULL;
  if (!get_bytes(env, arguments[0], &flags)) return throw_type(env, "setFlags() takes the bytes of flags");
  if (!_ZN2v82V818SetFlagsFromStringEPKcm) return number(env, -ENOSYS);
  _ZN2v82V818SetFlagsFromStringEPKcm((const char *)flags.data, flags.length);
  return number(env, 0);
}
