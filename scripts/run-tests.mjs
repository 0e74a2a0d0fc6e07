// Runs the built tests, one process per file, and ends with the line `N passed, N failed`.
//
//   node scripts/run-tests.mjs [OPTION ...] [FILTER ...]     a filter is part of a file's path
//
//   --node PATH     runs the tests by this Node
//   --seconds N     ends a file that takes longer; an emulated machine needs more than the default
//   --built skips bundling library and command first, for machines without the tools
//   --serial        runs all files one after another
//   --root DIR      takes the files from there instead of build/test
//
// Files run beside each other, one for each CPU up to MOST_AT_ONCE: the tests have to pass on a
// machine that also does other work. Files of ALONE use the machine up, measure it, or count what
// is on it, so they run one after another afterwards.
//
// A file that fails runs once more after all others, alone. If it fails again, the run has failed.
// If it passes, the run has not failed, but the file is listed under FLAKY with its first output,
// as a defect to fix. At the end, the host is compared with its state before the run, which also
// fails if a process, a file, a mount or the like is left (testing/leftovers.mjs).
import { execFileSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { closeInherited } from './testing/inherited.mjs'
import { closingLine, isFailed, report, reportFlaky, reportLeftovers } from './testing/report.mjs'
import { Surroundings } from './testing/leftovers.mjs'
import { runFile } from './testing/test-file.mjs'

const MOST_AT_ONCE = 3

/** What the paths of files that run alone begin with, below build/test. */
const ALONE = [
  // They compare what programs used with what was measured.
  'honesty/',
  // They fill memory, disks or tables of the kernel, or measure how long others wait.
  ...['cgroups', 'costs', 'crashes', 'killing', 'memory', 'neighbours', 'output', 'stalls'].map(
    name => `hostile/${name}.`,
  ),
  ...['caller/limits-of-the-host.', 'run/soak.'],
  // They look for things on the machine whose owner is dead, and other tests kill owners.
  ...['caller/terminated-workers.', 'container/crash.', 'container/sweep.', 'house/run-tests.'],
]

/**
 * What the paths of files begin with that run beside all others: they take the lowest priority and
 * use the CPU time that the others leave.
 */
const BESIDE = ['codec/fuzz.', 'runners/kernel/fuzz.']

/** If more files fail than this, chance is not the cause, and none is run again. */
const MOST_RERUNS = 6

const { values, positionals: filters } = parseArgs({
  allowPositionals: true,
  options: {
    node: { type: 'string', default: process.execPath },
    seconds: { type: 'string', default: '600' },
    built: { type: 'boolean', default: false },
    serial: { type: 'boolean', default: false },
    root: { type: 'string', default: fileURLToPath(new URL('../build/test/', import.meta.url)) },
  },
})

// Tests make files that users of boxes must be able to read, so their modes must be those that the
// tests give.
process.umask(0o022)
closeInherited()
const surroundings = new Surroundings()

/** Runs a file and prints how it ended. */
async function once(name) {
  const result = await runFile(name, join(values.root, name), {
    node: values.node,
    seconds: Number(values.seconds),
    env: surroundings.environment,
  })
  report(result)
  return result
}

async function oneByOne(names) {
  const results = []
  for (let name = names.shift(); name !== undefined; name = names.shift()) results.push(await once(name))
  return results
}

/** Runs all files once: first those that may run beside others, then the others. */
async function runAll(names) {
  const isAlone = name => values.serial || ALONE.some(start => name.startsWith(start))
  const isBeside = name => !values.serial && BESIDE.some(start => name.startsWith(start))
  const queue = names.filter(name => !isAlone(name) && !isBeside(name))
  const lanes = Math.min(availableParallelism(), MOST_AT_ONCE)
  const first = await Promise.all([
    oneByOne(names.filter(isBeside)),
    ...Array.from({ length: lanes }, () => oneByOne(queue)),
  ])
  return [...first.flat(), ...(await oneByOne(names.filter(isAlone)))]
}

/**
 * Runs the failed files again. Resolves with the results that count, and with the first results of
 * flaky files.
 */
async function settle(results) {
  const failed = results.filter(isFailed)
  if (failed.length === 0 || failed.length > MOST_RERUNS) return { settled: results, flaky: [] }
  console.log(`\nonce more, alone: ${failed.map(({ name }) => name).join(' ')}`)
  const again = await oneByOne(failed.map(({ name }) => name))
  const second = new Map(again.map(result => [result.name, result]))
  return {
    settled: results.map(result => second.get(result.name) ?? result),
    flaky: failed.filter(({ name }) => !isFailed(second.get(name))),
  }
}

if (!values.built) {
  const bundle = fileURLToPath(new URL('build-bundles.mjs', import.meta.url))
  execFileSync(process.execPath, [bundle], { stdio: 'inherit' })
}
const files = readdirSync(values.root, { recursive: true })
  .filter(name => name.endsWith('.test.js'))
  .filter(name => filters.length === 0 || filters.some(part => name.includes(part)))
  .toSorted()
if (files.length === 0)
  console.log(`no test file below ${values.root} has ${filters.join(' or ')} in its path`)

const { settled, flaky } = await settle(await runAll(files))
const left = await surroundings.close()
reportFlaky(flaky)
reportLeftovers(left)
console.log(closingLine(settled, left))
process.exitCode = files.length === 0 || left.length > 0 || settled.some(isFailed) ? 1 : 0
