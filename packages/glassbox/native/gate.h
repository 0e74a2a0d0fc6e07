/*
 * What the files of the gate share: the functions of arguments.c, owned.c, readable.c,
 * unchanged.c, wake.c, trace.c, start.c, supervise.c and guest.c.
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

/*
 * arguments.c. get_arguments throws if there are too few; the others return 0, and their caller
 * throws.
 */
napi_value throw_type(napi_env env, const char *message);
int get_arguments(napi_env env, napi_callback_info info, size_t wanted, napi_value *arguments);
int get_bytes(napi_env env, napi_value value, struct bytes *bytes);
int get_integer(napi_env env, napi_value value, s64 *integer);
napi_value number(napi_env env, s64 value);

/*
 * owned.c. own_from_now_on is called once for each environment and returns 0 on failure. What a
 * raw call opens, closes or reaps is noted by the two functions around it.
 */
int own_from_now_on(napi_env env);
void own_descriptor(napi_env env, s64 fd);
void own_child(napi_env env, s64 pid);
void own_timer(napi_env env, s64 timer); /* one at a time */
void disown_child(napi_env env, s64 pid);
void before_call(napi_env env, s64 number, const s64 *arguments);
void after_call(napi_env env, s64 number, const s64 *arguments, s64 result);
napi_value gate_hand_over(napi_env env, napi_callback_info info);

/* readable.c */
napi_value gate_watch_readable(napi_env env, napi_callback_info info);
napi_value gate_hold_loop(napi_env env, napi_callback_info info);
napi_value gate_pause_watch(napi_env env, napi_callback_info info);
napi_value gate_unwatch(napi_env env, napi_callback_info info);

/* unchanged.c */
napi_value gate_first_changed(napi_env env, napi_callback_info info);

/* flags.c */
napi_value gate_set_flags(napi_env env, napi_callback_info info);

/* wake.c */
napi_value gate_install_wake(napi_env env, napi_callback_info info);
napi_value gate_take_signals(napi_env env, napi_callback_info info);

/* trace.c */
napi_value gate_trace_step(napi_env env, napi_callback_info info);
napi_value gate_read_memory(napi_env env, napi_callback_info info);
napi_value gate_write_memory(napi_env env, napi_callback_info info);

/* start.c */
napi_value gate_start_seized(napi_env env, napi_callback_info info);
napi_value gate_end_start(napi_env env, napi_callback_info info);

/* supervise.c */
napi_value gate_supervise_step(napi_env env, napi_callback_info info);
napi_value gate_end_at_exit(napi_env env, napi_callback_info info);

/* guest.c */
napi_value gate_guest_step(napi_env env, napi_callback_info info);
napi_value gate_guest_batch(napi_env env, napi_callback_info info);
napi_value gate_guest_extended(napi_env env, napi_callback_info info);
napi_value gate_guest_sleep(napi_env env, napi_callback_info info);
napi_value gate_guest_timer(napi_env env, napi_callback_info info);
napi_value gate_map_memory(napi_env env, napi_callback_info info);
napi_value gate_read_cycles(napi_env env, napi_callback_info info);

#endif
