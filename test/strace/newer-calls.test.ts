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
  'map_shadow_stack(NULL, 4096, SHADOW_STACK_SET_TOKEN|0x6)',
  'mseal(0x1, 4096, 0x1)',
  'statmount({size=24, mnt_ns_fd=0, mnt_id=0x1, param=STATMOUNT_SB_BASIC|STATMOUNT_MNT_BASIC}, NULL, 0, ' +
    'STATMOUNT_BY_FD)',
  'listmount({size=32, mnt_ns_fd=0, mnt_id=LSMT_ROOT, param=0x7, mnt_ns_id=0x9}, NULL, 0, ' +
    'LISTMOUNT_REVERSE|0x2)',
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

/** The calls without their results; addresses of the stack have one name. */
const callsOf = (text: string): readonly string[] =>
  text
    .split('\n')
    .map(line => line.replace(/\) += .*/, ')').replace(/0x7f[0-9a-f]+/, 'ADDRESS'))
    .filter(line => /^\w+\(/.test(line))

test('calls of newer kernels are told with their structs and names', () => {
  const { err } = strace(
    '-e',
    'trace=/cachestat|shadow|mseal|mount$|lsm_|xattrat|_attr$|file_',
    program('newer-calls'),
  )
  assert.deepEqual(callsOf(err), LINES)
})

/** What a guest asks with the names of 6.2 to 7.2, each call answered with 0 by the tracer. */
const NAMES = [
  'landlock_create_ruleset({handled_access_fs=LANDLOCK_ACCESS_FS_IOCTL_DEV|' +
    'LANDLOCK_ACCESS_FS_RESOLVE_UNIX}, 8, 0)',
  'landlock_create_ruleset({handled_access_fs=LANDLOCK_ACCESS_FS_IOCTL_DEV|' +
    'LANDLOCK_ACCESS_FS_RESOLVE_UNIX, handled_access_net=LANDLOCK_ACCESS_NET_BIND_TCP|' +
    'LANDLOCK_ACCESS_NET_CONNECT_TCP}, 16, LANDLOCK_CREATE_RULESET_ERRATA)',
  'landlock_create_ruleset({handled_access_fs=LANDLOCK_ACCESS_FS_IOCTL_DEV|' +
    'LANDLOCK_ACCESS_FS_RESOLVE_UNIX, handled_access_net=LANDLOCK_ACCESS_NET_BIND_TCP|' +
    'LANDLOCK_ACCESS_NET_CONNECT_TCP, ...}, 20, 0)',
  'landlock_create_ruleset({handled_access_fs=LANDLOCK_ACCESS_FS_IOCTL_DEV|' +
    'LANDLOCK_ACCESS_FS_RESOLVE_UNIX, handled_access_net=LANDLOCK_ACCESS_NET_BIND_TCP|' +
    'LANDLOCK_ACCESS_NET_CONNECT_TCP, scoped=LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET|' +
    'LANDLOCK_SCOPE_SIGNAL, quiet_access_fs=LANDLOCK_ACCESS_FS_EXECUTE, ' +
    'quiet_access_net=LANDLOCK_ACCESS_NET_BIND_UDP, quiet_scoped=LANDLOCK_SCOPE_SIGNAL}, 48, 0)',
  'landlock_create_ruleset({handled_access_fs=LANDLOCK_ACCESS_FS_IOCTL_DEV|' +
    'LANDLOCK_ACCESS_FS_RESOLVE_UNIX, handled_access_net=LANDLOCK_ACCESS_NET_BIND_TCP|' +
    'LANDLOCK_ACCESS_NET_CONNECT_TCP, scoped=LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET|' +
    'LANDLOCK_SCOPE_SIGNAL, quiet_access_fs=LANDLOCK_ACCESS_FS_EXECUTE, ' +
    'quiet_access_net=LANDLOCK_ACCESS_NET_BIND_UDP, quiet_scoped=LANDLOCK_SCOPE_SIGNAL, ...}, ' +
    '56, 0)',
  'landlock_create_ruleset(ADDRESS, 4, LANDLOCK_CREATE_RULESET_VERSION)',
  'landlock_add_rule(3, LANDLOCK_RULE_NET_PORT, {allowed_access=LANDLOCK_ACCESS_NET_BIND_TCP|' +
    'LANDLOCK_ACCESS_NET_CONNECT_SEND_UDP, port=443}, LANDLOCK_ADD_RULE_QUIET)',
  'landlock_add_rule(3, LANDLOCK_RULE_NET_PORT, NULL, 0x2 /* LANDLOCK_ADD_RULE_??? */)',
  'landlock_restrict_self(3, 0x1f)',
  'pidfd_send_signal(3, SIGKILL, NULL, PIDFD_SIGNAL_THREAD|PIDFD_SIGNAL_THREAD_GROUP)',
  'futex_wake(0x1000, FUTEX_BITSET_MATCH_ANY, 1, FUTEX2_SIZE_U32|FUTEX2_PRIVATE)',
  'futex_wait(0x1000, 5, FUTEX_BITSET_MATCH_ANY, FUTEX2_SIZE_U32|FUTEX2_NUMA, NULL, CLOCK_MONOTONIC)',
  'futex_requeue([{val=0x1, uaddr=0x1000, flags=FUTEX2_SIZE_U32}, {val=0x3, uaddr=0x2000, ' +
    'flags=FUTEX2_SIZE_U32|FUTEX2_PRIVATE}], 0, 1, 2)',
  'lsm_get_self_attr(LSM_ATTR_CURRENT, NULL, [4], LSM_FLAG_SINGLE)',
  'getxattrat(-1, "x", AT_SYMLINK_NOFOLLOW, "user.a", {value="", size=4, flags=0}, 16)',
  'statx(-1, "x", AT_STATX_SYNC_AS_STAT, STATX_MNT_ID_UNIQUE|STATX_SUBVOL|STATX_WRITE_ATOMIC|' +
    'STATX_DIO_READ_ALIGN, {stx_mask=STATX_SUBVOL|STATX_WRITE_ATOMIC|STATX_DIO_READ_ALIGN, ' +
    'stx_blksize=0, stx_attributes=0, stx_attributes_mask=0, stx_rdev_major=0, stx_rdev_minor=0, ' +
    'stx_dev_major=0, stx_dev_minor=0, stx_subvol=7, stx_atomic_write_unit_min=512, ' +
    'stx_atomic_write_unit_max=4096, stx_atomic_write_segments_max=1, ' +
    'stx_dio_read_offset_align=8, stx_atomic_write_unit_max_opt=16})',
  'memfd_create("x", MFD_CLOEXEC|MFD_NOEXEC_SEAL|MFD_EXEC)',
  'fcntl(3, F_DUPFD_QUERY, 4)',
  'fcntl(3, F_CREATED_QUERY, 0x4)',
  'fcntl(3, F_GETDELEG, {d_flags=0, d_type=F_WRLCK, __pad=0})',
  'fcntl(3, F_SETDELEG, {d_flags=0, d_type=F_WRLCK, __pad=0})',
  'prctl(PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN|PR_MDWE_NO_INHERIT, 0, 0, 0)',
  'prctl(PR_GET_SHADOW_STACK_STATUS, ADDRESS, 0, 0, 0)',
  'prctl(PR_SET_SHADOW_STACK_STATUS, 0x5, 0, 0, 0)',
  'prctl(PR_TIMER_CREATE_RESTORE_IDS, 0x1, 0, 0, 0)',
  'prctl(PR_FUTEX_HASH, 0x1, 0x10, 0, 0)',
  'execveat(-1, "x", NULL, NULL, AT_EMPTY_PATH|AT_EXECVE_CHECK)',
  'name_to_handle_at(-1, "x", NULL, NULL, AT_HANDLE_MNT_ID_UNIQUE|AT_HANDLE_FID)',
  'ioctl(-1, PIDFD_GET_INFO, {mask=PIDFD_INFO_PID|PIDFD_INFO_CGROUPID|' +
    'PIDFD_INFO_SUPPORTED_MASK|PIDFD_INFO_COREDUMP_SIGNAL|' +
    'PIDFD_INFO_COREDUMP_CODE} => {mask=PIDFD_INFO_PID|PIDFD_INFO_CGROUPID|' +
    'PIDFD_INFO_SUPPORTED_MASK|PIDFD_INFO_COREDUMP_SIGNAL|PIDFD_INFO_COREDUMP_CODE, cgroupid=77, ' +
    'pid=5, tgid=6, ppid=7, ruid=8, rgid=9, euid=10, egid=11, suid=12, sgid=13, fsuid=14, ' +
    'fsgid=15, coredump_signal=SIGSEGV, coredump_code=1, supported_mask=PIDFD_INFO_PID|' +
    'PIDFD_INFO_CREDS|PIDFD_INFO_CGROUPID|PIDFD_INFO_EXIT|PIDFD_INFO_COREDUMP|' +
    'PIDFD_INFO_SUPPORTED_MASK|PIDFD_INFO_COREDUMP_SIGNAL|PIDFD_INFO_COREDUMP_CODE})',
  'ioctl(-1, NS_MNT_GET_INFO, {size=16, nr_mounts=3, mnt_ns_id=99})',
  'ioctl(-1, NS_GET_ID, ADDRESS)',
  'ioctl(-1, NS_GET_PID_FROM_PIDNS, 7)',
  'ioctl(-1, FS_IOC_GETFSUUID, {len=16, ' +
    'uuid="\\x01\\x02\\x03\\x04\\x05\\x06\\x07\\x08\\x09\\x0a\\x0b\\x0c\\x0d\\x0e\\x0f\\x10"})',
  'ioctl(-1, FS_IOC_GETFSSYSFSPATH, {len=8, name="ext4/sda"})',
  'ioctl(-1, EPIOCSPARAMS, {busy_poll_usecs=5, busy_poll_budget=8, prefer_busy_poll=1})',
  'ioctl(-1, PAGEMAP_SCAN, {size=96, flags=PM_SCAN_WP_MATCHING, start=0x1000, end=0x5000, ' +
    'vec_len=2, max_pages=0, category_inverted=0, category_mask=PAGE_IS_WRITTEN, ' +
    'category_anyof_mask=PAGE_IS_GUARD, return_mask=PAGE_IS_WRITTEN|PAGE_IS_FILE, ' +
    'walk_end=0x3000, vec=NULL})',
  'ioctl(-1, UFFDIO_MOVE, {dst=0x1000, src=0x2000, len=0x3000, mode=UFFDIO_MOVE_MODE_DONTWAKE|' +
    'UFFDIO_MOVE_MODE_ALLOW_SRC_HOLES, move=0x3000})',
  'ioctl(-1, UFFDIO_POISON, {range={start=0x1000, len=0x2000}, ' +
    'mode=UFFDIO_POISON_MODE_DONTWAKE, updated=8192})',
  'ioctl(-1, PAGEMAP_SCAN, NULL)',
  'ioctl(-1, NTSYNC_IOC_WAIT_ANY, 0)',
]

const NAMED =
  '/landlock,pidfd_send_signal,/futex_,lsm_get_self_attr,getxattrat,statx,memfd_create,fcntl,prctl,execveat,name_to_handle_at,ioctl'

test('flags, commands, requests and fields of newer kernels have their names', () => {
  const options = ['-v', '-e', `trace=${NAMED}`, '-e', `inject=${NAMED}:retval=0`]
  const { err } = strace(...options, program('newer-names'))
  assert.deepEqual(callsOf(err), NAMES)
})
