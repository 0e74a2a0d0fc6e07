// What a policy of the ptrace runner costs, beside the bare program and beside strace.
//
//   npm run bench:policy      needs the built package and a C compiler
//   node bench/supervised.mjs [ROUNDS [TEXT]]        default 5; only rows whose title has the text
//
// The ways are measured in turn, round by round, so that a change of the machine's speed affects
// all of them alike. Numbers are minima. Programs and tools that are not there are left out.
import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runPlan } from '../packages/glassbox/dist/gate/gate.js'
import { MOST_PREFIXES } from '../packages/glassbox/dist/gate/generated/layouts.js'
import { openBox } from '../packages/glassbox/dist/index.js'
import { CLONE_VFORK, CLONE_VM, __WALL } from '../packages/glassbox/dist/linux/constants.js'
import { PlanBuilder, stringArray, text } from '../packages/glassbox/dist/plan/builder.js'
import { encodePlan } from '../packages/glassbox/dist/plan/encode.js'

const ROUNDS = Number(process.argv[2] ?? 5)
const WANTED = process.argv[3] ?? ''

const directory = mkdtempSync(join(tmpdir(), 'glassbox-bench-'))
// Programs of the runner have a user id of their own if this is root.
chmodSync(directory, 0o755)
const calls = join(directory, 'calls')
const source = fileURLToPath(new URL('calls.c', import.meta.url))
execFileSync('cc', ['-O1', '-o', calls, source])
const copy = join(directory, 'calls.c')
execFileSync('cp', [source, copy])

/** A file that lies `depth` directories below another one, which has the rule. */
function fileBelow(depth) {
  const top = join(directory, `depth-${depth}`)
  const below = join(top, ...Array.from({ length: depth }, () => 'd'))
  mkdirSync(below, { recursive: true })
  writeFileSync(join(below, 'file'), 'contents')
  return { top, file: join(below, 'file') }
}

const preset = (name, paths) => ({ extends: name, paths: { execute: [`${directory}/`], ...paths } })

const box = await openBox({ runner: 'ptrace' })

async function inBox(program, args, policy) {
  const result = await box.run(program, args, { policy })
  if (result.exitCode !== 0)
    throw new Error(`${program} ${args}: ${result.summary ?? result.cause}: ${result.stderr}`)
  return result.stdout
}

function natively(program, args) {
  const { status, stdout, stderr } = spawnSync(program, args, { cwd: directory, encoding: 'utf8' })
  if (status !== 0) throw new Error(`${program} ${args}: ${stderr}`)
  return stdout
}

const traced = (program, args, call) =>
  natively('strace', ['-f', '--seccomp-bpf', '-e', `trace=${call}`, '-o', '/dev/null', program, ...args])

const hasStrace = spawnSync('strace', ['--seccomp-bpf', '-f', '-o', '/dev/null', 'true']).status === 0

/** The time that `calls` reports, in µs. */
const reported = output => Number(output.split(' ')[0]) / 1000

async function timed(work) {
  const start = performance.now()
  await work()
  return (performance.now() - start) * 1000
}

/** Ways to make calls of one kind: [name of the way, measure]. */
function callWays(kind, path, call, policies, { batches = 40, each = 50, floor } = {}) {
  const args = [kind, path, String(batches), String(each)]
  return [
    ['bare', () => reported(natively(calls, args))],
    ...(floor === undefined
      ? []
      : [
          ['Landlock alone, in C', () => reported(natively(calls, [...args, floor]))],
          ['and a filter, in C', () => reported(natively(calls, [...args, floor, 'filter']))],
        ]),
    ...Object.entries(policies).map(([way, policy]) => [
      way,
      async () => reported(await inBox(calls, args, policy)),
    ]),
    ...(hasStrace ? [['strace', () => reported(traced(calls, args, call))]] : []),
  ]
}

/** vfork + execve + wait, by the interpreter of plans. */
function bare(program, args) {
  const builder = new PlanBuilder('bare')
  const pid = builder.slot('pid')
  const environment = Object.entries(process.env).map(([name, value]) => `${name}=${value}`)
  builder.clone({ flags: BigInt(CLONE_VM | CLONE_VFORK), exitSignal: 0, result: pid, label: 'clone' }, () => {
    builder
      .call('chdir', [text(directory)], 'enter the directory')
      .call('execve', [text(program), stringArray([program, ...args]), stringArray(environment)], 'execute')
  })
  builder.call('wait4', [pid, 0, __WALL, 0], 'wait')
  const { bytes } = encodePlan(builder.build())
  return () => {
    if (runPlan(bytes, []).failure) throw new Error(`${program} did not start`)
  }
}

