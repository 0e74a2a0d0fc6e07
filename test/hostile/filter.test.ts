/**
 * The default filter against the ways around it. The control makes the same call natively, where
 * it gives another result than the filter. The arguments are such that an allowed call has no
 * effect.
 */
import assert from 'node:assert/strict'
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { constants } from 'node:os'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { denyCalls, type RunOptions, run } from '#glassbox/index.js'
import * as linux from '#glassbox/linux/constants.js'
import { allSyscalls, syscallNumber } from '#glassbox/linux/syscalls.js'
import { DEFAULT_POLICY } from '#glassbox/seccomp/defaults.js'
import { guard, needsRoot, root, unboxed } from '../support/hostile.js'
import { noGate32, program, program32 } from '../support/programs.js'

const { EPERM, ENOSYS, ENOPROTOOPT, EAFNOSUPPORT, EPROTONOSUPPORT } = constants.errno
const world = guard({ runners: ['namespace', 'ptrace'] })

const lines = (text: string | Uint8Array): string[] => String(text).trim().split('\n')

/** Under the same policy, both runners answer alike. */
const RUNNERS: readonly { readonly where: string; readonly by: RunOptions<'utf8'> }[] = [
  { where: '', by: {} },
  { where: ', by the ptrace runner', by: { runner: 'ptrace', policy: DEFAULT_POLICY } },
]
const HIGH = 2n ** 32n
const TIOCSTI = 0x5412
const bad = 1 // an address where nothing is

/**
 * What the filter answers, for which calls. `lonely`: no native control, since natively it would
 * do something.
 */
interface Group {
  readonly name: string
  readonly answer: number | string
  readonly calls: readonly (readonly [name: string, ...args: (string | number | bigint)[]])[]
  readonly lonely?: boolean
}

