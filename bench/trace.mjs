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
// cost for the stops of one thread (bench/floor.c), compared with strace's text output. Below each
// program, `allowed` says what the text may take (docs/lanes.md), and `JSON of text` is the ratio
// of the two outputs of glassbox. With the defaults it takes two minutes.
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROUNDS = Number(process.argv[2] ?? 5)
const CALLS = Number(process.argv[3] ?? 200_000)
const FILES = 4000
const HEADERS = 45
/** As often as that, the tree makes a trace of more than 50 000 lines. */
const TIMES = 12
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

/**
 * Programs, each with the modes that it is measured in. Of many calls, all modes but text would
 * take minutes and show the same.
 * @typedef {{ name: string, command: string[], modes: string[], floor?: string, isLong?: true }}
 *   Workload
 * @returns {Workload[]}
 */
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
  const tree = join(directory, 'tree')
  const find = trees => ['find', ...trees, '-type', 'f', '-size', '0']
  const modes = MODES.map(([mode]) => mode)
  const calls = [join(directory, 'calls'), String(CALLS)]
  return [
    { name: 'true', command: ['true'], modes: ['text', '--json'] },
    { name: `${CALLS} getppid`, command: calls, modes: ['text'], floor },
    { name: `find, ${FILES} files`, command: find([tree]), modes },
    { name: 'gcc -c', command: ['gcc', '-c', 'many.c'], modes },
    { name: '50 000 lines', command: find(Array(TIMES).fill(tree)), modes: ['text', '--json'], isLong: true },
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

/** Prints a line of the table: strace's runs, and those of a tracer that is compared with it. */
function row(mode, theirs, ours, node) {
  const walls = [theirs, ours].map(each => each.map(({ wall }) => wall))
  const cpus = [theirs, ours].map(each => Math.min(...each.map(({ cpu }) => cpu)).toFixed(2))
  const [a, b] = walls.map(median)
  cells(
    '',
    mode,
    a.toFixed(3),
    spread(walls[0]),
    b.toFixed(3),
    spread(walls[1]),
    (b / a).toFixed(2),
    node === undefined ? '' : node.toFixed(3),
    node === undefined ? '' : ((b - node) / a).toFixed(2),
    ...cpus,
  )
  return { theirs: a, ours: b, node }
}

/**
 * Runs the commands in turn, prints their lines of the table, and returns the medians of strace,
 * glassbox and Node.
 */
function compare(mode, { theirs, ours, floor }, directory) {
  const commands = [theirs, ours, NODE, ...(floor ? [floor] : [])]
  const runs = commands.map(() => [])
  for (let round = 0; round < ROUNDS; round++)
    for (const [at, command] of commands.entries()) runs[at].push(run(command, directory))
  const node = median(runs[2].map(({ wall }) => wall))
  if (floor) row('floor', runs[0], runs[3])
  return row(mode, runs[0], runs[1], node)
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
  for (const { name, command, modes, floor, isLong } of workloads(directory)) {
    const native = Array.from({ length: ROUNDS }, () => run(command, directory).wall)
    cells(name, 'untraced', median(native).toFixed(3), spread(native))
    const strace = options => ['strace', ...options, '-o', '/dev/null', ...command]
    const found = {}
    for (const [mode, options, own = options] of MODES.filter(([each]) => modes.includes(each))) {
      const ours = [...OURS, ...own, '-o', '/dev/null', ...command]
      const commands = { theirs: strace(options), ours, ...(floor && { floor: [floor, ...command] }) }
      found[mode] = compare(mode, commands, directory)
    }
    const { text, '--json': json } = found
    const allowed = isLong ? text.theirs : text.theirs * 1.1 + text.node + 0.05
    cells('', 'allowed', allowed.toFixed(3), '', text.ours.toFixed(3))
    if (json) cells('', 'JSON of text', '', '', (json.ours / text.ours).toFixed(2))
  }
} finally {
  rmSync(directory, { recursive: true, force: true })
}
