// The cost of tracing, compared with strace on the same programs in the same run.
//
//   npm run bench:trace [-- ROUNDS [CALLS]]      defaults 5 and 200000
//
// Needs the built package and strace.
//
// Both are measured in turn, round by round, so that a change of the machine's speed affects both
// alike. The table shows medians, the range from the fastest to the slowest round, and the ratio
// of the medians. Trace output goes to /dev/null. `floor` is the kernel's cost for the stops of
// one thread (bench/floor.c), compared with strace's text output.
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROUNDS = Number(process.argv[2] ?? 5)
const CALLS = Number(process.argv[3] ?? 200_000)
const FILES = 4000
const OURS = [
  process.execPath,
  fileURLToPath(new URL('../packages/glassbox/bin/glassbox.js', import.meta.url)),
  'strace',
]

function seconds([program, ...args], cwd) {
  const begin = performance.now()
  const { status, error } = spawnSync(program, args, { cwd, stdio: 'ignore' })
  if (error || status !== 0) throw error ?? new Error(`${[program, ...args].join(' ')}: status ${status}`)
  return (performance.now() - begin) / 1000
}

const median = values => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]
const spread = values => `${Math.min(...values).toFixed(3)}–${Math.max(...values).toFixed(3)}`

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
  writeFileSync(join(directory, 'hello.c'), '#include <stdio.h>\nint main(void) { puts("hi"); return 0; }\n')
  for (let at = 0; at < FILES; at++) {
    if (at % 100 === 0) mkdirSync(join(directory, 'tree', String(at / 100)), { recursive: true })
    writeFileSync(join(directory, 'tree', String(Math.floor(at / 100)), `${at}`), '')
  }
  return [
    [`${CALLS} getppid`, [join(directory, 'calls'), String(CALLS)], floor],
    [`find, ${FILES} files`, ['find', join(directory, 'tree'), '-type', 'f', '-size', '0']],
    ['gcc -c', ['gcc', '-c', 'hello.c']],
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
  console.log(texts.map((text, at) => (at < 2 ? text.padEnd(at ? 16 : 20) : text.padStart(16))).join(' '))

/** Runs the two commands in turn, and prints their line of the table. */
function compare(mode, theirs, ours, directory) {
  const times = [[], []]
  for (let round = 0; round < ROUNDS; round++)
    for (const [at, command] of [theirs, ours].entries()) times[at].push(seconds(command, directory))
  const [a, b] = times.map(median)
  cells('', mode, a.toFixed(3), spread(times[0]), b.toFixed(3), spread(times[1]), (b / a).toFixed(2))
}

const directory = mkdtempSync(join(tmpdir(), 'glassbox-bench-'))
try {
  cells('program', 'output', 'strace', 'spread', 'glassbox', 'spread', 'ratio')
  for (const [name, command, floor] of workloads(directory)) {
    const native = Array.from({ length: ROUNDS }, () => seconds(command, directory))
    cells(name, 'untraced', median(native).toFixed(3), spread(native))
    const strace = options => ['strace', ...options, '-o', '/dev/null', ...command]
    if (floor) compare('floor', strace(['-f']), [floor, ...command], directory)
    for (const [mode, options, ours = options] of MODES)
      compare(mode, strace(options), [...OURS, ...ours, '-o', '/dev/null', ...command], directory)
  }
} finally {
  rmSync(directory, { recursive: true, force: true })
}
