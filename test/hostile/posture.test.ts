/**
 * Compares a running box, as the kernel shows it from inside and from the host, with the
 * declaration here. A descriptor, a mount or a right that is not declared fails the test.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { type TestContext, test } from 'node:test'
import { createPool, type RunOptions, run } from '#glassbox/index.js'
import { hostRoot } from '#glassbox/rootfs/host.js'
import { groupView } from '#glassbox/runners/namespace/group-view.js'
import { guard, needsRoot, root } from '../support/hostile.js'
import { program } from '../support/programs.js'
import { temporaryDirectory } from '../support/temporary.js'

guard()
const guest = program('posture')
const lines = (text: string): string[] => text.split('\n').filter(Boolean)

/** What the guest said, by occasion, then by subject. */
type Posture = Record<string, string>
function occasions(text: string): Posture[] {
  return text
    .split(/^-- .*\n/m)
    .filter(Boolean)
    .map(part =>
      Object.fromEntries(
        part
          .split(/^== /m)
          .filter(Boolean)
          .map(section => {
            const [subject = '', ...rest] = section.split('\n')
            return [subject, rest.join('\n')]
          }),
      ),
    )
}

const childrenOf = (pid: number | string): string[] =>
  readdirSync(`/proc/${pid}/task`).flatMap(task =>
    lines(readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').replaceAll(' ', '\n')),
  )

interface Running {
  readonly init: string
  readonly program: string
  readonly posture: readonly Posture[]
}

/**
 * The guest in a box of its own or in a pool, all that it said, and while it still runs, `work`.
 */
async function posed(
  options: RunOptions & { pooled?: true },
  work: (running: Running) => void | Promise<void>,
): Promise<void> {
  const { pooled, ...others } = options
  const pool = pooled && (await createPool({ size: 1, binds: [{ source: guest }] }))
  const stdin = new PassThrough()
  try {
    const handle = pool ? pool.run(guest, [], { stdin }) : run(guest, [], { ...others, stdin })
    let text = ''
    for await (const event of handle.events()) {
      if (event.type === 'stdout') text += Buffer.from(event.chunk).toString()
      if (text.endsWith('-- \n')) break
    }
    const [init = ''] = childrenOf(process.pid)
    const [main = ''] = childrenOf(init)
    try {
      await work({ init, program: main, posture: occasions(text) })
    } finally {
      stdin.end()
      assert.equal((await handle).status, 'exited')
    }
  } finally {
    await pool?.close()
  }
}

const CONFIGURATIONS: readonly {
  readonly name: string
  readonly options: (context: TestContext) => RunOptions & { pooled?: true }
}[] = [
  { name: 'a box', options: () => ({}) },
  { name: 'a box without a filter', options: () => ({ policy: null }) },
  { name: 'a box on the host’s network', options: () => ({ net: 'host' }) },
  {
    name: 'a box with binds',
    options: context => {
      const directory = temporaryDirectory(context)
      for (const name of ['reading', 'writing']) mkdirSync(join(directory, name))
      return {
        binds: [
          { source: join(directory, 'reading'), target: '/reading' },
          { source: join(directory, 'writing'), target: '/writing', writable: true },
        ],
      }
    },
  },
  { name: 'a container of a pool', options: () => ({ pooled: true }) },
]

for (const { name, options } of CONFIGURATIONS) {
  test(`in ${name} the first instruction, a later one and a grandchild see the same [PO-04]`, async context => {
    await posed(options(context), ({ posture }) => {
      const [first, later, grandchild] = posture
      assert.equal(posture.length, 3)
      assert.ok(Object.keys(first ?? {}).length > 12)
      assert.deepEqual(later, first)
      assert.deepEqual(grandchild, first)
    })
  })
}

test('natively, none of it holds [PO-02, PO-04, control]', () => {
  const [first] = occasions(
    spawnSync(guest, { encoding: 'utf8', input: '', stdio: ['pipe', 'pipe', 'ignore', 'pipe'] }).stdout,
  )
  assert.match(first?.['status'] ?? '', /^NoNewPrivs:\s0$/m)
  assert.match(first?.['status'] ?? '', /^Seccomp:\s0$/m)
  assert.match(first?.['/proc/self/fd/'] ?? '', /^3 /m)
})

const DESCRIPTORS = /^0 pipe:\[\d+\] flags 0\n1 pipe:\[\d+\] flags 1\n2 pipe:\[\d+\] flags 1\n$/

/** Descriptors of init, as readlink shows them: what is declared in native/init.h. */
const OF_INIT: readonly { readonly pattern: RegExp; readonly at: (fd: number) => boolean }[] = [
  { pattern: /^socket:/, at: fd => fd === 3 },
  { pattern: /^anon_inode:\[signalfd\]$/, at: fd => fd === 4 },
  { pattern: /^\/proc$/, at: fd => fd === 5 },
  { pattern: /^anon_inode:seccomp notify$/, at: fd => fd === 6 },
  { pattern: /^\/proc\/sys\/kernel\/ns_last_pid$/, at: fd => fd === 7 },
  {
    pattern: /\/glassbox-[\w-]+\/(cgroup\.procs|tasks|cpuacct\.\w+|cpu\.stat|memory\.[\w.]+|pids\.\w+)$/,
    at: fd => fd >= 8 && fd < 24,
  },
  // Directories in which the groups are made, for the disconnect plan.
  { pattern: /^\/[\w./-]*$/, at: fd => fd >= 24 },
]

for (const { name, options } of CONFIGURATIONS) {
  test(`${name} has the declared descriptors and no other: program, init and service [PO-02]`, async context => {
    const service = readdirSync('/proc/self/fd').length
    await posed(options(context), ({ init, posture }) => {
      for (const { '/proc/self/fd/': descriptors = '' } of posture) assert.match(descriptors, DESCRIPTORS)
      if (!root) {
        // Not even for the user that started it: init is not dumpable.
        assert.throws(() => readdirSync(`/proc/${init}/fd`), { code: 'EACCES' })
        return
      }
      for (const fd of readdirSync(`/proc/${init}/fd`).map(Number)) {
        const target = readlinkSync(`/proc/${init}/fd/${fd}`)
        assert.ok(
          OF_INIT.some(({ pattern, at }) => at(fd) && pattern.test(target)),
          `${fd} ${target}`,
        )
        assert.match(
          readFileSync(`/proc/${init}/fdinfo/${fd}`, 'utf8'),
          /^flags:\s+0*[1-9]?\d*2\d{6}$/m,
          `${fd} is close-on-exec`,
        )
      }
    })
    for (let tries = 0; tries < 50 && readdirSync('/proc/self/fd').length > service; tries++)
      await new Promise(resolve => setTimeout(resolve, 20))
    assert.equal(readdirSync('/proc/self/fd').length, service)
  })
}

const SCRATCH = 'rw,nosuid,nodev'
const FIXED: Readonly<Record<string, string>> = {
  '/': 'tmpfs ro,nosuid,nodev',
  '/box': `tmpfs ${SCRATCH}`,
  '/tmp': `tmpfs ${SCRATCH}`,
  '/dev/shm': `tmpfs ${SCRATCH},noexec`,
  '/proc': `proc ${SCRATCH},noexec`,
  ...Object.fromEntries(
    ['null', 'zero', 'full', 'random', 'urandom'].map(device => [
      `/dev/${device}`,
      'device rw,nosuid,noexec',
    ]),
  ),
}
const ACCESS_TIMES = /,(relatime|noatime|nodiratime|strictatime)/g

/** A mount as it was declared: what kind it is, and its flags. */
function declared(path: string, extra: Readonly<Record<string, string>>): string | undefined {
  const host = hostRoot()
  const mask = host.masks.find(each => each.path === path)
  if (mask) return mask.directory ? 'tmpfs ro,nosuid,nodev,noexec' : FIXED['/dev/null']
  // What the host has mounted below something that is bound comes along, and may only be stricter.
  const bound = host.binds.some(({ target }) => path === target || path.startsWith(`${target}/`))
  return extra[path] ?? FIXED[path] ?? (bound ? 'bind ro,nosuid,nodev' : undefined)
}

/**
 * A name of mountinfo, where white space and backslashes stand as octal numbers
 * (proc_pid_mountinfo(5)).
 */
const unescaped = (name: string): string =>
  name.replaceAll(/\\(\d{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)))

/** The program's own cgroups, and what covers the others. */
const groups = groupView([])
const COVER = 'tmpfs ro,nosuid,nodev'

function assertGroups(mountinfo: string): void {
  const last = new Map<string, string>()
  for (const line of lines(mountinfo)) {
    const [, , , path = '', options = '', , type = ''] = line.split(' ').toSpliced(3, 1)
    last.set(path, `${type} ${options.replace(ACCESS_TIMES, '')}`)
  }
  for (const { target, type } of groups?.own ?? [])
    assert.equal(last.get(target), `${type} ro,nosuid,nodev,noexec`)
  for (const { target } of groups?.covered ?? []) assert.equal(last.get(target), COVER)
}

function assertMounts(mountinfo: string, extra: Readonly<Record<string, string>>): void {
  const seen = new Set<string>()
  assertGroups(mountinfo)
  for (const line of lines(mountinfo)) {
    if (
      [...(groups?.own ?? []), ...(groups?.covered ?? [])].some(({ target }) => target === line.split(' ')[4])
    )
      continue
    const [, , , , escaped = '', options = '', ...rest] = line.split(' ')
    const path = unescaped(escaped)
    const [kind = '', flags = ''] =
      declared(path, extra)?.split(' ') ?? assert.fail(`nobody declared ${line}`)
    seen.add(path)
    assert.equal(rest[0], '-', `nothing propagates: ${line}`)
    const type = rest[1] ?? ''
    const right =
      { device: /^(devtmpfs|tmpfs|ext4|overlay|bind)$/, bind: /./ }[kind] ?? new RegExp(`^${kind}$`)
    assert.match(type, right, line)
    const actual = options.replace(ACCESS_TIMES, '').split(',')
    if (kind === 'bind')
      for (const flag of flags.split(',')) assert.ok(actual.includes(flag), `${flag}: ${line}`)
    else assert.equal(actual.join(), flags, line)
  }
  for (const path of [
    ...Object.keys(FIXED),
    ...Object.keys(extra),
    ...hostRoot().masks.map(each => each.path),
  ])
    assert.ok(seen.has(path), `${path} is not mounted`)
}

for (const { name, options } of CONFIGURATIONS) {
  test(`${name} has the declared mounts with the declared flags and no other [PO-03]`, async context => {
    const chosen = options(context)
    const extra: Record<string, string> =
      chosen.net === 'host' ? { '/etc/resolv.conf': 'bind ro,nosuid,nodev' } : {}
    for (const { target = '', writable } of chosen.binds ?? [])
      extra[target] = `bind ${writable ? 'rw' : 'ro'},nosuid,nodev`
    // The program itself, from a directory that the box does not show otherwise.
    extra[guest] = 'bind ro,nosuid,nodev'
    await posed(chosen, ({ posture, program: main }) => {
      assertMounts(posture[0]?.['/proc/self/mountinfo'] ?? '', extra)
      assertMounts(readFileSync(`/proc/${main}/mountinfo`, 'utf8'), extra)
    })
    // The control: the host's own table is not what a box declares, in the first way that shows.
    assert.throws(() => assertMounts(readFileSync('/proc/self/mountinfo', 'utf8'), extra), {
      name: 'AssertionError',
    })
  })
}

const NAMESPACES = ['mnt', 'pid', 'net', 'ipc', 'uts', 'cgroup'] as const
const field = (status: string, name: string): string =>
  new RegExp(`^${name}:[ \\t]*(.*)$`, 'm').exec(status)?.[1]?.trim() ?? ''

for (const { name, options } of CONFIGURATIONS) {
  test(`the program of ${name}, seen from the host, has no right and its own namespaces [PO-02, PO-04]`, async context => {
    const chosen = options(context)
    await posed(chosen, ({ init, program: main }) => {
      const status = readFileSync(`/proc/${main}/status`, 'utf8')
      for (const set of ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb'])
        assert.match(field(status, set), /^0+$/, set)
      assert.equal(field(status, 'NoNewPrivs'), '1')
      assert.equal(field(status, 'Seccomp'), '2', 'the guard, where there is no policy')
      assert.equal(field(status, 'TracerPid'), '0')
      assert.match(field(status, 'NSpid'), /^\d+\t2$/, 'two levels, the second process of its own')
      const ids = new Set(`${field(status, 'Uid')}\t${field(status, 'Gid')}`.split('\t'))
      // With privilege: counted from its init's number, which nobody else has.
      const expected = root
        ? [`${0x70000000 + Number(init)}`]
        : [`${process.getuid?.()}`, `${process.getgid?.()}`]
      assert.deepEqual(ids, new Set(expected))
      if (root) assert.equal(field(status, 'Groups'), '')
      const shared = NAMESPACES.filter(
        kind => readlinkSync(`/proc/${main}/ns/${kind}`) === readlinkSync(`/proc/self/ns/${kind}`),
      )
      assert.deepEqual(shared, chosen.net === 'host' ? ['net'] : [])
      assert.equal(readlinkSync(`/proc/${main}/ns/user`) === readlinkSync('/proc/self/ns/user'), root)
      assert.equal(readFileSync(`/proc/${main}/oom_score_adj`, 'utf8'), '1000\n')
    })
  })
}

test('init has no right that the service does not have, and a program has none of init’s [PO-02]', {
  skip: needsRoot,
}, async () => {
  await posed({}, ({ init }) => {
    const status = readFileSync(`/proc/${init}/status`, 'utf8')
    assert.match(field(status, 'CapBnd'), /^0+$/, 'what it executes could have none')
    assert.match(field(status, 'CapInh'), /^0+$/)
    assert.match(field(status, 'CapAmb'), /^0+$/)
    const effective = (text: string): bigint => BigInt(`0x${field(text, 'CapEff')}`)
    assert.equal(effective(status) & ~effective(readFileSync('/proc/self/status', 'utf8')), 0n)
  })
})