const GROUPS: readonly Group[] = [
  {
    name: 'the mount API, old and new, is refused [RT-13, SC-12, SC-19]',
    answer: EPERM,
    calls: [
      ['mount', bad, bad, bad, 0, 0],
      ['umount2', bad, 0],
      ['pivot_root', bad, bad],
      ['mount_setattr', -1, 's:', 0, 'b', 0],
      ['move_mount', -1, bad, -1, bad, 0],
      ['open_tree', -1, bad, 0],
      ['fsopen', bad, 0],
      ['fsconfig', -1, 0, bad, bad, 0],
      ['fsmount', -1, 0, 0],
      ['fspick', -1, bad, 0],
    ],
  },
  {
    name: 'new calls that reveal more than programs need, or change rarely used attributes, fail with ENOSYS [SC-11, SC-36]',
    answer: ENOSYS,
    calls: [
      ['statmount', bad, bad, 0, 0],
      ['listmount', bad, bad, 0, 0],
      ['file_setattr', -1, bad, bad, 0, 0],
      ['cachestat', -1, bad, bad, 0],
    ],
  },
  {
    name: 'new roots and namespaces are refused, by every call that makes them [RT-09, RT-14, RT-19, SC-12, SC-16]',
    answer: EPERM,
    calls: [
      ['chroot', bad],
      ['setns', -1, 0],
      ['unshare', linux.CLONE_NEWUSER],
      ['unshare', linux.CLONE_NEWNS],
      ['unshare', linux.CLONE_NEWPID],
      ['unshare', linux.CLONE_NEWNET],
      ['unshare', linux.CLONE_NEWIPC],
      ['unshare', linux.CLONE_NEWUTS],
      ['unshare', linux.CLONE_NEWCGROUP],
      ['unshare', linux.CLONE_NEWTIME],
      ['clone', linux.CLONE_NEWUSER | linux.CLONE_FS],
      ['clone', linux.CLONE_NEWNS | linux.CLONE_FS],
      ['clone', linux.CLONE_NEWPID | linux.CLONE_THREAD],
      ['clone', linux.CLONE_PTRACE | linux.CLONE_THREAD],
      ['clone', linux.CLONE_PARENT | linux.CLONE_THREAD],
    ],
  },
  {
    name: 'garbage in the high half of an int argument changes nothing [SC-05]',
    answer: EPERM,
    calls: [
      ['unshare', BigInt(linux.CLONE_NEWUSER) + HIGH],
      ['ioctl', -1, BigInt(TIOCSTI) + HIGH, 'b'],
      ['ioctl', -1, BigInt(TIOCSTI) + 0xdeadbeefn * HIGH, 'b'],
      ['clone', BigInt(linux.CLONE_NEWUSER | linux.CLONE_FS) + HIGH],
      ['personality', 0x0400000n + HIGH],
    ],
    lonely: true,
  },
  {
    name: 'garbage in the high half of a socket family changes nothing [SC-05, SC-08]',
    answer: EAFNOSUPPORT,
    calls: [
      ['socket', BigInt(linux.AF_ALG) + HIGH, 5, 0],
      ['socket', BigInt(linux.AF_VSOCK) + HIGH, 1, 0],
      ['socket', BigInt(linux.AF_NETLINK) + HIGH, 3n + HIGH, 12],
    ],
    lonely: true,
  },
  {
    name: 'clone3, whose flags a filter cannot see, fails with ENOSYS [SC-15, OK-02]',
    answer: ENOSYS,
    calls: [
      ['clone3', 'b', 0],
      ['clone3', `w:${linux.CLONE_NEWUSER}:0:0:0:0:0:0:0`, 64],
    ],
  },
  {
    name: 'io_uring is not there [SC-17]',
    answer: ENOSYS,
    calls: [
      ['io_uring_setup', 0, 'b'],
      ['io_uring_enter', -1, 1, 0, 0, 0, 0],
      ['io_uring_register', -1, 0, 0, 0],
    ],
  },
  {
    name: 'limits and memory of other processes are out of reach [SC-20, SC-26]',
    answer: EPERM,
    calls: [
      ['process_madvise', -1, 'b', 1, 0, 0],
      ['prlimit64', 1, 7, 0, 0],
      ['prlimit64', 99999999, 7, 0, 0],
    ],
  },
  {
    name: 'tracing and fault-handling interfaces are refused [SC-19]',
    answer: EPERM,
    calls: [
      ['bpf', 99, 'b', 0],
      ['perf_event_open', bad, 0, 0, -1, 0],
      ['userfaultfd', 99],
      ['fanotify_init', 99999, 0],
      ['fanotify_mark', -1, 0, 0, 0, 0],
    ],
  },
  {
    name: 'keyrings are not there [NW-10, SC-19]',
    answer: ENOSYS,
    calls: [
      ['add_key', bad, bad, bad, 0, 0],
      ['request_key', bad, bad, bad, 0],
      ['keyctl', 99, 0, 0, 0, 0],
    ],
  },
  {
    name: 'file handles are refused [RT-18]',
    answer: EPERM,
    calls: [
      ['name_to_handle_at', -1, bad, bad, bad, 0],
      ['open_by_handle_at', -1, bad, 0],
    ],
  },
  {
    name: 'the running kernel cannot be changed [SC-19, RT-27]',
    answer: EPERM,
    calls: [
      ['init_module', 'b', 0, bad],
      ['finit_module', -1, bad, 0],
      ['delete_module', bad, 0],
      ['kexec_load', 0, 99, bad, 0],
      ['kexec_file_load', -1, -1, 0, bad, 0],
      ['reboot', 0, 0, 0, 0],
      ['swapon', bad, 0],
      ['swapoff', bad],
      ['acct', bad],
      ['quotactl', 0xffffff, bad, 0, bad],
      ['quotactl_fd', -1, 0xffffff, 0, bad],
      ['syslog', 99, bad, 0],
      ['sethostname', bad, 5],
      ['setdomainname', bad, 5],
      ['iopl', 99],
      ['ioperm', 0, -1, 1],
      ['modify_ldt', 0, 'b', 0],
    ],
  },
  {
    name: 'clocks cannot be set [TM-21, SC-19]',
    answer: EPERM,
    calls: [
      ['settimeofday', bad, bad],
      ['clock_settime', 0, bad],
      ['clock_adjtime', 99, bad],
      ['adjtimex', bad],
    ],
  },
  {
    name: 'asynchronous I/O contexts, which the kernel counts for the whole host, are refused [MB-09, DX-13]',
    answer: ENOSYS,
    calls: [['io_setup', 1, bad]],
  },
  {
    name: 'socket options with host-wide counters, or that replace the protocol’s code, are refused [MB-09, DX-13, F20]',
    answer: ENOPROTOOPT,
    calls: [
      ['setsockopt', -1, linux.SOL_IPV6, 32, 'b', 32], // IPV6_FLOWLABEL_MGR
      ['setsockopt', -1, linux.SOL_TCP, linux.TCP_ULP, 'b', 4],
      ['setsockopt', -1, linux.SOL_SOCKET, linux.SO_ATTACH_FILTER, 'b', 16],
      ['setsockopt', -1, linux.SOL_SOCKET, linux.SO_ATTACH_BPF, 'b', 4],
      ['setsockopt', -1, linux.SOL_SOCKET, linux.SO_ATTACH_REUSEPORT_CBPF, 'b', 16],
      ['setsockopt', -1, linux.SOL_SOCKET, linux.SO_ATTACH_REUSEPORT_EBPF, 'b', 4],
    ],
  },
  {
    name: 'terminals cannot be fed, taken or given a line discipline [SC-22, RT-07]',
    answer: EPERM,
    calls: [
      ['ioctl', -1, TIOCSTI, 'b'],
      ['ioctl', -1, linux.TIOCSCTTY, 0],
      ['ioctl', -1, linux.TIOCLINUX, 'b'],
      ['ioctl', -1, linux.TIOCSETD, 'b'],
      ['ioctl', -1, linux.TIOCCONS, 0],
    ],
  },
  {
    name: 'personalities that weaken a program are refused [SC-23]',
    answer: EPERM,
    calls: [
      ['personality', 0x0400000],
      ['personality', 0x0440000],
      ['personality', 0x8000000],
    ],
  },
]

