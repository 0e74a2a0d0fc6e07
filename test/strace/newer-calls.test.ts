/**
 * Calls of Linux 6.2 and newer, which Debian's strace 6.1 does not know, are told as strace 7.2
 * tells them. The lines stand here; what a kernel answers is left out.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { program } from '../support/programs.js'
import { strace } from './support/strace.js'

const LINES = [
  'cachestat(-1, {off=0x1000, len=5}, NULL, 0)',
  'map_shadow_stack(NULL, 4096, SHADOW_STACK_SET_TOKEN|SHADOW_STACK_SET_MARKER|0x4)',
  'mseal(0x1, 4096, 0x1)',
  'statmount({size=24, mnt_id=0x1, param=STATMOUNT_SB_BASIC|STATMOUNT_MNT_BASIC}, NULL, 0, 0x1)',
  'listmount({size=32, mnt_id=LSMT_ROOT, param=0x7, mnt_ns_id=0x9}, NULL, 0, LISTMOUNT_REVERSE|0x2)',
  'lsm_set_self_attr(LSM_ATTR_CURRENT, {id=LSM_ID_APPARMOR, flags=0x1, len=32, ctx_len=0}, 32, 0x1)',
  'lsm_list_modules(NULL, NULL, 0x3)',
  'setxattrat(-1, "x", AT_SYMLINK_NOFOLLOW, "user.a", {value="text", size=4, flags=XATTR_CREATE}, 16)',
  'listxattrat(-1, "x", AT_SYMLINK_NOFOLLOW|AT_EMPTY_PATH, NULL, 0)',
  'removexattrat(-1, "x", 0, "user.a")',
  'open_tree_attr(-1, "x", OPEN_TREE_CLONE, ' +
    '{attr_set=MOUNT_ATTR_RDONLY, attr_clr=0, propagation=0 /* MS_??? */, userns_fd=0}, 32)',
  'file_getattr(-1, "x", NULL, 24, AT_SYMLINK_NOFOLLOW)',
  'file_setattr(-1, "x", {fa_xflags=FS_XFLAG_PREALLOC, fa_extsize=3, fa_projid=0x5, fa_cowextsize=6}, 24, 0)',
  'file_setattr(-1, "x", ADDRESS, 16, 0)',
]

test('calls of newer kernels are told with their structs and names', () => {
  const { err } = strace(
    '-e',
    'trace=/cachestat|shadow|mseal|mount$|lsm_|xattrat|_attr$|file_',
    program('newer-calls'),
  )
  const told = err.split('\n').map(line => line.replace(/\) += .*/, ')').replace(/0x7f[0-9a-f]+/, 'ADDRESS'))
  assert.deepEqual(
    told.filter(line => /^\w+\(/.test(line)),
    LINES,
  )
})
