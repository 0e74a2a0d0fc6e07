/**
 * The stdout or stderr of a program: opens a descriptor for the program, and passes on what it
 * writes.
 */
import { fstatSync, ftruncateSync } from 'node:fs'
import type { GlassboxError } from '../errors.ts'
import { keepDescriptor } from '../gate/descriptors.ts'
import { O_CREAT, O_WRONLY } from '../linux/constants.ts'
import type { Target } from '../job/streams.ts'
import { borrow } from './borrowed.ts'
import type { OutputEvents } from './events.ts'
import { fileSink } from './file-sink.ts'
import { cannotOpen, openHostFile } from './host-file.ts'
import type { HostPaths } from './host-paths.ts'
import type { OutputReader } from './output-reader.ts'
import { openNull, type Owner } from './pipe.ts'
import { Pump } from './pump.ts'
import { type OutputName, Sink } from './caller/sink.ts'

/** One output while the program runs. */
export interface OutputChannel {
  /** The descriptor for the program. If `owned`, the caller closes it after the launch. */
  readonly childFd: number
  readonly owned: boolean
  /** Reads the program's pipe, if it has one. */
  readonly pump?: Pump
  /**
   * Call it when the program is dead. Resolves once an output file is complete. It does not wait
   * for a stream of the caller.
   */
  finish(): Promise<void>
  /** Closes everything that is open here, after a failure. */
  abandon(): void
}

export interface OutputRequest {
  readonly name: OutputName
  readonly target: Target
  /** The claimed stream, if the target is a stream. */
  readonly claimed: Sink | undefined
  readonly reader: OutputReader
  readonly events: OutputEvents
  readonly limit: number
  readonly owner: Owner | undefined
  readonly paths: HostPaths
  /** Called once, when the program writes more than `limit` bytes. */
  readonly onExceeded: () => void
  /** Called if the bytes cannot be written to their target. */
  readonly onFailure: (failure: GlassboxError) => void
}

const direct = (childFd: number, owned: boolean, letGo: () => void = () => {}): OutputChannel => ({
  childFd,
  owned,
  finish: async () => letGo(),
  abandon: letGo,
})

export function openOutput(request: OutputRequest): OutputChannel {
  const { target, name } = request
  if (target.kind === 'ignore') return direct(openNull(O_WRONLY), true)
  if (target.kind === 'inherit') return inherit(request, name === 'stdout' ? 1 : 2)
  if (target.kind === 'file') return intoSink(request, openFile(request, target.path))
  if (request.claimed) return intoSink(request, request.claimed)
  return intoSink(request, undefined)
}

/**
 * If the inherited output is a regular file, this process writes it and the program gets a pipe.
 * With a descriptor of the file, the program could open the file again to read or truncate it,
 * whatever the descriptor itself allows.
 */
function inherit(request: OutputRequest, fd: 1 | 2): OutputChannel {
  if (!fstatSync(fd).isFile()) return direct(fd, false, borrow(fd))
  return intoSink(request, ownSink(request, fd, false))
}

function openFile(request: OutputRequest, path: string): Sink {
  const { name, paths } = request
  const { fd, stats } = openHostFile({ name, path, flags: O_WRONLY | O_CREAT, paths })
  return keepDescriptor(fd, () => {
    try {
      // Not O_TRUNC: only now is it known to be a regular file.
      if (stats.isFile()) ftruncateSync(fd)
    } catch (error) {
      throw cannotOpen(name, path, error)
    }
    return ownSink(request, fd, true, path)
  })
}

function ownSink({ name, onFailure }: OutputRequest, fd: number, owned: boolean, path?: string): Sink {
  const events = { failed: onFailure, gone: () => {}, drained: () => {} }
  const stream = fileSink(fd, owned)
  return new Sink({ name, stream, end: true, own: true, ...(path === undefined ? {} : { path }) }, events)
}

function intoSink(request: OutputRequest, sink: Sink | undefined): OutputChannel {
  const { name, reader, events, limit, owner, onExceeded, onFailure } = request
  let pump: Pump
  try {
    pump = new Pump({
      limit,
      owner,
      onExceeded,
      onData: chunk => {
        events.emit(name, chunk)
        if (sink && !sink.write(chunk)) pump.hold('sink')
        if (!reader.take(chunk)) pump.hold('reader')
      },
    })
  } catch (error) {
    if (sink?.own) void sink.abandon()
    throw error
  }
  reader.onDrained = () => pump.letGo('reader')
  reader.onGone = () => pump.close()
  if (reader.gone || sink?.gone) pump.close()
  if (sink) sink.events = { failed: onFailure, gone: () => pump.close(), drained: () => pump.letGo('sink') }
  return {
    childFd: pump.childFd,
    owned: true,
    pump,
    finish: async () => {
      pump.finish()
      if (sink?.own) await sink.finish()
    },
    abandon: () => {
      pump.close()
      if (sink?.own) void sink.abandon()
    },
  }
}