/** In a box they reach only the program's own processes: see ptrace-inside.test.ts. */
const REACHING: Group = {
  name: 'by the ptrace runner, reaching into other processes is refused [SC-20, SC-26]',
  answer: EPERM,
  calls: [
    ['ptrace', 0x4206, 99999999, 0, 0],
    ['ptrace', 99, 1, 0, 0],
    ['process_vm_readv', 99999999, 'b', 1, 'b', 1, 0],
    ['process_vm_writev', 99999999, 'b', 1, 'b', 1, 0],
    ['pidfd_getfd', -1, 0, 0],
    ['kcmp', 99999999, 99999999, 0, 0, 0],
    ['clone', linux.CLONE_UNTRACED | linux.CLONE_THREAD],
  ],
}

const spell = ([name, ...args]: Group['calls'][number]): string => [syscallNumber(name), ...args].join(',')

for (const { name, answer, calls, lonely } of [...GROUPS, REACHING]) {
  test(name, async context => {
    for (const { by } of calls === REACHING.calls ? RUNNERS.slice(1) : RUNNERS) {
      const { stdout, exitCode } = await world.run('calls', calls.map(spell), by)
      assert.equal(exitCode, 0)
      assert.deepEqual(
        lines(stdout).map((line, index) => [calls[index]?.[0], line]),
        calls.map(([call]) => [call, `${answer}`]),
      )
    }
    if (lonely || !root) return
    const native = lines(unboxed(context, 'calls', calls.map(spell)).stdout)
    for (const [index, line] of native.entries()) {
      assert.notEqual(line, `${answer}`, `natively ${spell(calls[index] ?? ['?'])} answers the same`)
    }
  })
}

const allowed = new Set([linux.AF_UNIX, linux.AF_INET, linux.AF_INET6])
const families = Array.from({ length: 50 }, (_, family) => family).filter(
  family => !allowed.has(family) && family !== linux.AF_NETLINK,
)

