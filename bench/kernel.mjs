// What the kernel runner costs, beside the same work natively, beside a loop of PTRACE_SYSEMU in C
// (the floor), and beside runsc --platform=ptrace if it is on PATH.
//
//   npm run bench:kernel [-- ROUNDS]      default 5; needs a C compiler, bash, python3 and gcc
//   node bench/kernel.mjs [ROUNDS]        needs the built package
//
// Each row is measured in turn, round by round, so that a change of the machine's speed affects
// all of its columns alike. A cell is the minimum and the median, then the 90th percentile of the
// kernel; ratios are of minima, because a busy host makes every stop wait for its turn.
// The guest and its kernel share one CPU, and so do native operations.
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { openBox } from '../packages/glassbox/dist/index.js'

const ROUNDS = Number(process.argv[2] ?? 5)
const GLASSBOX = fileURLToPath(new URL('../packages/glassbox/bin/glassbox.js', import.meta.url))
const env = { PATH: '/usr/bin:/bin', HOME: '/tmp', LANG: 'C.UTF-8' }
const limits = { cpuTimeMs: 600_000, wallTimeMs: 600_000, memoryBytes: 2 ** 30 }

const directory = mkdtempSync(join(tmpdir(), 'glassbox-bench-'))
const compile = name => {
  const source = fileURLToPath(new URL(`kernel/${name}.c`, import.meta.url))
  execFileSync('cc', ['-O1', '-pthread', '-o', join(directory, name), source])
  return join(directory, name)
}
const native = compile('operations')
const floor = compile('sysemu')
writeFileSync(join(directory, 'hello.c'), 'int main(void) { return 0; }\n')
const GUEST = '/bench/operations'

/** Name, kind, bursts and operations a burst: see kernel/operations.c. */
const OPERATIONS = [
  ['getpid', 'getpid', 100, 50],
  ['read of 1 byte', 'read-1', 100, 50],
  ['read of 64 KiB', 'read-64k', 50, 20],
  ['write of 1 byte', 'write-1', 100, 50],
  ['write of 64 KiB', 'write-64k', 50, 20],
  ['open + close', 'open', 100, 20],
  ['stat', 'stat', 100, 20],
  ['pipe, there and back', 'pipe', 60, 20],
  ['futex, there and back', 'futex', 60, 20],
  ['kill + handler + sigreturn', 'signal', 60, 20],
  ['fault, anonymous', 'fault-anonymous', 20, 256],
  ['fault, file', 'fault-file', 20, 256],
  ['fault, copy on write', 'fault-copy', 8, 64],
  ['fork + exit + wait', 'fork', 40, 1],
  ['fork + exec + wait', 'fork-exec', 40, 1],
  ['one thread computes', 'threads', 1, 1],
  ['two threads compute', 'threads', 1, 2],
]

/** A loop of bash that prints microseconds of one turn, bursts of 10. */
const loop = command => `for ((r = 0; r < 20; r++)); do
  t=$EPOCHREALTIME; for ((i = 0; i < 10; i++)); do ${command}; done; e=$EPOCHREALTIME
  echo $(( (\${e/./} - \${t/./}) / 10 ))
done`
const IN_BASH = [
  ['bash: /bin/true', loop('/bin/true')],
  ['bash: (:)', loop('(:)')],
]

const PROGRAMS = [
  ['true', 'true', []],
  ["python3 -c 'print(1)'", 'python3', ['-c', 'print(1)']],
  ['gcc hello.c', 'gcc', ['-o', '/tmp/hello', '/bench/hello.c']],
]

const quantile = (values, part) => values.toSorted((a, b) => a - b)[Math.floor(values.length * part)]
const summary = values => [quantile(values, 0), quantile(values, 0.5), quantile(values, 0.9)]
const numbers = text => text.trim().split(/\s+/).map(Number)
const words = (kind, bursts, count, rest = []) => [kind, String(bursts), String(count), ...rest]

function output(program, args) {
  const { stdout, stderr, status, error } = spawnSync(program, args, { env, encoding: 'utf8' })
  if (error || status !== 0) throw error ?? new Error(`${program} ${args.join(' ')}: ${stderr}`)
  return stdout
}

const runsc = spawnSync('runsc', ['--version']).status === 0
const inRunsc = (program, args) =>
  output('runsc', ['--platform=ptrace', '--network=none', '--ignore-cgroups', 'do', program, ...args])

const box = await openBox({
  runner: 'kernel',
  binds: [{ source: directory, target: '/bench', writable: false }],
})
async function inKernel(program, args) {
  const result = await box.run(program, args, { env, limits })
  if (result.exitCode !== 0) throw new Error(`${program} in the kernel: ${result.status} ${result.stderr}`)
  return result
}

/** Puts the figures of rounds together: the least minimum, the median of medians and of p90s. */
const together = rounds => [
  Math.min(...rounds.map(([least]) => least)),
  quantile(
    rounds.map(([, median]) => median),
    0.5,
  ),
  quantile(
    rounds.map(([, , high]) => high),
    0.5,
  ),
]

/** Measures one row: each way gives [minimum, median, p90] in ns. */
async function measure(ways) {
  const rounds = {}
  for (let round = 0; round < ROUNDS; round++)
    for (const [name, way] of Object.entries(ways)) (rounds[name] ??= []).push(await way())
  return Object.fromEntries(Object.entries(rounds).map(([name, all]) => [name, together(all)]))
}

const ifRunsc = way => (runsc ? { runsc: way } : {})
const rows = {}

