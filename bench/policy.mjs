// What the walls of a policy cost, as ratios in one run: filter and Landlock, without a tracer.
//
//   npm run bench:policy      needs the built package and a C compiler
//   node bench/policy.mjs [ROUNDS]        default 12
//
// The rows are measured in turn, round by round, so that a change of the machine's speed affects
// all of them alike. Ratios are of the minima, then of the medians.
import { execFileSync } from 'node:child_process'
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { close } from '../packages/glassbox/dist/gate/descriptors.js'
import { runPlan } from '../packages/glassbox/dist/gate/gate.js'
import { openBox } from '../packages/glassbox/dist/index.js'
import { requireLandlock } from '../packages/glassbox/dist/landlock/abi.js'
import { makeRuleset } from '../packages/glassbox/dist/landlock/ruleset.js'
import { landlockSpec } from '../packages/glassbox/dist/landlock/spec.js'
import { addLandlockSteps } from '../packages/glassbox/dist/landlock/steps.js'
import { addExecuteStep } from '../packages/glassbox/dist/launch/exec-steps.js'
import { addFilterSteps } from '../packages/glassbox/dist/launch/filter-steps.js'
import {
  CLONE_VFORK,
  CLONE_VM,
  PR_SET_NO_NEW_PRIVS,
  __WALL,
} from '../packages/glassbox/dist/linux/constants.js'
import { PlanBuilder } from '../packages/glassbox/dist/plan/builder.js'
import { encodePlan } from '../packages/glassbox/dist/plan/encode.js'
import { ACCESS } from '../packages/glassbox/dist/policy/resolved.js'
import { compilePolicy } from '../packages/glassbox/dist/seccomp/compile.js'
import { DEFAULT_POLICY } from '../packages/glassbox/dist/seccomp/defaults.js'

const ROUNDS = Number(process.argv[2] ?? 12)
const [BATCHES, CALLS] = [60, 50]
const SPARE = 200

const directory = mkdtempSync(join(tmpdir(), 'glassbox-bench-'))
const calls = join(directory, 'calls')
execFileSync('cc', ['-O1', '-o', calls, fileURLToPath(new URL('calls.c', import.meta.url))])
const output = join(directory, 'output')
const filter = compilePolicy(DEFAULT_POLICY)

const tree = (access, path) => ({ text: path, kind: 'tree', path, access })
const abi = requireLandlock()

/** A ruleset with which a dynamic program starts, and these rules. */
function ruleset(program, rules) {
  const system = ['/usr', '/lib', '/lib64', '/bin', '/etc'].map(path => tree(ACCESS.execute, path))
  const own = { text: program, kind: 'exact', path: program, access: ACCESS.execute }
  return makeRuleset(
    landlockSpec({ rules: [...system, own, ...rules] }, { work: '/nowhere', program, abi, scopes: true }),
  )
}

/** vfork + exec + wait with a filter and a wall, as a function to repeat. */
function launch(path, args, { filtered = false, wall } = {}) {
  const builder = new PlanBuilder(`run ${path}`)
  const inputs = ['output', 'ruleset'].map(label => builder.input(label))
  const pid = builder.slot('pid')
  builder.clone({ flags: BigInt(CLONE_VM | CLONE_VFORK), exitSignal: 0, result: pid, label: 'clone' }, () => {
    builder
      .call('dup3', [inputs[0], 1, 0], 'put stdout into place')
      .call('prctl', [PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0], 'gain no privilege')
    if (wall) addLandlockSteps(builder, { ruleset: inputs[1], own: wall.own, spare: SPARE })
    if (filtered) addFilterSteps(builder, filter)
    addExecuteStep(builder, { path, argv: [path, ...args], env: {} })
  })
  builder.call('wait4', [pid, 0, __WALL, 0], 'wait')
  const { bytes, origin } = encodePlan(builder.build())
  return fd => {
    const { failure } = runPlan(bytes, [fd, wall?.fd ?? -1])
    if (failure) throw new Error(`${origin[failure.step].label}: errno ${failure.errno}`)
  }
}

const median = values => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]
const minimum = values => values.reduce((least, value) => Math.min(least, value), Infinity)