test('only a few socket families are available, by socket and socketpair [SC-21, NW-05, NW-06]', async context => {
  for (const call of ['socket', 'socketpair']) {
    const calls = families.map(family => spell([call, family, 3, 0, 'b']))
    const { stdout } = await world.run('calls', calls)
    assert.deepEqual(
      lines(stdout),
      families.map(() => `${EAFNOSUPPORT}`),
    )
  }
  const others = [
    ...Array.from({ length: 22 }, (_, protocol) => spell(['socket', linux.AF_NETLINK, 3, protocol + 1])),
  ]
  assert.deepEqual(
    lines((await world.run('calls', others)).stdout),
    others.map(() => `${EAFNOSUPPORT}`),
  )
  const protocols = [33, 115, 132, 136, 256, linux.IPPROTO_MPTCP].map(protocol =>
    spell(['socket', linux.AF_INET, 2, protocol]),
  )
  assert.deepEqual(
    lines((await world.run('calls', protocols)).stdout),
    protocols.map(() => `${EPROTONOSUPPORT}`),
  )
  // Types whose protocol is another one, though none is named: SCTP for packets in sequence. [F20]
  const types = [4, 5].flatMap(type =>
    [linux.AF_INET, linux.AF_INET6].map(family => spell(['socket', family, type, 0])),
  )
  assert.deepEqual(
    lines((await world.run('calls', types)).stdout),
    types.map(() => `${EPROTONOSUPPORT}`),
  )
  const stream = spell(['socket', linux.AF_INET, 1, linux.IPPROTO_MPTCP])
  assert.equal((await world.run('calls', [stream])).stdout, `${EPROTONOSUPPORT}\n`)
  context.diagnostic(`natively MPTCP is answered with ${unboxed(context, 'calls', [stream]).stdout}`)
  const working = [...allowed].map(family => spell(['socket', family, 1, 0]))
  assert.deepEqual(lines((await world.run('calls', working)).stdout), ['0', '0', '0'], 'the usual ones work')
  // AF_NETLINK's other protocols work natively, and AF_ALG does if the kernel has it.
  assert.equal(unboxed(context, 'calls', [spell(['socket', linux.AF_NETLINK, 3, 16])]).stdout, '0\n')
})

const loadedModules = (): string[] =>
  lines(readFileSync('/proc/modules', 'utf8'))
    .map(line => line.split(' ')[0] ?? '')
    .toSorted()

/** The modules that the kernel would load for a requested family, and has not loaded yet. */
function loadable(family: number): string[] {
  const { stdout } = spawnSync('modprobe', ['--resolve-alias', `net-pf-${family}`], { encoding: 'utf8' })
  return lines(stdout ?? '').filter(name => name !== '' && !loadedModules().includes(name))
}

test('no module is loaded for odd socket families and binary formats [RT-27]', {
  skip: existsSync('/proc/modules') ? false : 'this kernel has no modules',
}, async context => {
  const candidates = families.flatMap(loadable)
  if (candidates.length === 0) {
    context.skip('this host has no module that a family would load')
    return
  }
  context.diagnostic(`natively ${candidates.join()} would be loaded`)
  const before = loadedModules()
  await world.run(
    'calls',
    families.map(family => spell(['socket', family, 3, 0])),
  )
  // The kernel looks for the format of four unprintable bytes by a module's alias too.
  await run('./odd', [], { files: { odd: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8) } }).catch(() => {})
  const after = loadedModules()
  assert.deepEqual(
    candidates.filter(name => after.includes(name)),
    [],
  )
  assert.deepEqual(
    after.filter(name => !before.includes(name)),
    [],
  )
})

