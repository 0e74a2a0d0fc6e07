/**
 * Control groups: a program cannot change its own, no process starts outside them, everything that
 * the kernel holds for the program is charged to them, and the next program begins with new ones.
 */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { constants } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { createPool, type RunOptions, run } from '#glassbox/index.js'
import { Cgroup } from '#glassbox/cgroup/group.js'
import { detectCgroups } from '#glassbox/cgroup/hierarchy.js'
import { syscallNumber } from '#glassbox/linux/syscalls.js'
import { ORDINARY, printed } from '../support/command.js'
import { makeGroup, planGroup } from '../support/group.js'
import { guard, needsRoot, root, unboxed } from '../support/hostile.js'
import { cgroupsLeft } from '../support/left.js'
import { program } from '../support/programs.js'

const { EPERM, ENOMEM } = constants.errno
const world = guard()
const MIB = 2 ** 20
const support = detectCgroups()
const possible = Cgroup.plan({}, support)
const noGroups = 'missing' in possible && `cgroups: ${possible.missing}`
const lines = (text: string | Uint8Array): string[] => String(text).split('\n').filter(Boolean)

test('without a filter, root of its own namespaces cannot change its groups [CG-01, CG-02, CG-03]', {
  skip: needsRoot || noGroups,
}, async context => {
  const group = makeGroup(planGroup({ processes: 20 }, support), { processes: 20 })
  try {
    const joins = group.directories.map(directory => `echo 0 > ${directory}/cgroup.procs;`)
    const native = spawnSync('sh', ['-c', `${joins.join(' ')} exec '${program('cgroups')}' mount`], {
      encoding: 'utf8',
    })
    assert.match(native.stdout, /: pids.max can be written$/m)
    assert.match(native.stdout, /: a child can be made$/m)
  } finally {
    await group.remove()
  }
  const { stdout, exitCode } = await world.run('cgroups', ['mount'], { policy: null })
  context.diagnostic(`mounted: ${lines(stdout).join()}`)
  assert.ok([0, EPERM, constants.errno.ENOSPC].includes(exitCode ?? -1))
  assert.doesNotMatch(stdout, /can be/)
})

/** Groups of a user's own, as an administrator gives them; gone after the test. */
function delegated(context: TestContext): string[] {
  const group = makeGroup(planGroup({}, support))
  context.after(() => group.remove())
  return group.directories.map(directory => {
    // On cgroup v2 the group below has the files of a controller only if this one hands it down.
    const control = join(directory, 'cgroup.subtree_control')
    if (existsSync(control)) writeFileSync(control, '+pids +memory')
    const own = join(directory, 'own')
    mkdirSync(own)
    for (const path of [own, ...readdirSync(own).map(name => join(own, name))]) chownSync(path, 65534, 65534)
    return own
  })
}

test('in delegated groups, an ordinary user’s program without a policy cannot change its limits [F8]', {
  skip: needsRoot || noGroups,
}, context => {
  const guest = program('cgroups')
  const groups = delegated(context)
  const joins = groups.map(group => `echo 0 > ${group}/cgroup.procs;`)
  const words = [...ORDINARY, guest, 'mount']
  const native = spawnSync('sh', ['-c', `${joins.join(' ')} exec "$0" "$@"`, ...words], { encoding: 'utf8' })
  assert.match(native.stdout, /: pids.max can be written$/m, 'natively it does')
  assert.match(native.stdout, /: memory\.(max|limit_in_bytes) can be written$/m)
  const { out, err } = printed(
    `import { run } from library
    const options = { policy: null, binds: [{ source: ${JSON.stringify(guest)}, target: '/guest' }] }
    for (const kind of ['mount', 'mount-kept', 'own', 'peel']) {
      const { exitCode, stdout, measuredBy, means } = await run('/guest', [kind], options)
      console.log(kind, exitCode, (measuredBy ?? means).memory, JSON.stringify(stdout))
    }
    const limit = 'cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/memory/memory.limit_in_bytes 2>/dev/null'
    console.log('sees', (await run('sh', ['-c', limit], { limits: { memoryBytes: 2 ** 26 } })).stdout.trim())`,
    true,
    groups,
  )
  const by = `cgroup-v${planGroup({}, support).version('memory')}`
  const tried = String.raw`"tried\n"`
  const expected = [
    `mount ${EPERM} ${by} ""`,
    `mount-kept 0 ${by} ""`,
    `own 0 ${by} ${tried}`,
    `peel 0 ${by} ${tried}`,
    `sees ${2 ** 26}`,
  ]
  assert.deepEqual(lines(out + err), expected)
})

