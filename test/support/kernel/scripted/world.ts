/**
 * A whole world whose guests are scripts: the kernel's own loop, dispatcher, memory, files and
 * tasks, on the scripted platform. No process is made, and every run is the same.
 *
 * @example
 * const { code } = await play(function* (guest) {
 *   return (yield* guest.call('getpid')) === 2 ? 0 : 1
 * })
 */
import assert from 'node:assert/strict'
import { DescriptorTable } from '#glassbox/kernel/fs/descriptor-table.js'
import { makeRoot, type WorldRoot } from '#glassbox/kernel/fs/root/root.js'
import { WorldMemory } from '#glassbox/kernel/mm/world-memory.js'
import { userCredentials } from '#glassbox/kernel/task/credentials.js'
import { defaultLimits } from '#glassbox/kernel/task/limits.js'
import { WorldProcesses } from '#glassbox/kernel/task/proc-source.js'
import { kernelCalls } from '#glassbox/kernel/world/kernel-calls.js'
import { KernelWorld, type WorldEnd } from '#glassbox/kernel/world/world.js'
import { RLIMIT_NOFILE } from '#glassbox/linux/constants.js'
import { type ScriptedOptions, ScriptedPlatform } from './platform.js'
import { programFile } from './program.js'
import type { Script } from './steps.js'

const UID = 1000
const FIRST = '/bin/first'
const EPOCH_SECONDS = 1_700_000_000
const SIGNAL_BITS = 0x7f

export interface PlayOptions extends ScriptedOptions {
  /** Programs for execve(2), by path. */
  readonly programs?: Readonly<Record<string, Script>>
  readonly wallTimeMs?: number
  readonly memoryBytes?: number
  readonly processes?: number
  /** Called before the world runs. */
  readonly ready?: (world: KernelWorld, platform: ScriptedPlatform) => void
}

export interface Played {
  /** Of the first program: its exit code, or the signal that ended it. */
  readonly code: number | undefined
  readonly signal: number | undefined
  readonly end: WorldEnd
  /** How long it took by its own clock. */
  readonly ns: number
}

/** Plays a world to its end. Rejects with what a script throws. Nothing may be left of it. */
export const play = (first: Script, options: PlayOptions = {}): Promise<Played> =>
  new Promise(resolve => {
    resolve(playNow(first, options))
  })

function playNow(first: Script, options: PlayOptions): Played {
  const platform = new ScriptedPlatform(options)
  const memory = new WorldMemory(platform)
  const clock = {
    monotonic: () => platform.now(),
    realSeconds: () => EPOCH_SECONDS + Math.floor(platform.now() / 1e9),
    realNanoseconds: () => platform.now() % 1e9,
  }
  const root = rootOf(platform, memory, { ...options.programs, [FIRST]: first })
  const world = new KernelWorld({
    ...{ platform, memory, clock, random, root: root.root, hostname: 'scripted', table: kernelCalls() },
    terms: {
      cpuTimeMs: Infinity,
      wallTimeMs: options.wallTimeMs ?? 3_600_000,
      memoryBytes: options.memoryBytes ?? Infinity,
      processes: options.processes ?? 100,
    },
    onBell: () => undefined,
  })
  root.attachProcesses(new WorldProcesses(world.state))
  const place = { mount: root.root, dentry: root.root.root }
  const limits = defaultLimits()
  const started = world.start({
    ...{ path: Buffer.from(FIRST), args: [Buffer.from('first')], env: [], cwd: place, umask: 0o022, limits },
    credentials: userCredentials(UID, UID, [UID]),
    files: new DescriptorTable(limits[RLIMIT_NOFILE] ?? { soft: 1024 }),
  })
  assert.equal(started, 0)
  options.ready?.(world, platform)
  const end = world.run()
  assert.equal(platform.threads, 0, 'every thread was released')
  assert.ok(
    platform.spaces.every(({ released }) => released),
    'every space was given back',
  )
  root.close()
  const signal = end.status & SIGNAL_BITS
  return {
    code: signal === 0 ? end.status >> 8 : undefined,
    signal: signal === 0 ? undefined : signal,
    end,
    ns: end.endedNs - end.startedNs,
  }
}

const random = (target: Uint8Array): void => void target.fill(7)

/** Programs, and directories in memory that everyone may write. */
function rootOf(
  { code }: ScriptedPlatform,
  memory: WorldMemory,
  programs: Readonly<Record<string, Script>>,
): WorldRoot {
  const owner = { uid: UID, gid: UID }
  const root = makeRoot(
    {
      ...{ binds: [], links: [], directories: [] },
      files: Object.entries(programs).map(([path, script]) => ({
        path,
        contents: programFile(code.entry(script)),
      })),
      scratch: ['/tmp', '/w'].map(path => ({ path, mode: 0o777, bytes: 8 << 20, inodes: 4096, owner })),
    },
    { memory, random, now: () => ({ seconds: EPOCH_SECONDS, nanoseconds: 0 }) },
  )
  for (const path of Object.keys(programs)) {
    const { inode } = root.mounts.place(path, () => assert.fail(`${path} is there`)).dentry
    assert.equal(inode.change({ mode: 0o755 }), 0)
  }
  return root
}
