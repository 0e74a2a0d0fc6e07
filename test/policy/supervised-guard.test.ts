/**
 * The calls that no program under a tracer can make. Each refusal is followed by a neighbour that
 * is not refused.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { ERRNO } from '#glassbox/linux/errno.js'
import { syscallNumber } from '#glassbox/linux/syscalls.js'
import { SUPERVISED_GUARD } from '#glassbox/policy/supervised-guard.js'
import { AUDIT_ARCH_X86_64 } from '#glassbox/seccomp/data.js'
import { withRefusals } from '#glassbox/seccomp/guard.js'
import { evaluatePolicy } from '#glassbox/seccomp/simulate.js'

const lenient = withRefusals({ rules: [], otherwise: { kind: 'allow' } }, SUPERVISED_GUARD)

/** The errno of a call, or `allow`. */
function outcome(syscall: string, ...args: readonly number[]): number | string {
  const words = [0, 1, 2, 3, 4, 5].map(index => BigInt(args[index] ?? 0))
  const action = evaluatePolicy(lenient, {
    nr: syscallNumber(syscall),
    arch: AUDIT_ARCH_X86_64,
    args: words,
  })
  return action.kind === 'errno' ? action.errno : action.kind
}

const { EPERM, EBUSY, EINVAL, ENOSYS } = ERRNO
const UNTRACED = 0x00800000
const PARENT = 0x8000
const THREAD = 0x3d0f00

type Made = readonly [syscall: string, ...args: number[]]

const CASES: readonly (readonly [what: string, refused: Made, errno: number, allowed?: Made])[] = [
  ['a seccomp listener of its own', ['seccomp', 1, 8], EBUSY, ['seccomp', 1, 0]],
  ['one with more flags', ['seccomp', 1, 0x29], EBUSY, ['seccomp', 0, 0]],
  ['hiding its memory, which seems to succeed', ['prctl', 4, 0], 0, ['prctl', 3, 0]],
  ['another program file', ['prctl', 35, 13], EPERM, ['prctl', 15]],
  ['core scheduling', ['prctl', 62, 1, 1], EINVAL, ['prctl', 38]],
  ['an untraced child', ['clone', UNTRACED | 17], EPERM, ['clone', THREAD]],
  ['a child of the service', ['clone', PARENT | 17], EPERM, ['clone', 17]],
  ['clone3, whose flags are in memory', ['clone3'], ENOSYS, ['fork']],
  ['a user namespace', ['unshare', 0x10000000], EPERM, ['unshare', 0x400]],
  ['a mount namespace by clone', ['clone', 0x20000 | 17], EPERM, ['vfork']],
  ['another root', ['chroot'], EPERM, ['chdir']],
  ['a mount', ['mount'], EPERM, ['statfs']],
  ['io_uring', ['io_uring_setup'], ENOSYS],
  ['asynchronous I/O', ['io_setup'], ENOSYS, ['pread64']],
  ['user faults', ['userfaultfd'], EPERM, ['eventfd2']],
  ['ptrace', ['ptrace', 16, 1], EPERM],
  ['memory of others', ['process_vm_writev', 1], EPERM],
  ['descriptors of others', ['pidfd_getfd', 3], EPERM, ['pidfd_open', 1]],
  ['files by handles', ['open_by_handle_at'], EPERM, ['openat']],
  ['limits of the service', ['prlimit64', 1, 0], EPERM, ['prlimit64', 0, 0]],
  ['CPUs of the service', ['sched_setaffinity', 1], EPERM, ['sched_setaffinity', 0]],
  ['its priority', ['setpriority', 0, 1], EPERM, ['setpriority', 0, 0]],
  ['the priority of all processes of the user', ['setpriority', 2, 0], EPERM, ['getpriority', 2, 0]],
  ['the same for I/O', ['ioprio_set', 3, 0], EPERM, ['ioprio_set', 1, 0]],
  ['a signal to all', ['kill', 0xffffffff, 9], EPERM, ['kill', 0, 15]],
  ['a forged SIGXCPU', ['rt_sigqueueinfo', 5, 24], EPERM, ['rt_sigqueueinfo', 5, 10]],
  ['a forged SIGXFSZ', ['rt_tgsigqueueinfo', 5, 5, 25], EPERM, ['rt_tgsigqueueinfo', 5, 5, 10]],
  ['a forged SIGSYS', ['pidfd_send_signal', 5, 31], EPERM, ['pidfd_send_signal', 5, 10]],
  ['memory that outlives it', ['shmget'], ENOSYS, ['memfd_create']],
  ['message queues', ['mq_open'], ENOSYS],
  ['keys', ['keyctl'], ENOSYS],
  ['a set-user-ID file', ['fchmodat', -100, 0, 0o4755], EPERM, ['fchmodat', -100, 0, 0o755]],
  ['openat2, whose flags are in memory', ['openat2'], ENOSYS, ['open']],
]

for (const [what, refused, errno, allowed] of CASES) {
  test(`refused under every policy: ${what}`, () => {
    assert.equal(outcome(...refused), errno)
    if (allowed) assert.equal(outcome(...allowed), 'allow')
  })
}

test('each refusal has a reason, which docs/policies.md has', () => {
  const docs = readFileSync(new URL('../../../docs/policies.md', import.meta.url), 'utf8')
  for (const { why = '', syscalls } of SUPERVISED_GUARD) {
    assert.match(why, /^[\w/].*[^.]$/)
    const row = docs.split('\n').find(line => line.endsWith(`| ${why} |`)) ?? ''
    for (const name of syscalls) assert.ok(row.includes(`\`${name}\``), `${name}: ${why}`)
  }
})