const childrenOf = (pid: string, task: string): string[] =>
  readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').split(' ').filter(Boolean)

/**
 * Processes in the boxes of this process, by their numbers on the host: what is below inits, but
 * not those.
 */
function processesInBoxes(): string[] {
  const inits = readdirSync('/proc/self/task').flatMap(task => childrenOf('self', task))
  const found: string[] = []
  for (const queue = [...inits]; queue.length > 0; ) {
    const pid = queue.pop() ?? ''
    if (!inits.includes(pid)) found.push(pid)
    queue.push(...childrenOf(pid, pid))
  }
  return found.toSorted()
}

const members = (directory: string): string[] =>
  lines(readFileSync(join(directory, 'cgroup.procs'), 'utf8')).toSorted()

/** Reads until eight grandchildren have reported their numbers and main its word. */
const EARLY = 8
const complete = (text: string): boolean =>
  text.includes('started') && (text.match(/\d+ /g)?.length ?? 0) === EARLY

test('a process that joins a group after its start has children outside [CG-05, control]', {
  skip: needsRoot || noGroups,
}, async () => {
  const group = makeGroup(planGroup({}, support))
  const native = spawn(program('cgroups'), ['early', `${EARLY}`], { stdio: ['ignore', 'pipe', 'ignore'] })
  let text = ''
  for await (const chunk of native.stdout) {
    text += String(chunk)
    if (complete(text)) break
  }
  try {
    for (const directory of group.directories) {
      writeFileSync(join(directory, 'cgroup.procs'), `${native.pid}`)
      assert.deepEqual(members(directory), [`${native.pid}`])
    }
  } finally {
    for (const pid of text.match(/\d+/g) ?? []) process.kill(Number(pid), 'SIGKILL')
    native.kill('SIGKILL')
    await once(native, 'exit')
    await group.remove()
  }
})

test('a process that is forked before main is in the groups, counted and killed [CG-05]', {
  skip: noGroups,
}, async () => {
  const guest = program('cgroups')
  await using pool = await createPool({ size: 1, binds: [{ source: guest }] })
  for (let round = 0; round < 6; round++) {
    const options = { limits: { processes: 20 } }
    const handle =
      round % 2 ? pool.run(guest, ['early', `${EARLY}`], options) : run(guest, ['early', `${EARLY}`], options)
    let text = ''
    for await (const event of handle.events()) {
      if (event.type === 'stdout') text += Buffer.from(event.chunk).toString()
      if (complete(text)) break
    }
    const processes = processesInBoxes()
    // A pool has made the groups of its next program already.
    const own = cgroupsLeft().filter(directory => members(directory).length > 1)
    assert.equal(own.length, 'parts' in possible ? possible.parts.length : 0)
    const killed = new Set(own.flatMap(members))
    for (const part of own) {
      assert.equal(members(part).length, 1 + EARLY, part)
      assert.deepEqual(
        members(part).filter(pid => !processes.includes(pid)),
        [],
      )
    }
    handle.kill()
    const { processes: peak = 0 } = await handle
    assert.ok(peak > EARLY, `${peak}`)
    const left = processesInBoxes().filter(pid => killed.has(pid))
    assert.deepEqual(left, [])
  }
})

for (const kind of ['fork', 'thread']) {
  test(`a limit of processes is of ${kind === 'fork' ? 'processes' : 'threads'} at a time, and exact [CG-06]`, async context => {
    assert.equal(unboxed(context, 'processes', [kind, '9']).code, 0)
    const result = (count: number, processes: number): ReturnType<typeof world.run> =>
      world.run('processes', [kind, `${count}`], { limits: { processes } })
    assert.equal((await result(9, 10)).status, 'exited')
    const refused = await result(10, 10)
    assert.equal(refused.exitCode, 3, 'EAGAIN')
    // Without a group init looks every 5 ms, and may not have seen as many as there were.
    if (!noGroups) assert.equal(refused.status, 'process-limit')
    assert.equal((await result(200, Infinity)).exitCode, 0)
    for (const none of [0, -1])
      await assert.rejects(async () => result(1, none), { code: 'ERR_GLASSBOX_INVALID_OPTION' })
  })
}

