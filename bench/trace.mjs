// The cost of tracing, compared with strace on the same programs in the same run.
//
//   npm run bench:trace [-- ROUNDS [CALLS]]      defaults 5 and 200000
//
// Needs the built package and strace.
//
// Both are measured in turn, round by round, so that a change of the machine's speed affects both
// alike; with them Node's own start (`node -e 0`). The table shows medians, the range from the
// fastest to the slowest round, the ratio of the medians, what glassbox takes beyond Node's start
// as a ratio, and the least CPU time (user and system, of the tracer and the program) in seconds:
// on a busy machine only that is steady. Trace output goes to /dev/null. `floor` is the kernel's
// cost for the stops of one thread (bench/floor.c), compared with strace's text output.
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROUNDS = Number(process.argv[2] ?? 5)
const CALLS = Number(process.argv[3] ?? 200_000)
const FILES = 4000
const HEADERS = 45
const OURS = [
  process.execPath,
  fileURLToPath(new URL('../packages/glassbox/bin/glassbox.js', import.meta.url)),
  'strace',
]

/** CPU time of all children that have ended, in seconds: user and system, in ticks of 10 ms. */
function childrenCpu() {
  const fields = readFileSync('/proc/self/stat', 'latin1').split(') ')[1].split(' ')
  return (Number(fields[13]) + Number(fields[14])) / 100
}

/** @returns {{ wall: number, cpu: number }} in seconds */
function run([program, ...args], cwd) {
  const before = childrenCpu()
  const begin = performance.now()
  const { status, error } = spawnSync(program, args, { cwd, stdio: 'ignore' })
  if (error || status !== 0) throw error ?? new Error(`${[program, ...args].join(' ')}: status ${status}`)
  return { wall: (performance.now() - begin) / 1000, cpu: childrenCpu() - before }
}

const median = values => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]
const spread = values => `${Math.min(...values).toFixed(3)}–${Math.max(...values).toFixed(3)}`

/** Includes as many headers of the system as compile together: thousands of calls. */
function manyHeaders() {
  const includes = []
  const compiles = text =>
    spawnSync('gcc', ['-fsyntax-only', '-x', 'c', '-'], { input: text, stdio: ['pipe', 'ignore', 'ignore'] })
      .status === 0
  for (const name of readdirSync('/usr/include').filter(each => each.endsWith('.h'))) {
    if (includes.length === HEADERS) break
    const tried = [...includes, `#include <${name}>\n`]
    if (compiles(tried.join(''))) includes.push(tried.at(-1))
  }
  return includes.join('')
}

/** @returns {[name: string, command: string[], floor?: string][]} */
function workloads(directory) {
  const floor = join(directory, 'floor')
  execFileSync('cc', ['-O2', '-o', floor, fileURLToPath(new URL('floor.c', import.meta.url))])
  writeFileSync(
    join(directory, 'calls.c'),
    '#include <stdlib.h>\n#include <sys/syscall.h>\n#include <unistd.h>\n' +
      'int main(int c, char **v) { for (int n = atoi(v[1]); n--;) syscall(SYS_getppid); return 0; }\n',
  )
  execFileSync('cc', ['-O1', '-o', join(directory, 'calls'), join(directory, 'calls.c')])
  writeFileSync(join(directory, 'many.c'), manyHeaders())
  for (let at = 0; at < FILES; at++) {
    if (at % 100 === 0) mkdirSync(join(directory, 'tree', String(at / 100)), { recursive: true })
    writeFileSync(join(directory, 'tree', String(Math.floor(at / 100)), `${at}`), '')
  }
  return [
    [`${CALLS} getppid`, [join(directory, 'calls'), String(CALLS)], floor],
    [`find, ${FILES} files`, ['find', join(directory, 'tree'), '-type', 'f', '-size', '0']],
    ['gcc -c', ['gcc', '-c', 'many.c']],
  ]
}

/**
 * The modes. A mode that strace lacks has options of its own for glassbox, and is compared with
 * strace's text output.
 * @type {[mode: string, options: string[], ours?: string[]][]}
 */
const MODES = [
  ['text', ['-f']],
  ['-c', ['-f', '-c']],
  ['-e openat', ['-f', '-e', 'trace=openat']],
  ['-e openat, bpf', ['-f', '--seccomp-bpf', '-e', 'trace=openat']],
  ['--json', ['-f'], ['-f', '--json']],
]

const cells = (...texts) =>
  console.log(texts.map((text, at) => (at < 2 ? text.padEnd(at ? 16 : 20) : text.padStart(13))).join(' '))

const NODE = [process.execPath, '-e', '0']

/** Runs the commands in turn, and prints their line of the table. */
function compare(mode, theirs, ours, directory) {
  const runs = [[], [], []]
  for (let round = 0; round < ROUNDS; round++)
    for (const [at, command] of [theirs, ours, NODE].entries()) runs[at].push(run(command, directory))
  const walls = runs.map(each => each.map(({ wall }) => wall))
  const cpus = runs.map(each => Math.min(...each.map(({ cpu }) => cpu)).toFixed(2))
  const [a, b, node] = walls.map(median)
  const times = [a.toFixed(3), spread(walls[0]), b.toFixed(3), spread(walls[1])]
  const usesNode = ours[0] === process.execPath
  cells(
    '',
    mode,
    ...times,
    (b / a).toFixed(2),
    usesNode ? node.toFixed(3) : '',
    usesNode ? ((b - node) / a).toFixed(2) : '',
    cpus[0],
    cpus[1],
  )
}

const directory = mkdtempSync(join(tmpdir(), 'glassbox-bench-'))
try {
  cells(
    'program',
    'output',
    'strace',
    'spread',
    'glassbox',
    'spread',
    'ratio',
    'node',
    'beyond node',
    'CPU strace',
    'CPU glassbox',
  )
  for (const [name, command, floor] of workloads(directory)) {
    const native = Array.from({ length: ROUNDS }, () => run(command, directory).wall)
    cells(name, 'untraced', median(native).toFixed(3), spread(native))
    const strace = options => ['strace', ...options, '-o', '/dev/null', ...command]
    if (floor) compare('floor', strace(['-f']), [floor, ...command], directory)
    for (const [mode, options, ours = options] of MODES)
      compare(mode, strace(options), [...OURS, ...ours, '-o', '/dev/null', ...command], directory)
  }
} finally {
  rmSync(directory, { recursive: true, force: true })
}