const FOREIGN = [
  { name: 'the 32-bit gate', prefix: 'i386:' },
  { name: 'a 32-bit code segment', prefix: 'far:' },
]
for (const { name, prefix } of FOREIGN) {
  for (const { where, by } of RUNNERS)
    test(`no call goes by ${name} [SC-01, SC-02, SC-21]${where}`, { skip: noGate32 }, async context => {
      // exit, open, execve, getpid, mount, kill, socketcall
      const calls = [1, 5, 11, 20, 21, 37, 102].map(nr => `${prefix}${nr},0,0,0`)
      const native = lines(unboxed(context, 'calls', calls).stdout)
      assert.ok(native.includes('0') && !native.join().includes('killed'), 'natively they are made')
      for (const call of calls) {
        const { status, stdout, violation } = await world.run('calls', [call, call], by)
        assert.deepEqual([status, stdout], ['syscall-denied', ''], call)
        assert.match(violation?.syscall ?? '', /^i386:/)
      }
    })
}

for (const { where, by } of RUNNERS)
  test(`numbers of x32 end the program [SC-03]${where}`, async context => {
    const calls = [39, 59, 165, 512, 520, 547].map(nr => `${0x40000000 + nr},0,0,0`)
    const native = lines(unboxed(context, 'calls', calls).stdout)
    context.diagnostic(`this kernel answers x32 with ${native[0] === `${ENOSYS}` ? 'ENOSYS' : 'its calls'}`)
    for (const call of calls) {
      const { status, violation } = await world.run('calls', [call], by)
      assert.equal(status, 'syscall-denied', call)
      assert.match(violation?.syscall ?? '', /^x32:/)
    }
  })

for (const { where, by } of RUNNERS)
  test(`unknown and odd numbers fail with ENOSYS [SC-11, SC-34]${where}`, async () => {
    const last = Math.max(...allSyscalls().map(({ nr }) => nr))
    const numbers = [
      ...Array.from({ length: 60 }, (_, index) => last + 1 + index),
      ...[1023, 1024, 65536, 0x3fffffff, 0x7fffffff + 1, 0xffffffff, -1],
    ]
    const { stdout, status } = await world.run(
      'calls',
      numbers.map(nr => `${nr},0,0,0`),
      by,
    )
    assert.equal(status, 'exited')
    assert.deepEqual([...new Set(lines(stdout))].toSorted(), [`${ENOSYS}`])
  })

test('an i386 program does not run, also under a policy of the caller [SC-04, SC-33]', async context => {
  const file = program32(context)
  if (file === undefined) return
  const binds = [{ source: file, target: '/elf32' }]
  assert.equal((await run('/elf32', [], { binds, policy: null })).exitCode, 42, 'without a filter it runs')
  for (const policy of [undefined, denyCalls(['socket'])]) {
    const { status, signal, exitCode } = await run('/elf32', [], { binds, ...(policy ? { policy } : {}) })
    assert.equal(exitCode, undefined)
    assert.ok(status === 'syscall-denied' || signal === 'SIGSYS', status)
    const nested = await run('sh', ['-c', '/elf32; echo $?'], { binds, ...(policy ? { policy } : {}) })
    assert.doesNotMatch(nested.stdout, /42/)
  }
})

test('natively, a file can be made undeletable [SC-36, control]', { skip: needsRoot }, context => {
  assert.equal(unboxed(context, 'filtered', ['immutable']).code, 0)
})

for (const { where, by } of RUNNERS)
  test(`a program that catches SIGSYS is ended too [SC-31]${where}`, async context => {
    assert.equal(unboxed(context, 'filtered', ['catch']).code, 0)
    assert.equal((await world.run('filtered', ['catch'], by)).exitCode, 0)
    const { status, exitCode, violation } = await world.run('filtered', ['catch'], {
      ...by,
      policy: denyCalls(['socket']),
    })
    assert.deepEqual([status, exitCode, violation?.syscall], ['syscall-denied', undefined, 'socket'])
  })

for (const { where, by } of RUNNERS)
  test(`the filter stays on a program that is executed from memory [SC-35]${where}`, async context => {
    const guest = program('filtered')
    assert.equal(unboxed(context, 'filtered', ['memfd', guest]).code, 0)
    assert.equal((await world.run('filtered', ['memfd', guest], by)).exitCode, 0)
    const { status } = await world.run('filtered', ['memfd', guest], { ...by, policy: denyCalls(['socket']) })
    assert.equal(status, 'syscall-denied')
  })

