/*
 * How the functions of the gate take arguments from JavaScript and give numbers back. Nothing here
 * asks the kernel for anything.
 */
#include "gate.h"

napi_value throw_type(napi_env env, const char *message) {
  napi_throw_type_error(env, "ERR_INVALID_ARG_TYPE", message);
  return NULL;
}

int get_arguments(napi_env env, napi_callback_info info, size_t wanted, napi_value *arguments) {
  size_t count = MAX_ARGUMENTS;
  if (napi_get_cb_info(env, info, &count, arguments, NULL, NULL) != napi_ok) return 0;
  if (count >= wanted) return 1;
  throw_type(env, "glassbox's gate: too few arguments");
  return 0;
}

/* The bytes of any view of an ArrayBuffer. */
int get_bytes(napi_env env, napi_value value, struct bytes *bytes) {
  bool is = false;
  size_t offset;
  napi_value buffer;
  napi_typedarray_type type;
  static const u8 sizes[] = {1, 1, 1, 2, 2, 4, 4, 4, 8, 8, 8};
  if (napi_is_typedarray(env, value, &is) != napi_ok || !is) return 0;
  if (napi_get_typedarray_info(env, value, &type, &bytes->length, (void **)&bytes->data, &buffer, &offset) != napi_ok)
    return 0;
  if ((size_t)type >= sizeof sizes) return 0;
  bytes->length *= sizes[type];
  return 1;
}

int get_integer(napi_env env, napi_value value, s64 *integer) {
  napi_valuetype type;
  bool lossless;
  if (napi_typeof(env, value, &type) != napi_ok) return 0;
  if (type == napi_number) return napi_get_value_int64(env, value, integer) == napi_ok;
  if (type == napi_bigint) return napi_get_value_bigint_int64(env, value, integer, &lossless) == napi_ok;
  return 0;
}

napi_value number(napi_env env, s64 value) {
  napi_value result = NULL;
  napi_create_int64(env, value, &result);
  return result;
}
