/**
 * Inside an ordinary container: with the capabilities of Docker's root or as an ordinary user, and
 * under what Docker's default seccomp profile refuses. The namespace runner does not work there,
 * which is the control. A profile that refuses what the ptrace runner needs is a missing feature.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, readdirSync } from 'node:fs'
import { test, type TestContext } from 'node:test'
import type { RunResult } from '#glassbox/index.js'
import { ERRNO } from '#glassbox/linux/errno.js'
import { command, ORDINARY } from '../../support/command.js'
import type { MoreRefusals } from '../../support/environments/docker-profile.js'
import { contained, enter } from '../../support/environments/enter.js'
import { ENVIRONMENTS } from '../../support/environments/environments.js'
import { needsCgroup, needsRoot } from '../../support/hostile.js'
import { program } from '../../support/programs.js'
import { temporaryDirectory } from '../../support/temporary.js'

const isRoot = process.getuid?.() === 0
const USERS = isRoot ? (['root', 'ordinary'] as const) : (['ordinary'] as const)
type User = (typeof USERS)[number]

/** An ordinary user of a container. */
const OF_USER = { uid: Number(ORDINARY[2]), capabilities: [] }

interface Ended {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

/** Runs the command in the container. `refused`: more calls that its profile refuses. */
function inContainer(
  context: TestContext,
  user: User,
  words: readonly string[],
  refused?: MoreRefusals,
): Ended {
  const base = temporaryDirectory(context)
  chmodSync(base, 0o1777)
  const filters = temporaryDirectory(context)
  chmodSync(filters, 0o755)
  const environment = { ...ENVIRONMENTS.docker, ...(user === 'ordinary' ? OF_USER : {}) }
  const [file = '', ...args] = contained(environment, filters, refused)
  const { status, stdout, stderr } = spawnSync(file, [...args, process.execPath, command, 'run', ...words], {
    encoding: 'utf8',
    env: { ...process.env, TMPDIR: base },
    timeout: 60_000,
  })
  assert.deepEqual(readdirSync(base), [], 'nothing is left')
  return { code: status, out: stdout, err: stderr }
}

const shell = ['--runner', 'ptrace', '--allow-exec', '/usr/bin/']

for (const user of USERS) {
  test(`as ${user}: the namespace runner does not work there [control]`, context => {
    const { code, err } = inContainer(context, user, ['true'])
    assert.equal(code, 125, err)
  })

  test(`as ${user}: programs run, in a directory of their own and without rights`, context => {
    // The first process of the program reads its own entry of /proc.
    const capability = 'while read name set; do [ $name = CapEff: ] && echo $set; done < /proc/self/status'
    const script = `id -u; ${capability}; echo x > file; cat file; cat /etc/passwd`
    const ended = inContainer(context, user, [...shell, '--explain', '--', 'sh', '-c', script])
    const [uid, capabilities, file, ...more] = ended.out.trim().split('\n')
    assert.equal(file, 'x', ended.err)
    assert.deepEqual(more, [])
    assert.equal(capabilities, '0'.repeat(16))
    assert.notEqual(Number(uid), 0)
    assert.equal(ended.code, 1)
    assert.match(
      ended.err,
      /denied: openat\(AT_FDCWD, "\/etc\/passwd", O_RDONLY\).*--allow-read \/etc\/passwd/,
    )
  })

  const endings: readonly (readonly [options: string[], guest: string, args: string[], code: number])[] = [
    [[], 'end', ['exit', '3'], 3],
    [[], 'end', ['null'], 139],
    [['--cpu-time', '100ms'], 'burn', ['one', '20000'], 124],
    [['--cpu-time', '100ms'], 'burn', ['unwaited', '20000'], 124],
    [['--wall-time', '100ms'], 'end', ['stop'], 124],
    [['--memory', '64MiB'], 'allocate', ['children', '600'], 137],
    [['--memory', '64MiB'], 'allocate', ['children', '32'], 0],
    [['--deny', 'socket'], 'network', ['socket', '1'], 159],
    [['--processes', '10'], 'processes', ['thread', '9'], 0],
    [['--file-size', '2MB'], 'write', ['big', '2000001'], 153],
    [['--file-size', '2MB'], 'endings', ['size-memfd'], 153],
    // Thousands of denied calls, which take their time on a busy machine.
    [['--processes', '80', '--wall-time', '200s'], 'execs', ['4', '64', 'all'], 11],
    [['--processes', '20', '--cpu-time', '200ms'], 'swarm', ['comets', '8'], 124],
    [['--processes', '20', '--cpu-time', '200ms'], 'swarm', ['racers', '8'], 124],
    [[], 'swarm', ['reaper'], 0],
  ]
  for (const [options, guest, args, code] of endings)
    test(`as ${user}: ${guest} ${args.join(' ')} ends with ${code}`, context => {
      const words = ['--runner', 'ptrace', ...options, '--', program(guest), ...args]
      const ended = inContainer(context, user, words)
      assert.equal(ended.code, code, ended.err)
    })

  const missing = [
    ['ptrace', { ptrace: ERRNO.EPERM }, /needs ptrace, which this host refuses.*seccomp profile/],
    ['Landlock', { landlock_create_ruleset: ERRNO.ENOSYS }, /needs Landlock.*newer Docker/],
    ['seccomp', { seccomp: ERRNO.EPERM }, /needs seccomp filters, which this host refuses/],
  ] as const
  for (const [feature, call, words] of missing)
    test(`as ${user}: a profile without ${feature} is a missing feature, and nothing starts`, context => {
      const { code, out, err } = inContainer(context, user, [...shell, '--', 'echo', 'started'], call)
      assert.equal(code, 125)
      assert.equal(out, '')
      assert.match(err, words)
      assert.equal(err.trim().split('\n').length, 1, err)
      const json = inContainer(context, user, [...shell, '--json', '--', 'true'], call)
      const { error } = JSON.parse(json.out) as { error: { code: string } }
      assert.equal(error.code, 'ERR_GLASSBOX_MISSING_FEATURE')
    })
}

const FORKS = ['--json', '--processes', '6', '--', program('processes'), 'fork', '12']

function assertLimited({ out, err }: Ended, by: RegExp): void {
  const { status, processes, measuredBy } = JSON.parse(out) as RunResult
  assert.deepEqual([status, processes], ['process-limit', 6], err)
  for (const measurer of [measuredBy.memory, measuredBy.processes]) assert.match(measurer, by)
  assert.equal(measuredBy.cpuTime, 'tracer')
}

test('as ordinary: without a cgroup the tracer limits and measures everything', context => {
  assertLimited(inContainer(context, 'ordinary', ['--runner', 'ptrace', ...FORKS]), /^tracer$/)
})

test('as root: with read-only cgroups, as in Docker, the tracer does the same', {
  skip: needsRoot,
}, context => {
  const line = [process.execPath, command, 'run', '--runner', 'ptrace', ...FORKS]
  assertLimited(enter(context, ENVIRONMENTS.docker, line), /^tracer$/)
})

test('as root: with cgroups that can be written, they do', { skip: needsRoot || needsCgroup }, context => {
  assertLimited(inContainer(context, 'root', ['--runner', 'ptrace', ...FORKS]), /^cgroup-v[12]$/)
})

test('the filter of the container is there: unshare fails [control]', context => {
  const [file = '', ...args] = contained(ENVIRONMENTS.docker, temporaryDirectory(context))
  const tried = spawnSync(file, [...args, 'unshare', '-U', 'true'], { encoding: 'utf8' })
  assert.match(tried.stderr, /Operation not permitted/)
  const free = spawnSync('unshare', ['-U', 'true'], { encoding: 'utf8' })
  if (isRoot) assert.equal(free.status, 0, free.stderr)
})
