// The cost of run() in JavaScript, without the program: checking options, resolving them, and
// making the result.
//
//   node bench/options.mjs [ROUNDS]     after `npm run build`; prints medians in microseconds
//
// Finding the program is not included, because it reads the file system.
import { run } from '../packages/glassbox/dist/index.js'
import { buildResult } from '../packages/glassbox/dist/job/build-result.js'
import { beginCall } from '../packages/glassbox/dist/run/call.js'
import { checkRun, checkWords } from '../packages/glassbox/dist/run/check.js'

const ROUNDS = Number(process.argv[2] ?? 10_000)
const startedNs = process.hrtime.bigint()
const ENDING = {
  cause: 'itself',
  exit: { code: 0 },
  startedNs,
  endedNs: startedNs + 1_000_000n,
  usage: { cpuTimeMs: 1, userTimeMs: 1, systemTimeMs: 0, memoryBytes: 4096, processes: 1 },
  measuredBy: { cpuTime: 'cgroup', memory: 'cgroup', processes: 'cgroup' },
  oomKills: 0,
  refusedProcesses: 0,
  fileAtLimit: false,
}
const bytes = Buffer.from('hello, world\n')
const captured = { bytes, truncated: false }
const collected = { files: {}, fileModes: {}, fileErrors: {} }

const median = values => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]

function measure(name, work) {
  for (let round = 0; round < 1000; round++) work()
  const times = Array.from({ length: ROUNDS }, () => {
    const before = performance.now()
    work()
    return (performance.now() - before) * 1000
  })
  const p99 = times.toSorted((a, b) => a - b)[Math.floor(times.length * 0.99)]
  console.log(`${name.padEnd(44)} ${median(times).toFixed(1).padStart(7)} µs   p99 ${p99.toFixed(1)}`)
}

const SOME = {
  limits: { cpuTimeMs: 1000, memoryBytes: 256 * 2 ** 20 },
  stdin: '1 2 3\n',
  env: { PATH: '/usr/bin', LANG: 'C.UTF-8' },
  files: { 'main.c': 'int main(void) { return 0; }' },
  binds: [{ source: '/data', target: '/data', writable: true }],
}

const check = options => [checkWords('true', []), checkRun(options)]
const report = ({ options, terms: { limits } }, calledAt) =>
  buildResult({
    runner: 'namespace',
    ending: ENDING,
    limits,
    calledAt,
    collected,
    outputs: { stdout: captured, stderr: captured },
    encoding: options.encoding,
  })

measure('check and resolve, default options', () => check(undefined))
measure('check and resolve, some of each', () => check(SOME))
measure('check and resolve, process.env', () => check({ env: process.env }))
const checked = checkRun(undefined)
measure('result', () => report(checked, startedNs))
measure('all of a run with default options', () => {
  const { calledAt } = beginCall()
  const [, now] = check(undefined)
  report(now, calledAt)
})
await run('true').then(
  ({ setupTimeMs, wallTimeMs }) =>
    console.log(`for comparison: run('true') took ${(setupTimeMs + wallTimeMs).toFixed(1)} ms`),
  () => {},
)
