/**
 * What somebody outside does to a box while it is used: each a typed error that names it, and what
 * comes next works.
 */
import assert from 'node:assert/strict'
import { existsSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { after, before, test } from 'node:test'
import { type Box, createPool, openBox, type Pool, run, type RunHandle } from '#glassbox/index.js'
import { Cgroup } from '#glassbox/cgroup/group.js'
import { assertNothingLeft, cgroupsLeft, children, surroundings } from '../support/left.js'

const initial = surroundings()
before(async () => {
  await run('true')
  Object.assign(initial, surroundings())
})
after(() => assertNothingLeft(initial))

const possible = Cgroup.plan({})
const noGroups = 'missing' in possible ? `cgroups: ${possible.missing}` : false

const inits = (): number[] =>
  children()
    .filter(pid => readFileSync(`/proc/${pid}/cmdline`, 'utf8').startsWith('glassbox-init'))
    .map(Number)

type Runs = Pick<Box | Pool, 'run'>

/** Everything that runs a program; the box and the pool are closed by the test. */
const RUNNERS: readonly (readonly [
  name: string,
  open: () => Promise<{ runs: Runs; close: () => Promise<void> }>,
])[] = [
  ['run()', () => Promise.resolve({ runs: { run }, close: () => Promise.resolve() })],
  [
    'a box',
    async () => {
      const box = await openBox()
      return { runs: box, close: () => box.close() }
    },
  ],
  [
    'a pool',
    async () => {
      const pool = await createPool({ size: 1 })
      return { runs: pool, close: () => pool.close() }
    },
  ],
]

/** A program that has started, and ends by itself after a moment. */
async function started(runs: Runs): Promise<{ readonly handle: RunHandle }> {
  const handle = runs.run('sh', ['-c', 'echo started; sleep 1; echo ended'])
  await handle.events().next()
  return { handle } // itself it would be awaited
}

for (const [name, open] of RUNNERS) {
  test(`${name}: its init is killed while a program runs`, async () => {
    const { runs, close } = await open()
    try {
      const { handle } = await started(runs)
      for (const pid of inits()) process.kill(pid, 'SIGKILL')
      await assert.rejects(async () => handle, { code: 'ERR_GLASSBOX_BOX_LOST', hint: /Open a new box/ })
      if (name === 'a box')
        await assert.rejects(async () => runs.run('true'), { code: 'ERR_GLASSBOX_BOX_LOST' }, 'it stays lost')
      else assert.equal((await runs.run('echo', ['well'])).stdout, 'well\n')
    } finally {
      await close()
    }
    assert.deepEqual(cgroupsLeft(), [])
  })

  test(`${name}: its cgroups are removed by somebody else while a program runs`, {
    skip: noGroups,
  }, async () => {
    const { runs, close } = await open()
    try {
      const { handle } = await started(runs)
      const groups = cgroupsLeft()
      assert.ok(groups.length > 0)
      for (const group of groups) assert.throws(() => rmdirSync(group), { code: 'EBUSY' }, 'the control')
      for (const group of groups) takeAway(group)
      await assert.rejects(async () => handle, {
        code: 'ERR_GLASSBOX_CGROUP',
        message: /Could not read .*\/glassbox-\d+-\w+-\d+\/\S+: ENOENT/,
        hint: /Another process removed the group/,
      })
      // The next program has a group again, with figures of its own.
      const next = await runs.run('echo', ['well'])
      assert.deepEqual([next.stdout, next.status], ['well\n', 'exited'])
      assert.match(next.measuredBy.cpuTime, /^cgroup/)
      assert.ok(next.cpuTimeMs > 0)
    } finally {
      await close()
    }
    assert.deepEqual(cgroupsLeft(), [])
  })
}

/**
 * Where processes of the group can go: the group above, or in v2, where that may have none, the
 * one that this process is in.
 */
function takeAway(group: string): void {
  const above = dirname(group)
  const own = /^0::(.*)$/m.exec(readFileSync('/proc/self/cgroup', 'utf8'))?.[1] ?? '/'
  const isV2 = existsSync(join(group, 'cgroup.type'))
  const target = isV2 ? `${mountOf(above)}${own}` : above
  const processes = (): string[] =>
    readFileSync(join(group, 'cgroup.procs'), 'utf8').split('\n').filter(Boolean)
  // One of them may be forked while the others go.
  for (let pids = processes(); pids.length > 0; pids = processes())
    for (const pid of pids) writeFileSync(join(target, 'cgroup.procs'), pid)
  rmdirSync(group)
}

/** The mount that a directory is below. */
const mountOf = (directory: string): string =>
  readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map(line => line.split(' ')[4] ?? '')
    .filter(point => point !== '' && `${directory}/`.startsWith(`${point}/`))
    .toSorted((a, b) => b.length - a.length)[0] ?? '/'

test('the cgroups of a pool that are removed while nothing runs are missed by the next program, and made again', {
  skip: noGroups,
}, async () => {
  const pool = await createPool({ size: 1 })
  try {
    for (let round = 0; round < 3; round++) {
      await pool.run('true')
      await settled()
      for (const group of cgroupsLeft()) takeAway(group)
      // The child that waited is in no group of ours any more. Limits that differ would be
      // written: that is what is told first.
      const limits = round === 1 ? { memoryBytes: 2 ** 26 } : {}
      await assert.rejects(async () => pool.run('true', [], { limits }), {
        code: 'ERR_GLASSBOX_CGROUP',
        hint: /Another process removed the group/,
      })
      const { stdout, measuredBy } = await pool.run('echo', ['well'])
      assert.deepEqual([stdout, measuredBy.memory.startsWith('cgroup')], ['well\n', true])
    }
  } finally {
    await pool.close()
  }
})

/** The pool's next child waits: every group has one process. */
async function settled(): Promise<void> {
  const waits = (): boolean => {
    const groups = cgroupsLeft()
    return (
      groups.length > 0 && groups.every(group => readFileSync(join(group, 'cgroup.procs'), 'utf8') !== '')
    )
  }
  for (let tries = 0; tries < 500 && !waits(); tries++) await new Promise(resolve => setTimeout(resolve, 10))
}

for (const [when, script] of [
  ['at its end', 'echo x'],
  ['while it runs', 'while echo x; do sleep 0.01; done'],
] as const) {
  test(`a full disk under the file of an output, met ${when}, is a typed error that names the file`, async () => {
    const limits = { wallTimeMs: 20_000 }
    await assert.rejects(async () => run('sh', ['-c', script], { stdout: { file: '/dev/full' }, limits }), {
      code: 'ERR_GLASSBOX_FILE',
      errno: 28,
      path: '/dev/full',
      message: /^Could not write stdout to \/dev\/full: ENOSPC/,
      hint: /disk is not full/,
    })
    assert.equal(
      (await run('echo', ['x'], { stdout: { file: '/dev/null' } })).status,
      'exited',
      'the control',
    )
  })
}

test('what is called on a box after its end is refused by name, whatever it is', async () => {
  const box = await openBox()
  await box.close()
  for (const use of [async () => box.run('true'), () => box.readFile('x'), () => box.writeFile('x', 'y')])
    await assert.rejects(use, { code: 'ERR_GLASSBOX_BOX_CLOSED', message: /closed/, hint: /Open a new box/ })
})
