// What launching costs, as ratios to a bare vfork + exec + wait of the same program in the same
// run.
//
//   npm run bench [-- ROUNDS]        default 100; needs the built package
//
// The rows are measured in turn, round by round, so that a change of the machine's speed affects
// all of them alike. Tools that are not on PATH, or do not run here, are left out and listed.
//
// The first table is of a process that has run nothing yet. The others are of one that has run a
// thousand programs, like a service: by then V8 has compiled the code of a launch, which saves a
// quarter of a pooled launch.
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { runPlan } from '../packages/glassbox/dist/gate/gate.js'
import { createPool, openBox, run } from '../packages/glassbox/dist/index.js'
import { encodePlan } from '../packages/glassbox/dist/plan/encode.js'
import { PlanBuilder, stringArray, text } from '../packages/glassbox/dist/plan/builder.js'
import { CLONE_VFORK, CLONE_VM, __WALL } from '../packages/glassbox/dist/linux/constants.js'

const ROUNDS = Number(process.argv[2] ?? 100)
const WARM_UP = 5
const SETTLE_MS = 5

/** vfork + exec + wait, by the same interpreter that launches boxes. */
function bare(program) {
  const builder = new PlanBuilder('bare')
  const pid = builder.slot('pid')
  builder.clone({ flags: BigInt(CLONE_VM | CLONE_VFORK), exitSignal: 0, result: pid, label: 'clone' }, () => {
    builder.call('execve', [text(program), stringArray([program]), stringArray([])], 'execute')
  })
  builder.call('wait4', [pid, 0, __WALL, 0], 'wait')
  const { bytes } = encodePlan(builder.build())
  return () => {
    if (runPlan(bytes, []).failure) throw new Error(`${program} did not start`)
  }
}

const spawned = (program, args) => () =>
  new Promise((resolve, reject) =>
    spawn(program, args, { stdio: 'ignore' }).on('error', reject).on('exit', resolve),
  )

const BWRAP = '--unshare-all --ro-bind / / --proc /proc --dev /dev --tmpfs /tmp --die-with-parent'

/**
 * The tools with which glassbox is compared, each with the options closest to a box. They are
 * started by Node's spawn, as in a service.
 */
const TOOLS = {
  bwrap: program => [...BWRAP.split(' '), program],
  isolate: program => ['--run', '--', program],
  nsjail: program => ['-Mo', '-q', '--chroot', '/', '--', program],
  firejail: program => ['--quiet', '--noprofile', '--net=none', '--', program],
  runsc: program => ['--network=none', 'do', program],
}

/** A pool of two: the cleaning after one program is done while the other sandbox runs the next. */
const tenInARow = work =>
  Object.assign(
    async () => {
      for (let i = 0; i < 10; i++) await work()
    },
    { times: 10 },
  )

/**
 * Why a tool has no row; `undefined` if it can run a program. isolate's box is made once in
 * advance, as a judge does.
 */
function whyNot(tool) {
  if (spawnSync('sh', ['-c', `command -v ${tool}`]).status !== 0) return 'not on PATH'
  if (tool === 'isolate') spawnSync(tool, ['--init'])
  const { status, stderr } = spawnSync(tool, TOOLS[tool]('/usr/bin/true'), { encoding: 'utf8' })
  return status === 0 ? undefined : `does not run here: ${stderr.trim().split('\n')[0]}`
}

const absent = Object.fromEntries(
  Object.keys(TOOLS)
    .map(tool => [tool, whyNot(tool)])
    .filter(([, why]) => why),
)
const present = Object.keys(TOOLS).filter(tool => !(tool in absent))

function staticTrue(directory) {
  const source = join(directory, 'true.c')
  const program = join(directory, 'true')
  writeFileSync(source, 'int main(void) { return 0; }\n')
  execFileSync('cc', ['-O2', '-static', '-o', program, source])
  return program
}

function quantile(values, q) {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))]
}

/** The number of programs that the older process has run. */
const EARLIER_RUNS = 1000
async function growOld(program) {
  const pool = await createPool({ size: 2, binds: [{ source: program }] })
  const box = await openBox({ binds: [{ source: program }] })
  for (let i = 0; i < EARLIER_RUNS; i++) {
    await pool.run(program)
    await box.run(program)
    await run(program)
  }
  await Promise.all([pool.close(), box.close()])
}

