/**
 * The same thing over and over, in a process of its own: nothing of it stays there, of the
 * kernel's things exactly nothing, of memory nothing that grows with the number of runs.
 * `GLASSBOX_POOL_RUNS=10000 GLASSBOX_COLD_RUNS=2000 GLASSBOX_TRACES=100` for the long form.
 */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Sample, SoakKind } from '../support/soak.js'

const program = fileURLToPath(new URL('../support/soak.js', import.meta.url))

/**
 * With mounts of its own where that is allowed: other work on the machine may mount something
 * meanwhile.
 */
const OWN_MOUNTS = process.getuid?.() === 0 ? ['unshare', '--mount'] : []

/**
 * An engine whose memory tells of the program alone: its optimised code comes and goes by some
 * hundred KiB for hours, and its young generation doubles once, whenever it likes.
 */
const STEADY = ['--expose-gc', '--no-opt', '--min-semi-space-size=16', '--max-semi-space-size=16']

async function soak(kind: SoakKind, runs: number): Promise<readonly Sample[]> {
  const words = [...OWN_MOUNTS, process.execPath, ...STEADY, program, kind, `${runs}`]
  const { stdout } = await promisify(execFile)(words[0] ?? '', words.slice(1))
  return JSON.parse(stdout) as Sample[]
}

const KiB = 1024

/**
 * What a figure may grow by between the first third of the samples and the last, each taken at its
 * median, since a single one depends on what the engine has compiled and thrown away just then. In
 * 10 000 runs it is some bytes a run.
 */
const BOUNDS: readonly (readonly [figure: keyof Sample, bytes: number])[] = [
  ['heapBytes', 256 * KiB],
  ['externalBytes', 64 * KiB],
  ['residentBytes', 12 * 1024 * KiB],
]

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0

function growth(samples: readonly Sample[], figure: keyof Sample): number {
  const third = samples.length / 3
  const of = (part: readonly Sample[]): number => median(part.map(sample => sample[figure]))
  return of(samples.slice(-third)) - of(samples.slice(0, third))
}

/** What the kernel keeps for the process: the same whenever it is looked at. */
const kernelThings = ({ descriptors, mounts, cgroups, threads, inits, others }: Sample): object => ({
  descriptors,
  mounts,
  cgroups,
  threads,
  inits,
  others,
})

const CASES: readonly (readonly [kind: SoakKind, variable: string, usual: number, what: string])[] = [
  ['pool', 'GLASSBOX_POOL_RUNS', 300, 'runs in a pool'],
  ['cold', 'GLASSBOX_COLD_RUNS', 150, 'runs in boxes of their own'],
  ['trace', 'GLASSBOX_TRACES', 30, 'traces'],
]

for (const [kind, variable, usual, what] of CASES) {
  const runs = Number(process.env[variable] ?? usual)
  test(`${runs} ${what} in a row leave neither descriptors, threads, children, mounts, cgroups nor memory`, async context => {
    const samples = await soak(kind, runs)
    const [first] = samples
    assert.ok(first)
    for (const sample of samples)
      assert.deepEqual(kernelThings(sample), kernelThings(first), `after ${sample.runs} runs`)
    for (const [figure, bytes] of BOUNDS) {
      const grown = growth(samples, figure)
      const course = samples.map(sample => Math.round(sample[figure] / KiB)).join(' ')
      context.diagnostic(`${figure}: ${course} KiB`)
      assert.ok(grown <= bytes, `${figure} grew by ${grown} bytes: ${course} KiB`)
    }
  })
}

test('the control: 6 KB that stay a run are seen', async () => {
  assert.ok(growth(await soak('leak', 300), 'heapBytes') > 256 * KiB)
})
