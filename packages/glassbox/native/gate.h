/*
 * What the files of the gate share: how they take arguments from JavaScript, and the functions of
 * trace.c and supervise.c.
 */
#ifndef GLASSBOX_GATE_H
#define GLASSBOX_GATE_H

#include "sys.h"
#include <js_native_api.h>
#include <node_api.h>

#define MAX_ARGUMENTS 8

struct bytes {
  u8 *data;
  size_t length;
};

/* get_arguments throws if there are too few; the others return 0, and their caller throws. */
napi_value throw_type(napi_env env, const char *message);
int get_arguments(napi_env env, napi_callback_info info, size_t wanted, napi_value *arguments);
int get_bytes(napi_env env, napi_value value, struct bytes *bytes);
int get_integer(napi_env env, napi_value value, s64 *integer);
napi_value number(napi_env env, s64 value);

/* close-at-exit.c */
napi_value gate_close_at_exit(napi_env env, napi_callback_info info);

/* trace.c */
napi_value gate_install_wake(napi_env env, napi_callback_info info);
napi_value gate_take_signals(napi_env env, napi_callback_info info);
napi_value gate_trace_step(napi_env env, napi_callback_info info);
napi_value gate_read_memory(napi_env env, napi_callback_info info);
napi_value gate_write_memory(napi_env env, napi_callback_info info);

/* supervise.c */
napi_value gate_supervise_step(napi_env env, napi_callback_info info);
napi_value gate_end_at_exit(napi_env env, napi_callback_info info);

#endif
