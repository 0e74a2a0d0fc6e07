/**
 * A caller whose limits are too low: of descriptors, processes, namespaces. Each failure is a
 * GlassboxError whose hint names the limit and its value.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { stepError } from '#glassbox/launch/step-error.js'
import { systemError } from '#glassbox/gate/gate.js'
import { ERRNO } from '#glassbox/linux/errno.js'
import { PlanBuilder } from '#glassbox/plan/builder.js'
import { temporaryDirectory } from '../support/temporary.js'

const dist = fileURLToPath(new URL('../../../packages/glassbox/dist/', import.meta.url))
const module = (path: string): string => JSON.stringify(pathToFileURL(join(dist, path)).href)
const isRoot = process.getuid?.() === 0
/** Both users that a caller can be, as far as this one may become them. */
const USERS: readonly (number | undefined)[] = isRoot ? [undefined, 65_534] : [undefined]
const nameOf = (uid: number | undefined): string => (uid === undefined ? 'this user' : `uid ${uid}`)

/** What a script of its own process printed as JSON. `before`: shell words before node. */
function scripted(
  script: string,
  { before = '', uid }: { before?: string; uid?: number | undefined },
): Outcome[] {
  const command = `${before} exec "$0" --input-type=module -e "$SCRIPT"`
  const { stdout, stderr, status } = spawnSync('/bin/sh', ['-c', command, process.execPath], {
    encoding: 'utf8',
    timeout: 60_000,
    cwd: '/',
    env: { ...process.env, SCRIPT: script },
    ...(uid === undefined ? {} : { uid, gid: uid }),
  })
  assert.deepEqual([stderr, status], ['', 0])
  return JSON.parse(stdout) as Outcome[]
}

/** How a call ended: its status, or its error. */
interface Outcome {
  readonly status?: string
  readonly name?: string
  readonly code?: string
  readonly message?: string
  readonly hint?: string
}

const OUTCOME = `const outcome = work => work().then(status => ({ status }),
  ({ name, code, message, hint }) => ({ name, code, message, hint }))`

for (const uid of USERS) {
  for (const limit of [56, 64, 65, 66, 70, 88, 100, 127, 128]) {
    test(`with ulimit -n ${limit} a box works, or the error names the limit (${nameOf(uid)})`, () => {
      const script = `import { run } from ${module('library/index.js')}
        ${OUTCOME}
        console.log(JSON.stringify([await outcome(async () => (await run('true')).status)]))`
      const [{ status, code, hint } = {}] = scripted(script, { before: `ulimit -n ${limit};`, uid })
      if (status === undefined) {
        assert.match(code ?? '', /^ERR_GLASSBOX_(SYSTEM|STEP_FAILED)$/)
        assert.match(
          hint ?? '',
          new RegExp(`ulimit -n.* is ${limit}, and glassbox needs at least 128: raise it`),
        )
      }
      if (limit <= 64) assert.equal(status, undefined, 'control: so few are too few')
      if (limit >= 128) assert.equal(status, 'exited')
    })
  }
}

const JOBS: Readonly<Record<string, string>> = {
  'run()': `await run('true', [], { stdin: 'x' })`,
  'run() with files': `await run('cat', ['a'],
    { files: { a: 'x' }, collect: ['a'], stdout: { file: OUT }, stdin: { file: '/etc/passwd' } })`,
  'a box': `const box = await openBox()
    try {
      await box.writeFile('a', 'x')
      await box.run('cat', ['a'], { stdin: Buffer.alloc(70000) })
      await box.readFile('a')
    } finally { await box.close() }`,
  'a pool': `const pool = await createPool({ size: 1 })
    try { await pool.run('true') } finally { await pool.close() }`,
}

for (const [what, job] of Object.entries(JOBS)) {
  for (const warm of [false, true]) {
    test(`${what}, ${warm ? 'later' : 'the first time'}: at each number of free descriptors, it works or the error names the limit [RB-04]`, context => {
      const script = `import { closeSync, openSync, readdirSync } from 'node:fs'
        import { createPool, openBox, run } from ${module('index.js')}
        import { addon } from ${module('gate/addon.js')}
        const OUT = ${JSON.stringify(join(temporaryDirectory(context), 'out'))}
        const job = async () => { ${job} }
        ${OUTCOME}
        ${warm ? 'await job()' : ''}
        addon() // Node loads it; without it glassbox cannot know the limit
        const open = () => readdirSync('/proc/self/fd').length
        const outcomes = []
        for (let free = 0; free < 40 && outcomes.at(-1)?.status === undefined; free++) {
          const before = open(), taken = []
          try { for (;;) taken.push(openSync('/dev/null')) } catch {}
          for (let i = 0; i < free; i++) closeSync(taken.pop())
          outcomes.push(await outcome(async () => { await job(); return 'done' }))
          for (const fd of taken) closeSync(fd)
        }
        console.log(JSON.stringify(outcomes))
        process.exit()`
      const outcomes = scripted(script, { before: 'ulimit -n 200;' })
      assert.equal(outcomes.at(-1)?.status, 'done')
      assert.ok(outcomes.length > 3, 'control: some numbers were too few')
      for (const { name, code, hint, message } of outcomes.slice(0, -1)) {
        assert.deepEqual([name, code?.startsWith('ERR_GLASSBOX_')], ['GlassboxError', true], message)
        assert.match(hint ?? '', /ulimit -n.* is 200, and all are in use/, message)
      }
    })
  }
}