for (const [name, kind, bursts, count] of OPERATIONS) {
  const args = words(kind, bursts, count)
  rows[name] = await measure({
    native: () => numbers(output(native, args)),
    kernel: async () => numbers((await inKernel(GUEST, args)).stdout),
    ...ifRunsc(() => numbers(inRunsc(native, args))),
  })
}
const inNs = text => summary(numbers(text).map(us => us * 1e3))
for (const [name, script] of IN_BASH)
  rows[name] = await measure({
    native: () => inNs(output('taskset', ['1', 'bash', '-c', script])),
    kernel: async () => inNs((await inKernel('bash', ['-c', script])).stdout),
    ...ifRunsc(() => inNs(inRunsc('bash', ['-c', script]))),
  })
for (const [name, program, given] of PROGRAMS) {
  const args = given.map(word => word.replace(/^\/(bench|tmp)\//, `${directory}/`))
  const spawn = words('spawn', 4, 1, [program, ...args])
  rows[name] = await measure({
    native: () => numbers(output(native, spawn)),
    kernel: async () => {
      const times = []
      for (let i = 0; i < 4; i++) times.push((await inKernel(program, given)).wallTimeMs * 1e6)
      return summary(times)
    },
    ...ifRunsc(() => numbers(inRunsc(native, spawn))),
  })
}
await box.close()

const milliseconds = (program, args) => {
  const before = performance.now()
  output(program, args)
  const ns = (performance.now() - before) * 1e6
  return [ns, ns, ns]
}
const start = await measure({
  node: () => milliseconds(process.execPath, ['-e', '0']),
  kernel: () => milliseconds(process.execPath, [GLASSBOX, 'run', '--runner', 'kernel', '--', 'true']),
  ...ifRunsc(() => {
    const before = performance.now()
    inRunsc('true', [])
    return Array(3).fill((performance.now() - before) * 1e6)
  }),
})
const loops = await measure({
  full: () => numbers(output(floor, ['100', '50'])).slice(0, 3),
  lean: () => numbers(output(floor, ['100', '50'])).slice(3),
})
const inside = JSON.parse(
  output(process.execPath, [fileURLToPath(new URL('kernel/inside.mjs', import.meta.url))]),
)
rmSync(directory, { recursive: true })

/** Three digits, in the unit that suits. */
function time(ns) {
  const [value, unit] = ns < 1e3 ? [ns, 'ns'] : ns < 1e6 ? [ns / 1e3, 'µs'] : [ns / 1e6, 'ms']
  return `${value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0)} ${unit}`
}
const cell = values => (values ? values.map(time).join(' · ') : '')
const line = (...cells) =>
  console.log(
    cells
      .map((text, i) => text.padEnd([28, 22, 34, 8, 24][i]))
      .join(' ')
      .trimEnd(),
  )

console.log(`Minimum · median (· 90th percentile); ${runsc ? 'runsc is on PATH' : 'runsc is not on PATH'}.\n`)
line('', 'native', 'kernel', '×', runsc ? 'runsc' : '')
for (const [name, { native: own, kernel, runsc: other }] of Object.entries(rows))
  line(name, cell(own.slice(0, 2)), cell(kernel), (kernel[0] / own[0]).toFixed(2), cell(other?.slice(0, 2)))

console.log("\nThe kernel's own part, and the floor in C")
for (const [name, values] of Object.entries(inside)) line(name, '', cell(values))
line('C loop, all registers', '', cell(loops.full))
line('C loop, lean', '', cell(loops.lean))
line('node -e 0', '', cell(start.node))
line('glassbox run … true', '', cell(start.kernel), '', cell(start.runsc))

const least = name => rows[name].kernel[0]
const ratio = name => least(name) / rows[name].native[0]
/** What, the value, the most that it should be, and how both are written. */
const times = value => `× ${value.toFixed(2)}`
const TARGETS = [
  ['round trip / C loop, all registers', least('getpid') / loops.full[0], 1.15, times],
  ['JavaScript: getpid', inside.getpid[0], 100, time],
  ['JavaScript: read of 1 byte', inside['read of 1 byte'][0], 300, time],
  ['JavaScript: open + close, walking by a link', inside['open and close, by a link'][0], 2000, time],
  ['JavaScript: open + close, known names', inside['open and close'][0], 1000, time],
  ['batch of 16 mappings', inside['batch of 16 mappings'][0], 50e3, time],
  ['futex, there and back', least('futex, there and back'), 30e3, time],
  [
    'kill + handler + sigreturn / trapped call',
    least('kill + handler + sigreturn') / least('getpid'),
    8,
    times,
  ],
  ['two threads compute / native', ratio('two threads compute'), 1.1, times],
  ['true / native', ratio('true'), 6, times],
  ['python3 / native', ratio("python3 -c 'print(1)'"), 3.5, times],
  ['gcc / native', ratio('gcc hello.c'), 3.5, times],
  ['from nothing, without node -e 0', start.kernel[0] - start.node[0], 100e6, time],
  ['bash: fork + exec + wait / native', ratio('bash: /bin/true'), 3.5, times],
  ['bash: fork + exec + wait', least('bash: /bin/true'), 4e6, time],
  ['bash: a subshell', least('bash: (:)'), 1.5e6, time],
]
console.log('\nTargets (of minima)')
for (const [name, value, most, text] of TARGETS)
  console.log(
    `${value <= most ? 'met   ' : 'MISSED'} ${name.padEnd(44)} ${text(value).padStart(9)}  at most ${text(most)}`,
  )
