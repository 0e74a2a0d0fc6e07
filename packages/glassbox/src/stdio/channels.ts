/**
 * The descriptors of one program's streams: opened before the launch, handed over with it, emptied
 * after the end.
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
  /** Not there if stderr goes the way of stdout. */
  #stderr: OutputChannel | undefined
  #handedOver = false
  /** Too much output may arrive before the launch has returned. */
  #kill: (() => void) | undefined
  #exceeded = false
  #stopLooking: () => void = () => {}

  constructor(streams: CallStreams, limits: Required<Limits>, paths: HostPaths) {
    this.#streams = streams
    this.#limits = limits
    this.#paths = paths
  }

  /** `owner`: the user of the program, if it is not ours. */
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
   * The program has its descriptors: ours are closed, so that its end is seen. `kill` ends it for
   * too much output.
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

  /** The program is dead. Resolves when files have every byte of it. */
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
    hint: 'Something in this process has closed a descriptor that is not its own.',
  })