test('a call that the policy leaves to a missing tracer is not made [SC-27]', async context => {
  const nr = syscallNumber('mkdir')
  assert.equal(unboxed(context, 'calls', [`${nr},s:there,0700`]).stdout, '0\n', 'natively it is')
  const policy = {
    rules: [{ syscalls: ['mkdir'], action: { kind: 'trace', data: 1 } }],
    otherwise: { kind: 'allow' },
  } as const
  for (const options of [
    { policy },
    { policy, trace: { events: ['exit'], reader: async () => {} } } as const,
  ]) {
    const { stdout } = await world.run('calls', [`${nr},s:there,0700`, `${nr},s:there,0700`], options)
    assert.equal(stdout, `${ENOSYS}\n${ENOSYS}\n`)
  }
})

for (const { where, by } of RUNNERS)
  test(`the filter applies to every thread [SC-25]${where}`, async context => {
    assert.match(unboxed(context, 'filtered', ['threads']).stdout, /4 Seccomp:\s+0/)
    const { stdout } = await world.run('filtered', ['threads'], by)
    assert.match(stdout, /4 Seccomp:\s+2\n/)
    assert.match(stdout, /4 NoNewPrivs:\s+1\n/)
  })

for (const { where, by } of RUNNERS)
  test(`a program that refuses itself every call is ended by a limit, and reaped [SC-24]${where}`, async () => {
    const { status } = await world.run('filtered', ['stack'], {
      ...by,
      limits: { cpuTimeMs: 300, wallTimeMs: 1000 },
    })
    assert.ok(['signaled', 'cpu-time-limit', 'wall-time-limit'].includes(status), status)
  })

for (const { where, by } of RUNNERS)
  test(`a listener of the program that has no reader is not ours [SC-24, UN-03]${where}`, async () => {
    const { status } = await world.run('filtered', ['listener'], { ...by, limits: { wallTimeMs: 300 } })
    assert.ok(['exited', 'wall-time-limit'].includes(status), status)
    // Where a policy ends programs, they have no filters of their own: F9 in withdrawn.test.ts.
    const denied = await world.run('filtered', ['listener'], {
      ...by,
      policy: denyCalls(['socket']),
      limits: { wallTimeMs: 300 },
    })
    // The guard of the ptrace runner answers as the kernel does to a second listener.
    const { EBUSY, EINVAL } = constants.errno
    assert.deepEqual([denied.status, denied.exitCode], ['exited', by.runner === 'ptrace' ? EBUSY : EINVAL])
  })

for (const { where, by } of RUNNERS)
  test(`a sleep that a stop interrupted continues under the filter [SC-29]${where}`, async context => {
    assert.equal(unboxed(context, 'filtered', ['restart']).code, 0)
    assert.equal((await world.run('filtered', ['restart'], by)).exitCode, 0)
  })

for (const { where, by } of RUNNERS)
  test(`odd futexes and robust lists harm no other process [SC-32]${where}`, async context => {
    const { EDEADLK, EINVAL } = constants.errno
    const native = unboxed(context, 'filtered', ['futex'])
    // It locks what it has locked, requeues from a word to itself, and ends with a list that leads
    // nowhere.
    assert.equal(native.stdout, `lock 0\nagain ${EDEADLK}\nrequeue ${EINVAL}\nlist 0\n`)
    const { status, exitCode, stdout } = await world.run('filtered', ['futex'], {
      ...by,
      limits: { wallTimeMs: 2000 },
    })
    assert.deepEqual([status, exitCode, stdout], ['exited', native.code, native.stdout])
  })

for (const { where, by } of RUNNERS)
  test(`the vsyscall page works as natively, or is denied [SC-28]${where}`, async context => {
    const native = unboxed(context, 'filtered', ['vsyscall'])
    const { exitCode, signal } = await world.run('filtered', ['vsyscall'], by)
    assert.deepEqual(
      { exitCode, signal },
      { exitCode: native.code ?? undefined, signal: native.signal ?? undefined },
    )
  })

