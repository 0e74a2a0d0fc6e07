/**
 * --stats: at the end, prints how often each file and each peer address was used, with errors,
 * bytes moved and time. Paths are made absolute.
 */
import { posix } from 'node:path'
import { socketAddressOf } from '../../codec/network.ts'
import { bytesOfNumber, swapped } from '../../decode/network/order.ts'
import { readString } from '../../decode/memory.ts'
import { AF_INET, AF_INET6, AF_UNIX, AT_FDCWD } from '../../linux/constants.ts'
import type { Syscall } from '../../linux/syscall.ts'
import { syscallOf } from '../../linux/abi.ts'
import type { EnteredCall, LeftCall } from '../../trace/handlers.ts'
import type { Tracee, TraceeAtEntry } from '../../trace/tracee.ts'
import { escaped } from '../text/escape.ts'
import type { Output } from '../output/output.ts'
import type { Sink } from '../output/sink.ts'
import { ipv6Text, socketText } from '../text/socket-text.ts'
import type { TraceeState } from '../tracee-state.ts'

const LONGEST_PATH = 4096
const LONGEST_ADDRESS = 110
const SHORTEST_ADDRESS = 24
/** Calls whose result is a number of bytes. */
const MOVES =
  /^(p?(read|write)(v2?|64)?|send(to|msg|file)?|recv(from|msg)?|splice|tee|vmsplice|copy_file_range)$/

interface Use {
  calls: number
  errors: number
  bytes: number
  ns: number
}

export class StatsSink implements Sink {
  readonly #output: Output
  readonly #files = new Map<string, Use>()
  readonly #peers = new Map<string, Use>()
  /** The files and peers of each tracee's call in progress. */
  readonly #open = new Map<number, readonly Use[]>()
  #hasEnded = false

  constructor(output: Output) {
    this.#output = output
  }

