/**
 * One command in a container, as a list of steps: who counts, where input and output go, the launch, the end, the files
 * that come out, the verdict. Whatever a step opened is closed at the end, also after a failure.
 */
import { closeSync, lstatSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Container } from '../container/container.ts'
import { copyOut } from '../container/files.ts'
import { launchPlan } from '../container/launch-plan.ts'
import type { EndedReply } from '../container/wire.ts'
import { GlassboxError } from '../errors.ts'
import { compilePolicy } from '../seccomp/compile.ts'
import { DEFAULT_POLICY } from '../seccomp/defaults.ts'
import type { Policy } from '../seccomp/policy.ts'
import { validatePolicy } from '../seccomp/validate.ts'
import type { Account } from './accounting.ts'
import { openAccount } from './accounting.ts'
import type { RunEvents } from './handle.ts'
import { type InputChannel, openInput } from './input.ts'
import { resolveLimits, resourceLimits } from './limits.ts'
import type { CommandOptions, Limits } from './options.ts'
import { openOutput, type OutputChannel, type StreamName } from './output.ts'
import { BOX_DIRECTORY, DEFAULT_PATH, type ResolvedProgram } from './program.ts'
import { buildResult } from './report.ts'
import type { RunResult } from './result.ts'
import { HOST_CAUSE } from './verdict.ts'

export const DEFAULT_ENV: Readonly<Record<string, string>> = { PATH: DEFAULT_PATH, HOME: BOX_DIRECTORY, LANG: 'C.UTF-8' }
const DEFAULT_COLLECT_BYTES = 64 * 2 ** 20

/** What belongs to one call of run(). */
export interface Started {
  readonly events: RunEvents
  /** When run() was called, by the monotonic clock, ns. */
  readonly calledAt: bigint
  /** Aborted by the handle's kill(). */
  readonly cancel: AbortController
}

export interface CommandContext extends Started {
  readonly container: Container
  /** A descriptor of the working directory. */
  readonly directory: number
}

/** Runs a program and says how it ended. Rejects only for a fault of the caller, the host or glassbox. */
export async function runCommand(
  context: CommandContext,
  program: ResolvedProgram,
  argv: readonly string[],
  options: CommandOptions,
): Promise<RunResult> {
  const limits = resolveLimits(options.limits)
  const filter = compileFilter(options.policy)
  const channels = new Channels(options, limits, context.events)
  let account: Account | undefined
  try {
    channels.open()
    account = await openAccount(context.container, limits)
    const report = await launch(context, program, argv, { options, limits, filter, account, channels })
    await channels.finished()
    const collected = await collect(context.directory, options)
    const fileAtLimit = report.status === SIGXFSZ && holdsFileOf(context.container.pid, limits.fileSizeBytes)
    const { calledAt } = context
    return buildResult({ report, figures: account.figures(report.ended), means: account.means, limits, fileAtLimit, calledAt, collected, ...channels.result() })
  } finally {
    channels.close()
    await account?.release()
  }
}

const SIGXFSZ = 25

interface Filter {
  readonly bytes: Uint8Array
  readonly listens: boolean
}

/** What `policy` says, compiled. "kill" becomes a report to init, which kills with the evidence in hand. */
function compileFilter(policy: Policy | null | undefined): Filter | undefined {
  if (policy === null) return undefined
  const chosen = policy === undefined ? DEFAULT_POLICY : validatePolicy(policy)
  const reported = reportKills(chosen)
  const listens = [...reported.rules.map(rule => rule.action), reported.otherwise].some(({ kind }) => kind === 'notify')
  return { bytes: compilePolicy(reported), listens }
}

export function reportKills({ rules, otherwise }: Policy): Policy {
  const report = (action: Policy['otherwise']): Policy['otherwise'] => (action.kind === 'kill' ? { kind: 'notify' } : action)
  return { rules: rules.map(rule => ({ ...rule, action: report(rule.action) })), otherwise: report(otherwise) }
}

interface LaunchParts {
  readonly options: CommandOptions
  readonly limits: Required<Limits>
  readonly filter: Filter | undefined
  readonly account: Account
  readonly channels: Channels
}

const nanoseconds = (ms: number): bigint => (ms === Infinity ? 0n : BigInt(Math.max(1, Math.round(ms * 1e6))))

/** Launches the program and waits for init's report; a cancel or too much output on the way ends it. */
async function launch(
  context: CommandContext,
  program: ResolvedProgram,
  argv: readonly string[],
  { options, limits, filter, account, channels }: LaunchParts,
): Promise<EndedReply> {
  const stop = AbortSignal.any([context.cancel.signal, ...(options.signal ? [options.signal] : [])])
  if (stop.aborted) return canceledBeforeStart()
  const { plan, pid, listener, cpuFile } = launchPlan({
    path: program.path,
    argv,
    env: options.env ?? DEFAULT_ENV,
    cwd: options.cwd ?? BOX_DIRECTORY,
    identity: context.container.identity,
    rlimits: resourceLimits(limits, { processes: account.means.processes !== 'rlimit' }),
    listens: filter?.listens ?? false,
    joins: account.joins.length,
    bornInCgroup: account.directory !== undefined,
    cpuFile: account.cpuFile !== undefined,
    ...(filter ? { filter: filter.bytes } : {}),
  })
  const optional = [account.directory, account.cpuFile].filter(fd => fd !== undefined)
  const running = context.container.launch({
    plan,
    header: {
      cpuLimitNs: nanoseconds(limits.cpuTimeMs),
      wallLimitNs: nanoseconds(limits.wallTimeMs),
      memoryLimit: account.memoryLimit,
      cpuSource: account.cpuSource,
      mainSlot: pid.slot,
      cpuSlot: cpuFile?.slot,
      listenerSlot: filter?.listens ? listener.slot : undefined,
      watch: account.watch,
    },
    descriptors: [...channels.childFds(), ...account.joins, ...optional],
  })
  channels.launched(cause => running.kill(cause))
  const cancel = (): void => running.kill(HOST_CAUSE.canceled)
  stop.addEventListener('abort', cancel)
  try {
    return await running.ended
  } finally {
    stop.removeEventListener('abort', cancel)
  }
}