/** Runs of a whole program, of which each round makes some. */
function programWays(program, args, call, policies, times = 3) {
  const start = bare(program, args)
  const least = async work => {
    let value = Infinity
    for (let i = 0; i < times; i++) value = Math.min(value, await timed(work))
    return value
  }
  return [
    ['bare', () => least(start)],
    ...Object.entries(policies).map(([way, policy]) => [
      way,
      () => least(() => inBox(program, args, policy)),
    ]),
    ...(hasStrace ? [['strace', () => least(() => traced(program, args, call))]] : []),
  ]
}

/** More rules than the native step has room for: those that come after them are for JavaScript. */
const FILLERS = Array.from({ length: MOST_PREFIXES }, (_, index) => `/not-here-${index}`)

const both = (name, paths) => ({
  silent: preset(name, { ...paths, tier: 'silent' }),
  named: preset(name, { ...paths, tier: 'named' }),
})

const rows = []
/** A row is left out if it needs a program that is not there. */
function add(title, ways, needed = '/') {
  if (!title.includes(WANTED)) return
  if (existsSync(needed)) rows.push({ title, ways })
  else console.log(`${title}: left out, there is no ${needed}`)
}

add('a call that is not decided', callWays('undecided', '-', 'openat', both('default', {})))
for (const depth of [0, 2, 16]) {
  const { top, file } = fileBelow(depth)
  const paths = { execute: [calls], read: [`${top}/`] }
  const glob = file.replace(/.$/, '?')
  const policies = {
    ...both('default', paths),
    'named, by a glob': preset('default', { execute: [calls], read: [glob], tier: 'named' }),
    'named, JavaScript': preset('default', { execute: [calls], read: [...FILLERS, glob], tier: 'named' }),
  }
  add(
    `open + close, ${depth} directories below the rule`,
    callWays('open', file, 'openat', policies, { floor: top }),
  )
}
const PASSWD = '/etc/passwd'
const judged = {
  named: preset('default', { read: [PASSWD], stat: [PASSWD] }),
  'named, JavaScript': preset('default', { read: [PASSWD], stat: [...FILLERS, PASSWD] }),
}
add(
  'stat, of which all are allowed',
  callWays('stat', PASSWD, 'newfstatat', both('default', { read: [PASSWD] })),
)
add('stat, judged by its path', callWays('stat', PASSWD, 'newfstatat', judged))
const TRUE = '/bin/true'
add(
  `vfork + execve + wait of ${TRUE}`,
  callWays('exec', TRUE, 'execve', both('shell', {}), { batches: 20, each: 5 }),
)
const withNull = { ...both('default', {}), 'policy null': null }
add(`a run of ${TRUE}`, programWays(TRUE, [], 'openat', withNull, 60))
const PYTHON = '/usr/bin/python3'
add("python3's start", programWays(PYTHON, ['-c', 'pass'], 'openat', both('python3', {})), PYTHON)
const GCC = '/usr/bin/gcc'
const compile = ['-c', '-o', 'calls.o', copy]
add('gcc -c calls.c', programWays(GCC, compile, 'openat', both('compiler', {})), GCC)

console.log(`µs, minima of ${ROUNDS} rounds, and the ratio to bare`)
try {
  for (const { title, ways } of rows) {
    const least = ways.map(() => Infinity)
    // The first round compiles the policies.
    for (let round = 0; round <= ROUNDS; round++)
      for (const [index, [, measure]] of ways.entries()) {
        const value = await measure()
        if (round > 0) least[index] = Math.min(least[index], value)
      }
    console.log(title)
    for (const [index, [way]] of ways.entries())
      console.log(
        `  ${way.padEnd(22)} ${least[index].toFixed(2).padStart(10)}   ${(least[index] / least[0]).toFixed(2)}`,
      )
  }
} finally {
  await box.close()
  rmSync(directory, { recursive: true, force: true })
}