async function measure(title, program) {
  const box = await openBox({ binds: [{ source: program }] })
  const pool = await createPool({ size: 2, binds: [{ source: program }] })
  const rows = {
    'bare vfork + exec + wait': bare(program),
    'run(), a new box each': () => run(program),
    'box.run(), in an open box': () => box.run(program),
    'pool.run()': () => pool.run(program),
    'pool.run(), 2 at once, for both': () => Promise.all([pool.run(program), pool.run(program)]),
    'pool.run(), ten in a row, each': tenInARow(() => pool.run(program)),
    'child_process.spawn': spawned(program, []),
    ...Object.fromEntries(present.map(tool => [`${tool}, by spawn`, spawned(tool, TOOLS[tool](program))])),
  }
  const times = Object.fromEntries(Object.keys(rows).map(name => [name, []]))
  for (let round = -WARM_UP; round < ROUNDS; round++) {
    for (const [name, work] of Object.entries(rows)) {
      // Work that a row leaves behind must not be timed as part of the next row.
      await setTimeout(SETTLE_MS)
      const start = performance.now()
      await work()
      if (round >= 0) times[name].push((performance.now() - start) / (work.times ?? 1))
    }
  }
  await box.close()
  await pool.close()
  const base = quantile(times['bare vfork + exec + wait'], 0.5)
  console.log(`\n${title}: ${ROUNDS} rounds, node of ${Math.round(process.memoryUsage().rss / 1e6)} MB`)
  console.log(`${''.padEnd(34)} ratio    median     p10–p90 (ms)`)
  for (const [name, values] of Object.entries(times)) {
    const [low, median, high] = [0.1, 0.5, 0.9].map(q => quantile(values, q))
    console.log(
      `${name.padEnd(34)} ${(median / base).toFixed(2).padStart(5)}  ${median.toFixed(2).padStart(8)}     ${low.toFixed(2)}–${high.toFixed(2)}`,
    )
  }
}

/** A fixed computation of about 200 ms that prints its CPU time in ns. */
const COMPUTE = `#include <stdio.h>
#include <time.h>
int main(void) {
  struct timespec t;
  for (volatile long i = 0; i < 100000000L; i++) {}
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return printf("%ld\\n", t.tv_sec * 1000000000L + t.tv_nsec) < 0;
}
`
const COMPUTE_ROUNDS = 50

/**
 * The spread of the CPU time of one computation: without a box by its own clock, and in a box by
 * the result.
 */
async function measureSpread(directory) {
  const program = join(directory, 'compute')
  writeFileSync(`${program}.c`, COMPUTE)
  execFileSync('cc', ['-O1', '-static', '-o', program, `${program}.c`])
  const pool = await createPool({ size: 1, binds: [{ source: program }] })
  const figures = { bare: [], boxed: [] }
  for (let round = 0; round < COMPUTE_ROUNDS; round++) {
    figures.bare.push(Number(execFileSync(program)) / 1e6)
    figures.boxed.push((await pool.run(program)).cpuTimeMs)
  }
  await pool.close()
  console.log(`\nCPU time of a fixed computation: ${COMPUTE_ROUNDS} rounds (ms)`)
  for (const [name, values] of Object.entries(figures)) {
    const [low, median, high] = [0.05, 0.5, 0.95].map(q => quantile(values, q))
    console.log(`${name.padEnd(8)} median ${median.toFixed(1)}   p95 - p5 ${(high - low).toFixed(1)}`)
  }
}

const directory = mkdtempSync(join(tmpdir(), 'glassbox-bench-'))
try {
  const program = staticTrue(directory)
  await measure('a static true, from a process that has run nothing before', program)
  await growOld(program)
  await measure('a static true', program)
  await measure('/bin/true', '/usr/bin/true')
  const ballast = Array.from({ length: 10 }, () => Buffer.alloc(100 * 2 ** 20, 1))
  await measure('/bin/true, from a large process', '/usr/bin/true')
  await measureSpread(directory)
  if (ballast.length === 0) throw new Error('unreachable: keeps the ballast alive')
} finally {
  rmSync(directory, { recursive: true, force: true })
}
for (const [tool, why] of Object.entries(absent)) console.log(`\n${tool}: ${why}`)
if (present.includes('isolate')) spawnSync('isolate', ['--cleanup'])
