/**
 * A separate process that repeats one operation and reports now and then what it holds: `node
 * --expose-gc soak.js KIND RUNS`. Memory cannot be measured in the process of a test runner, which
 * keeps data about every promise.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { createPool, run, trace } from '#glassbox/index.js'
import { cgroupsLeft, children, surroundings } from './left.js'

export interface Sample {
  /** The number of runs before this sample. */
  readonly runs: number
  readonly descriptors: number
  readonly mounts: number
  readonly cgroups: number
  /** Threads of this process. */
  readonly threads: number
  readonly inits: number
  /** Children that are not the init of a box. */
  readonly others: number
  /** Heap bytes that are reachable after a collection. */
  readonly heapBytes: number
  /** Buffers and other memory outside the heap that objects hold. */
  readonly externalBytes: number
  readonly residentBytes: number
}

/** The number of samples, of which the first is taken after the warm-up. */
export const SAMPLES = 9

const isInit = (pid: string): boolean => {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').startsWith('glassbox-init')
  } catch {
    return false
  }
}

async function sample(runs: number): Promise<Sample> {
  // Descriptors close a turn after the end of what used them, and weak references are released a
  // collection later.
  await sleep(100)
  for (let round = 0; round < 3; round++) {
    globalThis.gc?.()
    await sleep(10)
  }
  const { rss, heapUsed, external } = process.memoryUsage()
  const inits = children().filter(isInit).length
  const held = surroundings()
  return {
    runs,
    descriptors: held.descriptors,
    mounts: held.mounts.size,
    cgroups: cgroupsLeft().length,
    threads: readdirSync('/proc/self/task').length,
    inits,
    others: children().length - inits,
    heapBytes: heapUsed,
    externalBytes: external,
    residentBytes: rss,
  }
}

async function soak(runs: number, once: () => Promise<void>): Promise<readonly Sample[]> {
  const warmUp = Math.ceil(runs / 4)
  for (let i = 0; i < warmUp; i++) await once()
  const samples = [await sample(0)]
  for (let part = 1; part < SAMPLES; part++) {
    const until = Math.round((runs * part) / (SAMPLES - 1))
    for (let i = Math.round((runs * (part - 1)) / (SAMPLES - 1)); i < until; i++) await once()
    samples.push(await sample(until))
  }
  return samples
}

function mustBe<T>(actual: T, expected: T): void {
  if (actual !== expected) throw new Error(`expected ${String(expected)}, got ${String(actual)}`)
}

const KINDS = {
  pool: async (runs: number) => {
    const pool = await createPool({ size: 2 })
    try {
      const samples = await soak(runs, async () => mustBe((await pool.run('echo', ['x'])).stdout, 'x\n'))
      mustBe(pool.replaced, 0)
      return samples
    } finally {
      await pool.close()
    }
  },
  cold: (runs: number) => soak(runs, async () => mustBe((await run('echo', ['x'])).stdout, 'x\n')),
  trace: (runs: number) =>
    soak(runs, async () => {
      const tracing = trace({ program: 'true' })
      let exits = 0
      for await (const event of tracing) if (event.type === 'exit') exits++
      mustBe((await tracing).exitCode, 0)
      mustBe(exits, 1)
    }),
  /** The control: what a leak of 6 KB a run looks like. */
  leak: (runs: number) => {
    const kept: object[] = []
    return soak(runs, async () => {
      for (let i = 0; i < 200; i++) kept.push({ number: kept.length })
      await sleep(0)
    })
  },
} as const satisfies Record<string, (runs: number) => Promise<readonly Sample[]>>

export type SoakKind = keyof typeof KINDS

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [, , kind, runs] = process.argv
  const samples = await KINDS[kind as SoakKind](Number(runs))
  console.log(JSON.stringify(samples))
}