test('groups are gone after programs that leave zombies and slow ends [CG-08]', async () => {
  const guests = [program('cgroups'), program('processes'), program('allocate')]
  await using pool = await createPool({ size: 1, binds: guests.map(source => ({ source })) })
  await pool.run('true')
  for (let round = 0; round < 5; round++) {
    await world.run('cgroups', ['zombies', '50'])
    await pool.run(program('cgroups'), ['zombies', '50'])
    await pool.run(program('processes'), ['daemon', '1'])
    await pool.run(program('allocate'), ['children', '64'])
  }
  await pool.run('true')
  assert.equal(pool.replaced, 0)
  await pool.close()
  assert.deepEqual(cgroupsLeft(), [])
})

test('the second program of a slot has only its own counters and limits [CG-09]', async () => {
  const binds = ['burn', 'allocate', 'processes'].map(guest => ({ source: program(guest) }))
  await using pool = await createPool({ size: 1, binds })
  const first: readonly (readonly [string, string[], RunOptions['limits'], string])[] = [
    ['burn', ['threads', '5000'], { cpuTimeMs: 300 }, 'cpu-time-limit'],
    ['allocate', ['tmpfs', '100'], { memoryBytes: 40 * MIB }, 'memory-limit'],
    ['allocate', ['children', '100'], {}, 'exited'],
    ['processes', ['fork', '10'], { processes: 5 }, 'process-limit'],
    ['processes', ['fork', '50'], {}, 'exited'],
  ]
  for (const [guest, args, limits = {}, status] of first) {
    assert.equal(
      (await pool.run(program(guest), args, { limits, env: { FILL: '/tmp/fill' } })).status,
      status,
      guest,
    )
    const second = await pool.run('true')
    assert.equal(second.status, 'exited')
    assert.ok(second.cpuTimeMs < 150, `${second.cpuTimeMs} ms`)
    assert.ok(second.memoryBytes < 16 * MIB, `${second.memoryBytes} bytes`)
    assert.ok((second.processes ?? 1) <= 2, `${second.processes} processes`)
    const larger = await pool.run(program('allocate'), ['private', '60'], { limits: { processes: 2 } })
    assert.equal(larger.exitCode, 0)
    assert.ok(larger.memoryBytes >= 60 * MIB)
    assert.equal((await pool.run(program('processes'), ['fork', '20'])).exitCode, 0)
  }
})

test('if the service is moved to another group during a run, the limits of the run stay [CG-11]', {
  skip: needsRoot || noGroups,
}, async () => {
  const group = makeGroup(planGroup({}, support))
  const index = fileURLToPath(new URL('../../../packages/glassbox/dist/library/index.js', import.meta.url))
  const guest = program('allocate')
  const script = `import { run } from ${JSON.stringify(index)}
    const limits = { memoryBytes: 40 << 20, processes: 4 }
    const moved = run('sh', ['-c', 'echo started; read x; "${guest}" private 100'], { limits, stdin: process.stdin, binds: [{ source: ${JSON.stringify(guest)} }] })
    for await (const { type } of moved.events()) if (type === 'stdout') { console.log('started'); break }
    const { status } = await moved
    console.log(status, (await run(${JSON.stringify(guest)}, ['private', '100'], { limits })).status, (await run('echo')).status)
    process.exit()`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  let text = ''
  child.stdout.on('data', chunk => (text += String(chunk)))
  try {
    while (!text.includes('started')) await once(child.stdout, 'data')
    for (const directory of group.directories) writeFileSync(join(directory, 'cgroup.procs'), `${child.pid}`)
    child.stdin.end('go\n')
    await once(child, 'close')
    assert.equal(text, 'started\nmemory-limit memory-limit exited\n')
    assert.deepEqual(cgroupsLeft(new RegExp(`^glassbox-${child.pid}-`)), [])
  } finally {
    child.kill('SIGKILL')
    await group.remove()
  }
})

test('swap is limited with memory, and so are socket buffers if they count separately [CG-12, CG-14]', {
  skip: noGroups,
}, async () => {
  const handle = run('sh', ['-c', 'echo started; sleep 100'], { limits: { memoryBytes: 64 * MIB } })
  await handle.events().next()
  const texts = new Map<string, string>()
  for (const directory of cgroupsLeft())
    for (const name of readdirSync(directory).filter(file => /^memory\..*(limit_in_bytes|max)$/.test(file)))
      texts.set(name, readFileSync(join(directory, name), 'utf8').trim())
  handle.kill()
  await handle
  const expected = {
    'memory.limit_in_bytes': 64 * MIB,
    'memory.memsw.limit_in_bytes': 64 * MIB,
    'memory.kmem.tcp.limit_in_bytes': 64 * MIB,
    'memory.max': 64 * MIB,
    'memory.swap.max': 0,
  }
  assert.ok(texts.has('memory.limit_in_bytes') || texts.has('memory.max'))
  for (const [file, value] of Object.entries(expected))
    if (texts.has(file)) assert.equal(texts.get(file), `${value}`, file)
})

