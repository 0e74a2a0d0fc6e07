// What a call of isolate costs: --run alone, and --init + --run + --cleanup, of /bin/true; and how
// much the times of a fixed computation differ from run to run.
//
//   sudo node bench/isolate.mjs [ROUNDS]       default 50; needs the built package, and root
//
// The rows are measured in turn, round by round, so that a change of the machine's speed affects
// all of them alike. All processes are started by the same vfork + exec. `isolate` is measured if
// it is on PATH. On a machine with other work, `chrt -f 5` keeps that work out of the figures.
import { spawn, spawnSync } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { runPlan } from '../packages/glassbox/dist/gate/gate.js'
import { CLONE_VFORK, CLONE_VM, __WALL } from '../packages/glassbox/dist/linux/constants.js'
import { PlanBuilder, stringArray, text } from '../packages/glassbox/dist/plan/builder.js'
import { encodePlan } from '../packages/glassbox/dist/plan/encode.js'

const ROUNDS = Number(process.argv[2] ?? 50)
const WARM_UP = 5
const SETTLE_MS = 20
const TRUE = '/usr/bin/true'
/** About a tenth of a second of computing, and always the same. */
const COMPUTE = 'i=0; while [ $i -lt 60000 ]; do i=$((i+1)); done'

const inPackage = path => fileURLToPath(new URL(`../packages/glassbox/${path}`, import.meta.url))
const client = inPackage('prebuilds/isolate-linux-x64')
const command = inPackage('bin/glassbox-isolate.js')

const directory = mkdtempSync(join(tmpdir(), 'glassbox-bench-'))
const config = join(directory, 'config')
writeFileSync(config, `box_root = ${directory}/boxes\nlock_root = ${directory}/locks\n`)
const meta = join(directory, 'meta')
const environment = [
  `PATH=${process.env.PATH}`,
  `GLASSBOX_ISOLATE_CONFIG=${config}`,
  `GLASSBOX_ISOLATE_SOCKET=${directory}/server/socket`,
]
const nothing = openSync('/dev/null', 'r+')

/** vfork + exec + wait, by the interpreter that launches boxes. */
function launcher(argv) {
  const builder = new PlanBuilder('bench')
  const pid = builder.slot('pid')
  builder.clone({ flags: BigInt(CLONE_VM | CLONE_VFORK), exitSignal: 0, result: pid, label: 'clone' }, () => {
    for (const fd of [0, 1, 2]) builder.call('dup2', [nothing, fd], 'no output')
    builder.call('execve', [text(argv[0]), stringArray(argv), stringArray(environment)], 'execute')
  })
  builder.call('wait4', [pid, 0, __WALL, 0], 'wait')
  const { bytes } = encodePlan(builder.build())
  return () => {
    if (runPlan(bytes, []).failure) throw new Error(`${argv[0]} did not start`)
  }
}

const inTurn = launchers => () => {
  for (const launch of launchers) launch()
}

/** The two rows of a command, and its run of the computation. */
function rowsOf(name, argv, box) {
  const call = (...words) => launcher([...argv, `--box-id=${box}`, ...words])
  spawnSync(argv[0], [...argv.slice(1), `--box-id=${box}`, '--init'], { env: variables() })
  const other = word => launcher([...argv, `--box-id=${box + 1}`, ...word])
  return {
    runs: { [`${name}: run`]: call('--run', '--', TRUE) },
    sequences: {
      [`${name}: init + run + cleanup`]: inTurn([
        other(['--init']),
        other(['--run', '--', TRUE]),
        other(['--cleanup']),
      ]),
    },
    compute: {
      [name]: call(`--meta=${meta}`, '--processes', '--run', '--', '/bin/sh', '-c', COMPUTE),
    },
  }
}

const variables = () => Object.fromEntries(environment.map(each => each.split(/=(.*)/).slice(0, 2)))

async function startServer() {
  const server = spawn(command, ['--server'], { env: variables(), stdio: ['ignore', 'pipe', 'inherit'] })
  await new Promise((resolve, reject) => {
    server.stdout.once('data', resolve)
    server.once('exit', code => reject(new Error(`the server ended with ${code}`)))
  })
  return server
}

const sorted = values => values.toSorted((a, b) => a - b)
const median = values => sorted(values)[Math.floor(values.length / 2)]

async function measure(rows) {
  const times = Object.fromEntries(Object.keys(rows).map(name => [name, []]))
  for (let round = -WARM_UP; round < ROUNDS; round++) {
    for (const [name, work] of Object.entries(rows)) {
      await setTimeout(SETTLE_MS)
      const start = performance.now()
      work()
      if (round >= 0) times[name].push(performance.now() - start)
    }
  }
  return times
}

function printTimes(times) {
  const [first] = Object.values(times)
  const floor = median(first)
  console.log(`${'median ms'.padStart(10)}${'minimum'.padStart(10)}${'ratio'.padStart(8)}`)
  for (const [name, values] of Object.entries(times)) {
    const [middle, least] = [median(values), Math.min(...values)]
    const figures = [middle.toFixed(2).padStart(10), least.toFixed(2).padStart(10)]
    console.log(`${figures.join('')}${(middle / floor).toFixed(1).padStart(8)}  ${name}`)
  }
}

/** The times that a run of the computation reports. */
function reported(work) {
  work()
  const values = Object.fromEntries(
    readFileSync(meta, 'utf8')
      .split('\n')
      .map(line => line.split(/:(.*)/)),
  )
  return { time: Number(values.time) * 1000, wall: Number(values['time-wall']) * 1000 }
}

async function printSpread(rows) {
  const all = Object.fromEntries(Object.keys(rows).map(name => [name, []]))
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, work] of Object.entries(rows)) {
      await setTimeout(SETTLE_MS)
      all[name].push(reported(work))
    }
  }
  console.log(`\nA fixed computation, ${ROUNDS} times: ms (10th percentile, median, 90th)`)
  for (const [name, values] of Object.entries(all)) {
    const spread = key => {
      const ordered = sorted(values.map(each => each[key]))
      return [0.1, 0.5, 0.9].map(part => ordered[Math.floor(part * ordered.length)].toFixed(0)).join(' / ')
    }
    console.log(`  ${name}: time ${spread('time')}, time-wall ${spread('wall')}`)
  }
}

const hasOriginal = spawnSync('sh', ['-c', 'command -v isolate']).status === 0
const server = await startServer()
try {
  const tools = [
    ...(hasOriginal
      ? [
          rowsOf(
            'isolate',
            [spawnSync('sh', ['-c', 'command -v isolate'], { encoding: 'utf8' }).stdout.trim()],
            10,
          ),
        ]
      : []),
    rowsOf('glassbox-isolate', [process.execPath, command], 20),
    rowsOf('glassbox-isolate with the server', [client], 30),
  ]
  const of = part => Object.assign({}, ...tools.map(tool => tool[part]))
  if (!hasOriginal) console.log('isolate is not on PATH')
  printTimes(
    await measure({
      'bare vfork + exec + wait': launcher([TRUE]),
      'bare node -e 0': launcher([process.execPath, '-e', '0']),
      ...of('runs'),
      ...of('sequences'),
    }),
  )
  await printSpread(of('compute'))
} finally {
  server.kill()
  await new Promise(resolve => server.once('exit', resolve))
  closeSync(nothing)
  rmSync(directory, { recursive: true, force: true })
}