/** Measures rows of [name, measure]; `measure` gives pairs of a minimum and a median. */
async function table(title, unit, rows, rounds) {
  const results = rows.map(() => [])
  for (let round = 0; round < rounds; round++)
    for (const [index, [, measure]] of rows.entries()) results[index].push(await measure())
  const figures = results.map(pairs => [
    minimum(pairs.map(([least]) => least)),
    median(pairs.map(([, middle]) => middle)),
  ])
  console.log(`\n${title.padEnd(58)} ${unit.padStart(8)}, minimum / median     ratio to bare`)
  for (const [index, [name, , against = 0]] of rows.entries()) {
    const [least, middle] = figures[index]
    const ratios = [least / figures[against][0], middle / figures[against][1]]
    const times = `${least.toFixed(1).padStart(9)} / ${middle.toFixed(1).padStart(9)}`
    console.log(`${name.padEnd(58)} ${times}     ${ratios.map(ratio => ratio.toFixed(2)).join(' / ')}`)
  }
}

/** A file that lies `depth` directories below another one, which has the rule. */
function fileBelow(depth) {
  const top = join(directory, `depth-${depth}`)
  const below = join(top, ...Array.from({ length: depth }, () => 'd'))
  mkdirSync(below, { recursive: true })
  const file = join(below, 'file')
  writeFileSync(file, 'contents')
  return { top, file }
}

const made = new Set()

function openRow(name, file, options, against) {
  if (options.wall) made.add(options.wall)
  const start = launch(calls, ['open', file, String(BATCHES), String(CALLS)], options)
  const measure = () => {
    const fd = openSync(output, 'w')
    start(fd)
    closeSync(fd)
    return readFileSync(output, 'utf8').split(' ').map(Number)
  }
  return [name, measure, against]
}

const openRows = []
for (const depth of [0, 2, 16]) {
  const { top, file } = fileBelow(depth)
  const bare = openRows.length
  openRows.push(openRow(`open + close, ${depth} directories below its rule: bare`, file, {}, bare))
  openRows.push(openRow('  filter', file, { filtered: true }, bare))
  for (const [way, access] of [
    ['write', ACCESS.write],
    ['read', ACCESS.read],
  ]) {
    const wall = ruleset(calls, [tree(access, top)])
    openRows.push(openRow(`  silent, rule to ${way}`, file, { wall }, bare))
    openRows.push(openRow(`  silent, rule to ${way}, and filter`, file, { wall, filtered: true }, bare))
  }
}
await table('Opening a file', 'ns', openRows, ROUNDS)

function timed(work, times) {
  const measured = Array.from({ length: times }, () => {
    const start = performance.now()
    work()
    return (performance.now() - start) * 1000
  })
  return [minimum(measured), median(measured)]
}

const TRUE = '/bin/true'
const few = ruleset(TRUE, [])
made.add(few)
const fd = openSync('/dev/null', 'w')
const started = (name, options) => {
  const start = launch(TRUE, [], options)
  return [name, () => timed(() => start(fd), 20)]
}
const rules50 = Array.from({ length: 50 }, () => tree(ACCESS.read, '/usr/lib'))
await table(
  'Running /bin/true',
  'µs',
  [
    started('bare vfork + exec + wait', {}),
    started('  filter', { filtered: true }),
    started('  enter a ruleset that is there', { wall: few }),
    started('  the same and filter', { wall: few, filtered: true }),
    ['  make a ruleset of 6 rules (no run)', () => timed(() => close(ruleset(TRUE, []).fd), 20)],
    ['  make a ruleset of 56 rules (no run)', () => timed(() => close(ruleset(TRUE, rules50).fd), 20)],
  ],
  ROUNDS,
)
closeSync(fd)

const box = await openBox()
const silent = { extends: 'default', paths: { execute: ['/usr/'] } }
const inBox = (name, options) => {
  const measure = async () => {
    const measured = []
    for (let i = 0; i < 20; i++) {
      const start = performance.now()
      await box.run('true', [], options)
      measured.push((performance.now() - start) * 1000)
    }
    return [minimum(measured), median(measured)]
  }
  return [name, measure]
}
await table(
  'Running true in an open box',
  'µs',
  [inBox('without paths', {}), inBox('silent, the paths of the preset', { policy: silent })],
  ROUNDS,
)
await box.close()
for (const { fd: each } of made) close(each)
rmSync(directory, { recursive: true, force: true })
