/** The three standard streams of one command: opened before the launch, handed over with it, emptied after the end. */
import { close } from '../gate/descriptors.ts'
import type { OutputEvents } from './events.ts'
import type { HostPaths } from './host-paths.ts'
import { type InputChannel, openInput } from './input.ts'
import type { CommandOptions, Limits } from '../job/options.ts'
import { openOutput, type OutputChannel, type StreamName } from './output.ts'
import type { Owner } from './pipe.ts'
import { refuseSharedFiles } from './shared-files.ts'

export class Channels {
  readonly #options: CommandOptions
  readonly #limits: Required<Limits>
  readonly #events: OutputEvents
  readonly #paths: HostPaths
  #input: InputChannel | undefined
  readonly #outputs: OutputChannel[] = []
  #handedOver = false
  /** Too much output may arrive before the launch has returned. */
  #kill: (() => void) | undefined
  #exceeded = false

  constructor(options: CommandOptions, limits: Required<Limits>, events: OutputEvents, paths: HostPaths) {
    this.#options = options
    this.#paths = paths
    this.#limits = limits
    this.#events = events
  }

  /** `owner`: the user of the program, where it is not ours. */
  async open(owner: Owner | undefined): Promise<void> {
    const { stdin, stdout = 'capture', stderr = 'capture' } = this.#options
    refuseSharedFiles({ stdin, stdout, stderr })
    this.#input = await openInput(stdin, owner, this.#paths)
    for (const [name, output] of [
      ['stdout', stdout],
      ['stderr', stderr],
    ] as const) {
      this.#outputs.push(
        openOutput({
          name,
          output,
          limit: this.#limits.outputBytes,
          owner,
          paths: this.#paths,
          onExceeded: () => this.#exceed(),
          onData: chunk => this.#events.emit({ type: name, chunk }),
        }),
      )
    }
  }

  #exceed(): void {
    this.#exceeded = true
    this.#kill?.()
  }

  childFds(): readonly [number, number, number] {
    const [stdout, stderr] = this.#outputs
    return [this.#input?.childFd ?? -1, stdout?.childFd ?? -1, stderr?.childFd ?? -1]
  }

  /** The program has its descriptors: ours are closed, so that its end is seen. `kill` ends it for too much output. */
  launched(kill: () => void): void {
    this.#closeChildFds()
    this.#kill = kill
    for (const output of this.#outputs) output.launched()
    if (this.#exceeded) kill()
  }

  #closeChildFds(): void {
    if (this.#handedOver) return
    this.#handedOver = true
    for (const channel of [this.#input, ...this.#outputs]) if (channel?.owned) close(channel.childFd)
  }

  async finished(): Promise<void> {
    this.#input?.close()
    this.#closeChildFds()
    await Promise.all(this.#outputs.map(output => output.finish()))
    for (const output of this.#outputs) output.check()
  }

  result(): {
    outputs: Record<StreamName, { bytes: Uint8Array; truncated: boolean }>
    encoding: 'utf8' | 'buffer'
  } {
    const [stdout, stderr] = this.#outputs.map(output => ({
      bytes: output.bytes(),
      truncated: output.truncated(),
    }))
    const nothing = { bytes: new Uint8Array(0), truncated: false }
    return {
      outputs: { stdout: stdout ?? nothing, stderr: stderr ?? nothing },
      encoding: this.#options.encoding ?? 'utf8',
    }
  }

  close(): void {
    this.#input?.close()
    this.#closeChildFds()
    for (const output of this.#outputs) output.abandon()
  }
}
