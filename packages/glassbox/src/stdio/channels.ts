/**
 * The descriptors of one program's streams: opened before the launch, passed to the program with
 * it, drained after the program's end. Owns its ends of the pipes until `finished` or `close`.
 */
import { GlassboxError } from '../errors.ts'
import { close } from '../gate/descriptors.ts'
import type { Limits } from '../job/options.ts'
import type { CallStreams } from './caller/call-streams.ts'
import type { HostPaths } from './host-paths.ts'
import { type InputChannel, openInput } from './input.ts'
import { lookAfter } from './look.ts'
import { openOutput, type OutputChannel } from './output.ts'
import type { Owner } from './pipe.ts'
import type { Pump } from './pump.ts'
import { isOneOutput, refuseInputAsOutput } from './same-file.ts'
import type { OutputName } from './caller/sink.ts'

interface CapturedOutput {
  readonly bytes: Uint8Array
  readonly truncated: boolean
}

export class Channels {
  readonly #streams: CallStreams
  readonly #limits: Required<Limits>
  readonly #paths: HostPaths
  #input: InputChannel | undefined
  #stdout: OutputChannel | undefined
  /** `undefined` if stderr goes into the pipe of stdout. */
  #stderr: OutputChannel | undefined
  #handedOver = false
  /** Ends the program. Not known before the launch, but too much output may arrive before that. */
  #kill: (() => void) | undefined
  #exceeded = false
  #stopLooking: () => void = () => {}

  constructor(streams: CallStreams, limits: Required<Limits>, paths: HostPaths) {
    this.#streams = streams
    this.#limits = limits
    this.#paths = paths
  }

  /** `owner`: the user of the program, if it differs from this process's user. */
  async open(owner: Owner | undefined): Promise<void> {
    const { stdin: source, targets } = this.#streams
    const { stdout, stderr } = targets
    refuseInputAsOutput(source, targets)
    const one = isOneOutput(stdout, stderr)
    this.#input = await openInput({ source, claimed: this.#streams.source, owner, paths: this.#paths })
    this.#stdout = this.#openOutput('stdout', owner)
    if (!one) this.#stderr = this.#openOutput('stderr', owner)
  }

  #openOutput(name: OutputName, owner: Owner | undefined): OutputChannel {
    const streams = this.#streams
    return openOutput({
      name,
      target: streams.targets[name],
      claimed: streams.sinks[name],
      reader: streams.readers[name],
      events: streams.events,
      limit: this.#limits.outputBytes,
      owner,
      paths: this.#paths,
      onExceeded: () => this.#exceed(),
      onFailure: error => streams.outputFailed(error),
    })
  }

  #exceed(): void {
    this.#exceeded = true
    this.#kill?.()
  }

  #outputs(): OutputChannel[] {
    return [this.#stdout, this.#stderr].filter(output => output !== undefined)
  }

  #pumps(): Pump[] {
    return this.#outputs().flatMap(({ pump }) => pump ?? [])
  }

  childFds(): readonly [number, number, number] {
    const stdout = this.#stdout?.childFd ?? -1
    return [this.#input?.childFd ?? -1, stdout, this.#stderr?.childFd ?? stdout]
  }

  /**
   * Call it after the launch. Closes our copies of the program's descriptors, so the end of the
   * pipes can be seen. `kill` ends the program if it writes too much output.
   */
  launched(kill: () => void): void {
    this.#closeChildFds()
    this.#kill = kill
    this.#stopLooking = lookAfter(this.#pumps(), this.#streams.awaited, error =>
      this.#streams.outputFailed(unreadable(error)),
    )
    if (this.#exceeded) kill()
  }

  #closeChildFds(): void {
    if (this.#handedOver) return
    this.#handedOver = true
    for (const channel of [this.#input, ...this.#outputs()]) if (channel?.owned) close(channel.childFd)
  }

  /** Call it when the program is dead. Resolves once its output files are complete. */
  async finished(): Promise<void> {
    this.#stopLooking()
    this.#input?.close()
    this.#closeChildFds()
    await Promise.all(this.#outputs().map(output => output.finish()))
  }

  result(): Record<OutputName, CapturedOutput> {
    const { readers } = this.#streams
    const captured = (name: OutputName, output: OutputChannel | undefined): CapturedOutput => ({
      bytes: readers[name].bytes(),
      truncated: output?.pump?.exceeded === true,
    })
    return { stdout: captured('stdout', this.#stdout), stderr: captured('stderr', this.#stderr) }
  }

  close(): void {
    this.#stopLooking()
    this.#input?.close()
    this.#closeChildFds()
    for (const output of this.#outputs()) output.abandon()
  }
}

const unreadable = (cause: unknown): GlassboxError =>
  new GlassboxError('ERR_GLASSBOX_INTERNAL', `The program's output cannot be read: ${String(cause)}`, {
    cause,
    hint: 'Other code in this process has probably closed a descriptor that it does not own.',
  })