/**
 * Opens a terminal that no session has, and runs the words as leader of a session with the
 * terminal as stdin.
 */
const WITH_TERMINAL = `import os, pty, subprocess, sys
ours, theirs = pty.openpty()
os.fchmod(theirs, 0o666)
sys.exit(subprocess.run(sys.argv[1:], stdin=theirs, start_new_session=True).returncode)`

const index = fileURLToPath(new URL('../../../packages/glassbox/dist/library/index.js', import.meta.url))

/**
 * What the guest can do with an inherited terminal, by the names of the requests; natively, or in
 * a box.
 */
function terminal(options?: object): Record<string, number> {
  const guest = program('filtered')
  const script = `import { run } from ${JSON.stringify(index)}
    const { stdout, stderr } = await run(${JSON.stringify(guest)}, ['terminal'], ${JSON.stringify({ stdin: 'inherit', ...options })})
    process.stdout.write(stdout + stderr)`
  const words = options ? [process.execPath, '--input-type=module', '-e', script] : [guest, 'terminal']
  const text = execFileSync('python3', ['-c', WITH_TERMINAL, ...words], { encoding: 'utf8' })
  return Object.fromEntries(
    lines(text).map(line => [line.split(' ')[0] ?? '', Number(line.split(' ').at(-1))]),
  )
}

test('no ioctl takes an inherited terminal or pushes input into it [SC-22, RT-07]', context => {
  const native = terminal()
  // Linux 6.2 may refuse it to all but root (dev.tty.legacy_tiocsti).
  const fed = root || native['TIOCSTI'] === 0 ? 0 : constants.errno.EIO
  assert.deepEqual(native, { terminal: 1, TIOCSCTTY: 0, TIOCSTI: fed }, 'natively both is done')
  assert.deepEqual(terminal({}), { terminal: 1, TIOCSCTTY: EPERM, TIOCSTI: EPERM })
  context.diagnostic(`without the filter: ${JSON.stringify(terminal({ policy: null }))}`)
})

test('a file cannot be made undeletable [SC-36]', async () => {
  for (const options of [{}, { policy: null }]) {
    const { exitCode } = await world.run('filtered', ['immutable'], options)
    // ENOTTY: tmpfs before Linux 6.0.
    assert.ok([EPERM, constants.errno.ENOTTY].includes(exitCode ?? 0), `${exitCode}`)
  }
})

/** The answers of the guest by what was asked, without repetition. */
const relations = (text: string | Uint8Array): Record<string, string> =>
  Object.fromEntries(
    lines(text).map(line => [line.slice(0, line.lastIndexOf(' ')), line.split(' ').at(-1) ?? '']),
  )

test('ioctls of namespaces lead to nothing outside [SC-36]', async context => {
  // Natively, from the namespaces of a child to those that it was made in.
  const child = spawn('unshare', [
    '--user',
    '--pid',
    '--fork',
    '--kill-child',
    'sh',
    '-c',
    'echo $$; read line',
  ])
  await once(child.stdout, 'data')
  const [inner = ''] = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').split(' ')
  const native = relations(unboxed(context, 'filtered', ['namespaces', inner]).stdout)
  child.stdin.end()
  await once(child, 'close')
  assert.deepEqual([native['user parent'], native['pid parent']], ['own', 'own'])

  const { EINVAL } = constants.errno
  for (const options of [{}, { policy: null }]) {
    const { stdout, exitCode } = await world.run('filtered', ['namespaces'], options)
    assert.equal(exitCode, 0)
    const found = relations(stdout)
    // 1 is EPERM.
    assert.deepEqual([found['user parent'], found['user owner'], found['pid parent']], ['1', '1', '1'])
    for (const name of ['mnt', 'net', 'ipc', 'uts', 'cgroup'])
      assert.deepEqual([found[`${name} parent`], found[`${name} owner`]], [`${EINVAL}`, 'own'], name)
  }
})