test('a program gets no pages of the host’s huge page pool, which no group counts [CG-13]', async () => {
  // MAP_HUGETLB, MAP_HUGE_2MB; SHM_HUGETLB is 04000, MFD_HUGETLB 4. Nothing is reserved: where the
  // pool is empty that would fail too.
  const [huge, of2MiB, private_, shared] = [0x40000, 21 << 26, 0x4022, 0o10000]
  const calls = [
    [syscallNumber('memfd_create'), 's:x', 4].join(),
    [syscallNumber('memfd_create'), 's:x', 4 | of2MiB].join(),
    [syscallNumber('mmap'), 0, 2 * MIB, 3, private_ | huge, -1, 0].join(),
    [syscallNumber('mmap'), 0, 2 * MIB, 3, private_ | huge | of2MiB, -1, 0].join(),
    [syscallNumber('shmget'), 0, 2 * MIB, 0o4600 | 0o1000 | shared].join(),
  ]
  // In a namespace of its own, with which the segment goes. Without privilege the kernel itself
  // refuses that one.
  const words = ['--ipc', ...(root ? [] : ['--user'])]
  const native = spawnSync('unshare', [...words, program('calls'), ...calls], { encoding: 'utf8' })
  assert.deepEqual(
    lines(native.stdout),
    ['0', '0', '0', '0', root ? '0' : `${EPERM}`],
    'natively they are had',
  )
  const { stdout } = await world.run('calls', calls)
  assert.deepEqual(
    lines(stdout),
    calls.map(() => `${ENOMEM}`),
  )
  assert.doesNotMatch((await run('cat', ['/proc/mounts'])).stdout, /hugetlbfs/)
})

/**
 * Kinds of kernel objects, by what happens to a program that wants 40 MiB of them under a limit of
 * 24 MiB. Some can be reclaimed: the kernel frees older ones then, and kills the program only if
 * it asks for them faster than they are freed (each waits for an RCU grace period).
 */
const KERNEL_MEMORY: readonly {
  readonly kind: string
  readonly reclaimed?: true
  readonly least?: number
}[] = [
  { kind: 'pipes' },
  { kind: 'unix' },
  { kind: 'files' },
  { kind: 'names', reclaimed: true },
  { kind: 'tables' },
  { kind: 'timers', least: 20 },
  { kind: 'epoll' },
  { kind: 'messages' },
  { kind: 'semaphores' },
  { kind: 'maps' },
  { kind: 'threads' },
]
const GENEROUS = { openFiles: 8192, processes: 4096 }
for (const { kind, reclaimed, least = 32 } of KERNEL_MEMORY) {
  test(`kernel memory of ${kind} is charged to the program [CG-14]`, { skip: noGroups }, async () => {
    const grow = (memory: number): ReturnType<typeof world.run> =>
      world.run('grow', [kind, '40'], { limits: { ...GENEROUS, memoryBytes: memory * MIB }, diskFiles: 1e5 })
    const free = await grow(256)
    assert.deepEqual([free.status, free.exitCode], ['exited', 0])
    assert.ok(free.memoryBytes >= least * MIB, `${free.memoryBytes} bytes`)
    const limited = await grow(24 * (least / 32))
    const outcomes = reclaimed ? ['exited', 'memory-limit'] : ['memory-limit']
    assert.ok(outcomes.includes(limited.status), limited.status)
    assert.ok(limited.memoryBytes <= 24 * MIB)
  })
}

for (const kind of ['tcp', 'udp']) {
  test(`buffers of ${kind} sockets are bounded by the memory limit [CG-14]`, { skip: noGroups }, async () => {
    const grow = async (memory: number): Promise<number> => {
      const { stdout, status } = await world.run('grow', [kind, '400'], {
        limits: { ...GENEROUS, memoryBytes: memory * MIB },
      })
      return status === 'memory-limit' ? 0 : Number(stdout)
    }
    const free = await grow(1024)
    assert.ok(free > 90 * MIB, `${free} bytes`)
    // Each socket has a minimum that the kernel never refuses it.
    const limited = await grow(24)
    assert.ok(limited < 80 * MIB, `${limited} bytes`)
  })
}