test('without a descriptor to load the addon, the error names the limit', () => {
  const script = `import { closeSync, openSync } from 'node:fs'
    import { run } from ${module('index.js')}
    ${OUTCOME}
    const taken = []
    try { for (;;) taken.push(openSync('/dev/null')) } catch {}
    const told = await outcome(async () => (await run('/bin/true')).status)
    for (const fd of taken) closeSync(fd)
    console.log(JSON.stringify([told, await outcome(async () => (await run('/bin/true')).status)]))`
  const [first, later] = scripted(script, { before: 'ulimit -n 200;' })
  assert.match(first?.code ?? '', /^ERR_GLASSBOX_/)
  assert.match(first?.hint ?? '', /ulimit -n/)
  assert.equal(later?.status, 'exited')
})

test('a tracer whose thread cannot be started names the limit', () => {
  const script = `import { closeSync, openSync } from 'node:fs'
    import { trace } from ${module('index.js')}
    ${OUTCOME}
    const run = async () => { for await (const _ of trace({ program: 'true' })); return 'done' }
    await run()
    const taken = []
    try { for (;;) taken.push(openSync('/dev/null')) } catch {}
    const told = await outcome(run)
    for (const fd of taken) closeSync(fd)
    console.log(JSON.stringify([told]))`
  const [{ code, message, hint } = {}] = scripted(script, { before: 'ulimit -n 200;' })
  assert.equal(code, 'ERR_GLASSBOX_SYSTEM', message)
  assert.match(hint ?? '', /ulimit -n.* is 200, and all are in use/)
})

test('a user who may have no more processes is told which limit it is, and its value', () => {
  const script = `import { run } from ${module('library/index.js')}
    import { syscall } from ${module('gate/gate.js')}
    import { syscallNumber } from ${module('linux/syscalls.js')}
    import { RLIMIT_NPROC } from ${module('linux/constants.js')}
    ${OUTCOME}
    const once = () => outcome(async () => (await run('true')).status)
    const first = await once()
    const limit = BigUint64Array.of(1n, 1n)
    syscall(syscallNumber('prlimit64'), 0, RLIMIT_NPROC, limit, 0)
    console.log(JSON.stringify([first, await once()]))`
  const [first, second] = scripted(script, { uid: isRoot ? 65_534 : undefined })
  assert.equal(first?.status, 'exited', 'control')
  assert.match(second?.message ?? '', /EAGAIN/)
  assert.match(
    second?.hint ?? '',
    /limit of processes is reached.*ulimit -u, RLIMIT_NPROC: 1 here.*pids\.max/,
  )
})

test('a limit of namespaces is named with its value', context => {
  const lowered = 'echo 0 > /proc/sys/user/max_pid_namespaces || exit 9;'
  const script = `import { run } from ${module('library/index.js')}
    ${OUTCOME}
    console.log(JSON.stringify(await outcome(async () => (await run('true')).status)))`
  // Root of a user namespace may lower the limits of that namespace only.
  const inside = (before: string): ReturnType<typeof spawnSync> =>
    spawnSync(
      'unshare',
      ['-Ur', '/bin/sh', '-c', `${before} exec "$0" --input-type=module -e "$SCRIPT"`, process.execPath],
      { encoding: 'utf8', cwd: '/', env: { ...process.env, SCRIPT: script } },
    )
  const failed = inside(lowered)
  if (failed.status !== 0) {
    context.skip(`no user namespaces here: ${String(failed.stderr)}`)
    return
  }
  const { message, hint } = JSON.parse(String(failed.stdout)) as Outcome
  assert.match(message ?? '', /ENOSPC/)
  assert.match(hint ?? '', /limit of namespaces is reached.*user\.max_pid_namespaces=0/)
  assert.doesNotMatch(String(inside('').stdout), /ENOSPC/, 'control: without that limit it is not this error')
})

const stepOf = (name: string, args: readonly number[] = []): PlanBuilder =>
  new PlanBuilder('set up the box').call(name, args, 'do it')

test('each errno of a limit has a hint that names the limit, whichever step meets it', () => {
  const F_DUPFD_CLOEXEC = 1030
  const cases: readonly [PlanBuilder, number, RegExp][] = [
    [stepOf('openat'), ERRNO.EMFILE, /ulimit -n.* is \d+/],
    [stepOf('fcntl', [3, F_DUPFD_CLOEXEC, 64]), ERRNO.EINVAL, /ulimit -n.* is \d+/],
    [stepOf('openat'), ERRNO.ENFILE, /fs\.file-max=\d+/],
    [stepOf('mmap'), ERRNO.ENOMEM, /memory limit/],
    [stepOf('unshare'), ERRNO.ENOSPC, /user\.max_cgroup_namespaces=\d+/],
    [stepOf('mount'), ERRNO.ENOSPC, /fs\.mount-max=\d+/],
    [stepOf('pwrite64'), ERRNO.ENOSPC, /file system is full/],
    [stepOf('setresuid'), ERRNO.EAGAIN, /RLIMIT_NPROC.*kernel\.threads-max=\d+/],
    [stepOf('mkdirat'), ERRNO.EAGAIN, /cgroup\.max\.descendants/],
  ]
  for (const [builder, errno, hint] of cases) {
    const plan = builder.build()
    assert.match(stepError(plan, plan.steps[0], errno).hint ?? '', hint)
  }
  assert.match(systemError('openat', ERRNO.EMFILE).hint ?? '', /ulimit -n.* is \d+/)
  const other = stepOf('fcntl', [3, 4, 64]).build()
  assert.doesNotMatch(stepError(other, other.steps[0], ERRNO.EINVAL).hint ?? '', /ulimit/)
})
