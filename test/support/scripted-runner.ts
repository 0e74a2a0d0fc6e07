/**
 * A runner in TypeScript, without processes or root. A script decides what each job does with its
 * streams and how it ends. So the API above the runners is tested in milliseconds, with faults
 * that a real runner cannot produce on demand.
 */
import { closeSync, openSync, read as readCallback, readFileSync, readSync, writeSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { GlassboxError } from '#glassbox/errors.js'
import type { Ending } from '#glassbox/job/ending.js'
import type { CollectedFile } from '#glassbox/job/files.js'
import type { Job } from '#glassbox/job/job.js'
import type { Runner, Sandbox, SandboxFiles, SandboxSpec, Started } from '#glassbox/runners/runner.js'
import { call } from '#glassbox/gate/gate.js'
import { F_DUPFD_CLOEXEC, FIONREAD } from '#glassbox/linux/constants.js'
import type { InputFile } from '#glassbox/stdio/input-files.js'

/** What a scripted job may do while it runs. */
export interface Stage {
  readonly job: Job
  readonly sandbox: ScriptedSandbox
  /**
   * Writes to the job's stdout (1) or stderr (2) as a program does: blocking, and with EPIPE if
   * the reader is gone.
   */
  readonly write: (fd: 1 | 2, text: string) => void
  /** Reads at most `length` bytes of its stdin; blocking. */
  readonly read: (length: number) => string
  /**
   * Resolves when everything written there has been read, like a program that waits for a full
   * pipe.
   */
  readonly waitUntilTaken: (fd: 1 | 2) => Promise<void>
  readonly closeStdin: () => void
  /** As `read`, but this thread goes on meanwhile: it may be the one that writes. */
  readonly readLater: (length: number) => Promise<string>
  /** Resolves with the reason when the job is told to stop. */
  readonly stopped: Promise<'canceled' | 'output'>
}

export type Script = (stage: Stage) => Partial<Ending> | Promise<Partial<Ending>>

const QUIET: Omit<Ending, 'startedNs' | 'endedNs'> = {
  cause: 'itself',
  exit: { code: 0 },
  usage: { cpuTimeMs: 1, userTimeMs: 1, systemTimeMs: 0, memoryBytes: 4096, processes: 1 },
  measuredBy: { cpuTime: 'init', memory: 'init', processes: 'init' },
  oomKills: 0,
  refusedProcesses: 0,
  fileAtLimit: false,
}

export class ScriptedSandbox implements Sandbox {
  readonly owner = undefined
  readonly spec: SandboxSpec
  readonly contents = new Map<string, CollectedFile>()
  readonly jobs: Job[] = []
  reusable = true
  closed = false
  resets: ('clean' | 'dirty')[] = []
  readonly #script: Script
  readonly files: SandboxFiles = scriptedFiles(this.contents)

  constructor(spec: SandboxSpec, script: Script) {
    this.spec = spec
    this.#script = script
  }

  async start(job: Job, stdio: readonly [number, number, number]): Promise<Started> {
    this.jobs.push(job)
    // The caller closes its descriptors when this resolves, so a runner needs duplicates.
    const own = stdio.map(fd => call('fcntl', [fd, F_DUPFD_CLOEXEC, 3]))
    let stop: (reason: 'canceled' | 'output') => void = () => {}
    const stopped = new Promise<'canceled' | 'output'>(resolve => (stop = resolve))
    const startedNs = process.hrtime.bigint()
    const play = async (): Promise<Ending> => {
      try {
        await new Promise(resolve => setImmediate(resolve))
        const ending = await this.#script({
          job,
          sandbox: this,
          stopped,
          write: (fd, text) => void writeSync(own[fd] ?? -1, text),
          waitUntilTaken: async fd => {
            const count = new Int32Array(1)
            const left = (): number => (call('ioctl', [own[fd] ?? -1, FIONREAD, count]), count[0] ?? 0)
            while (left() > 0) await sleep(1)
          },
          readLater: async length => {
            const bytes = Buffer.alloc(length)
            const { bytesRead } = await promisify(readCallback)(own[0] ?? -1, bytes, 0, length, null)
            return bytes.toString('utf8', 0, bytesRead)
          },
          closeStdin: () => closeSync(own.splice(0, 1, openSync('/dev/null', 'r'))[0] ?? -1),
          read: length => {
            const bytes = Buffer.alloc(length)
            return bytes.toString('utf8', 0, readSync(own[0] ?? -1, bytes))
          },
        })
        return { ...QUIET, startedNs, endedNs: process.hrtime.bigint(), ...ending }
      } finally {
        for (const fd of own) closeSync(fd)
      }
    }
    return { ended: play(), stop: reason => stop(reason) }
  }

  async renew(): Promise<void> {}

  async reset(): Promise<'clean' | 'dirty'> {
    const state = this.resets.shift() ?? 'clean'
    if (state === 'clean') this.contents.clear()
    return state
  }

  async close(): Promise<void> {
    this.closed = true
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}

async function contentsOf(input: InputFile): Promise<Uint8Array> {
  if ('contents' in input)
    return input.contents instanceof Uint8Array
      ? input.contents
      : new Uint8Array(await input.contents.arrayBuffer())
  return 'source' in input ? readFileSync(input.source.path) : new Uint8Array(0)
}

/** Files in a map. Directories exist only as parts of names. */
function scriptedFiles(contents: Map<string, CollectedFile>): SandboxFiles {
  const find = (path: string): CollectedFile => {
    const file = contents.get(path)
    if (file) return file
    throw new GlassboxError('ERR_GLASSBOX_FILE', `Cannot read ${path}: ENOENT`, { path, errno: 2 })
  }
  const below = (path: string): string[] =>
    [...contents.keys()].filter(name => path === '.' || name === path || name.startsWith(`${path}/`))
  return {
    has: path => contents.has(path),
    write: async input => {
      if ('directory' in input) return
      contents.set(input.path, { contents: await contentsOf(input), mode: input.mode ?? 0o644 })
    },
    read: async path => find(path),
    visit: async (path, visitor) => {
      const names = below(path)
      if (names.length === 0)
        visitor.failed(
          path,
          errorOf(() => find(path)),
        )
      if (names.length > 0 && !contents.has(path)) await visitor.directory(path, 0o755)
      for (const name of names) {
        const { contents: bytes, mode } = find(name)
        await visitor.file({
          path: name,
          size: bytes.length,
          mode,
          read: async () => bytes,
          copyTo: async to => writeSync(to, bytes),
        })
      }
    },
    list: async path =>
      below(path).map(name => ({
        name,
        type: 'file',
        size: find(name).contents.length,
        mode: find(name).mode,
      })),
    remove: async path => below(path).forEach(name => contents.delete(name)),
  }
}

function errorOf(work: () => unknown): GlassboxError {
  try {
    work()
  } catch (error) {
    return error as GlassboxError
  }
  throw new Error('it did not fail')
}

export interface ScriptedRunner extends Runner {
  /** All sandboxes that were opened. */
  readonly sandboxes: readonly ScriptedSandbox[]
}

/** A runner whose jobs do what `script` says. */
export function scriptedRunner(script: Script): ScriptedRunner {
  const sandboxes: ScriptedSandbox[] = []
  return {
    name: 'namespace',
    showsHost: false,
    strangers: () => false,
    check: () => {},
    sandboxes,
    open: async spec => {
      const sandbox = new ScriptedSandbox(spec, script)
      sandboxes.push(sandbox)
      return sandbox
    },
    plan: async () => '',
  }
}