function canceledBeforeStart(): EndedReply {
  const now = process.hrtime.bigint()
  const none = { userUs: 0n, systemUs: 0n, maxRssBytes: 0, watchedCpuNs: 0n, watchedMemory: 0, watchedProcesses: 0 }
  const ended = { startedNs: now, endedNs: now, ...none }
  return { id: 0, step: -1, errno: 0, cause: HOST_CAUSE.canceled, how: 0, status: 0, ended }
}

/** The three standard streams of one command. */
class Channels {
  readonly #options: CommandOptions
  readonly #limits: Required<Limits>
  readonly #events: RunEvents
  #input: InputChannel | undefined
  readonly #outputs: OutputChannel[] = []
  #handedOver = false
  /** Too much output may arrive before the launch has returned. */
  #kill: ((cause: number) => void) | undefined
  #exceeded = false

  constructor(options: CommandOptions, limits: Required<Limits>, events: RunEvents) {
    this.#options = options
    this.#limits = limits
    this.#events = events
  }

  open(): void {
    const { stdin = 'ignore', stdout = 'capture', stderr = 'capture' } = this.#options
    this.#input = openInput(stdin)
    for (const [name, output] of [['stdout', stdout], ['stderr', stderr]] as const) {
      this.#outputs.push(
        openOutput({
          name,
          output,
          limit: this.#limits.outputBytes,
          onExceeded: () => this.#exceed(),
          onData: chunk => this.#events.emit({ type: name, chunk }),
        }),
      )
    }
  }

  #exceed(): void {
    this.#exceeded = true
    this.#kill?.(HOST_CAUSE.output)
  }

  childFds(): number[] {
    return [this.#input, ...this.#outputs].map(channel => channel?.childFd ?? -1)
  }

  /** The program has its descriptors: ours are closed, so that its end is seen. */
  launched(kill: (cause: number) => void): void {
    this.#closeChildFds()
    this.#kill = kill
    if (this.#exceeded) kill(HOST_CAUSE.output)
  }

  #closeChildFds(): void {
    if (this.#handedOver) return
    this.#handedOver = true
    for (const channel of [this.#input, ...this.#outputs]) if (channel?.owned) closeSync(channel.childFd)
  }

  async finished(): Promise<void> {
    this.#input?.close()
    this.#closeChildFds()
    await Promise.all(this.#outputs.map(output => output.finished))
  }

  result(): { outputs: Record<StreamName, { bytes: Uint8Array; truncated: boolean }>; encoding: 'utf8' | 'buffer' } {
    const [stdout, stderr] = this.#outputs.map(output => ({ bytes: output.bytes(), truncated: output.truncated() }))
    const nothing = { bytes: new Uint8Array(0), truncated: false }
    return { outputs: { stdout: stdout ?? nothing, stderr: stderr ?? nothing }, encoding: this.#options.encoding ?? 'utf8' }
  }

  close(): void {
    this.#input?.close()
    this.#closeChildFds()
    for (const output of this.#outputs) output.abandon()
  }
}

export interface Collected {
  readonly files: Readonly<Record<string, Uint8Array>>
  readonly fileErrors: Readonly<Record<string, string>>
}

/** Reads the files that were asked for, within their common budget. */
async function collect(directory: number, { collect: paths = [], collectBytes }: CommandOptions): Promise<Collected> {
  const files: Record<string, Uint8Array> = {}
  const fileErrors: Record<string, string> = {}
  let left = collectBytes ?? DEFAULT_COLLECT_BYTES
  for (const path of paths) {
    try {
      const bytes = await copyOut(directory, path, left)
      left -= bytes.length
      files[path] = bytes
    } catch (error) {
      if (!(error instanceof GlassboxError)) throw error
      fileErrors[path] = error.message
    }
  }
  return { files, fileErrors }
}

const MAX_ENTRIES = 100_000

/**
 * Whether a file of the box is as large as a file may become: the evidence that SIGXFSZ came from the limit. Nothing
 * runs in the box any more, and links are not followed.
 */
function holdsFileOf(pid: number, bytes: number): boolean {
  const queue = ['box', 'tmp', 'dev/shm'].map(name => `/proc/${pid}/root/${name}`)
  let entries = 0
  for (let directory = queue.pop(); directory !== undefined && entries < MAX_ENTRIES; directory = queue.pop()) {
    for (const name of namesIn(directory)) {
      entries++
      const path = join(directory, name)
      const stats = lstatSync(path, { throwIfNoEntry: false })
      if (stats?.isDirectory()) queue.push(path)
      else if (stats?.isFile() && stats.size >= bytes) return true
    }
  }
  return false
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory)
  } catch {
    return [] // unreadable or too deep for a name: it holds no evidence that could be had
  }
}