  enter(state: TraceeState, call: EnteredCall, tracee: TraceeAtEntry): void {
    const known = syscallOf(call.nr, call.abi)
    const all = known && usedBy(known, call, tracee)
    if (!all || all.length === 0) return
    const uses = all.map(({ kind, name }) => useOf(kind === 'file' ? this.#files : this.#peers, name))
    this.#open.set(state.tid, uses)
  }

  exit(state: TraceeState, call: LeftCall): void {
    const uses = this.#open.get(state.tid)
    if (!uses) return
    this.#open.delete(state.tid)
    const moved =
      !call.failed && MOVES.test(syscallOf(call.nr, call.abi)?.name ?? '') ? Number(call.value) : 0
    for (const use of uses) {
      use.calls++
      if (call.failed) use.errors++
      use.bytes += moved
      use.ns += Number(call.timeNs - call.enteredNs)
    }
  }

  exited(state: TraceeState): void {
    this.#open.delete(state.tid)
  }

  killed(state: TraceeState): void {
    this.#open.delete(state.tid)
  }

  end(): void {
    if (this.#hasEnded) return
    this.#hasEnded = true
    this.#output.writeShared(table('path', this.#files) + table('peer', this.#peers))
  }
}

function useOf(uses: Map<string, Use>, name: string): Use {
  let use = uses.get(name)
  if (!use) {
    use = { calls: 0, errors: 0, bytes: 0, ns: 0 }
    uses.set(name, use)
  }
  return use
}

interface Used {
  readonly kind: 'file' | 'peer'
  readonly name: string
}

/** The files and peers that a call names, each once. */
function usedBy({ args }: Syscall, call: EnteredCall, tracee: Tracee): readonly Used[] {
  const found = new Map<string, Used>()
  let directory = AT_FDCWD
  for (const [index, { schema }] of args.entries()) {
    const value = call.args[index] ?? 0n
    const number = Number(BigInt.asIntN(32, value))
    let used: Used | undefined
    if (schema.type === 'fd' && schema.directory) directory = number
    else if (schema.type === 'path') used = usedPath(value, directory, tracee)
    else if (schema.type === 'fd') used = usedDescriptor(number, tracee)
    else if (schema.type === 'sockaddr' && schema.way === 'in')
      used = usedAddress(value, Number(BigInt.asIntN(32, call.args[0] ?? 0n)), tracee)
    if (used) found.set(used.kind + used.name, used)
  }
  return [...found.values()]
}

function usedPath(address: bigint, directory: number, tracee: Tracee): Used | undefined {
  const bytes = address === 0n ? undefined : readString(tracee, address, LONGEST_PATH)?.bytes
  // An empty path means the descriptor that precedes it.
  if (!bytes) return undefined
  if (bytes.length === 0) return directory === AT_FDCWD ? undefined : usedDescriptor(directory, tracee)
  const path = Buffer.from(bytes).toString()
  if (path.startsWith('/')) return { kind: 'file', name: posix.normalize(path) }
  const base = directory === AT_FDCWD ? tracee.cwd() : tracee.descriptor(directory)?.target
  return { kind: 'file', name: base === undefined ? path : posix.join(Buffer.from(base).toString(), path) }
}

function usedDescriptor(fd: number, tracee: Tracee): Used | undefined {
  const found = fd < 0 ? undefined : tracee.descriptor(fd)
  if (!found) return undefined
  const target = Buffer.from(found.target).toString()
  if (target.startsWith('/')) return { kind: 'file', name: target }
  const socket = found.socket()
  const text = socket ? socketText(socket) : ''
  // Unnamed ends, as socketpair(2) makes them, have no address.
  const [, protocol, peer] = /^(\S+?):\[.*->(.*[^\d].*)\]$/.exec(text) ?? []
  return protocol === undefined || peer === undefined
    ? undefined
    : { kind: 'peer', name: `${protocol} ${peer}` }
}

/** An address argument: the peer that is connected to or sent to. */
function usedAddress(address: bigint, fd: number, tracee: Tracee): Used | undefined {
  const text = address === 0n ? undefined : addressText(tracee.read(address, LONGEST_ADDRESS).slice())
  if (text === undefined) return undefined
  return { kind: 'peer', name: `${tracee.descriptor(fd)?.socket()?.protocol ?? 'socket'} ${text}` }
}

function addressText(bytes: Uint8Array): string | undefined {
  if (bytes.length < SHORTEST_ADDRESS) return undefined
  const fields = socketAddressOf(bytes, { model: 64 })
  const host = (name: string): Uint8Array => Uint8Array.from(fields?.[name] as readonly number[])
  const port = (name: string): number => Number(swapped(BigInt(fields?.[name] as number), 2))
  switch (fields?.['sa_family']) {
    case AF_INET:
      return `${bytesOfNumber(fields['sin_addr'] as number, 4).join('.')}:${port('sin_port')}`
    case AF_INET6:
      return `[${ipv6Text(host('sin6_addr'))}]:${port('sin6_port')}`
    case AF_UNIX:
      return unixPath(fields['sun_path'] as Uint8Array)
    default:
      return undefined
  }
}

/** Abstract names begin with a NUL, which is shown as @, as ss(8) does. */
function unixPath(bytes: Uint8Array): string {
  const isAbstract = bytes[0] === 0
  const path = isAbstract ? bytes.subarray(1) : bytes
  const end = path.indexOf(0)
  return (isAbstract ? '@' : '') + Buffer.from(end < 0 ? path : path.subarray(0, end)).toString()
}

const escapedText = (text: string): string => escaped(Buffer.from(text))

function table(title: string, uses: ReadonlyMap<string, Use>): string {
  if (uses.size === 0) return ''
  const rows = [...uses].toSorted(([, a], [, b]) => b.ns - a.ns)
  const line = (cells: readonly string[], name: string): string =>
    `${cells.map((cell, index) => cell.padStart([9, 9, 12, 12][index] ?? 0)).join(' ')} ${name}\n`
  const body = rows.map(([name, { calls, errors, bytes, ns }]) =>
    line(
      [String(calls), errors === 0 ? '' : String(errors), String(bytes), (ns / 1e9).toFixed(6)],
      escapedText(name),
    ),
  )
  const rule = `${'-'.repeat(9)} ${'-'.repeat(9)} ${'-'.repeat(12)} ${'-'.repeat(12)} ${'-'.repeat(16)}\n`
  return line(['calls', 'errors', 'bytes', 'seconds'], title) + rule + body.join('')
}
