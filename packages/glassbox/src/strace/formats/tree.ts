/**
 * --tree: at the end, prints which process started which, what each executed, how it ended, its
 * CPU time (of all its threads, without children) and its wall time.
 */
import { signalName } from '../../linux/signals.ts'
import type { Tracee } from '../../trace/tracee.ts'
import type { Subject } from '../../trace/subject.ts'
import type { Output } from '../output/output.ts'
import type { Sink } from '../output/sink.ts'
import type { TraceeState } from '../tracee-state.ts'

const NS_PER_SECOND = 1e9
const LONGEST_COMMAND = 120

interface Process {
  readonly pid: number
  readonly children: Process[]
  readonly commands: string[]
  readonly startNs: bigint
  endNs: bigint
  cpuNs: number
  end: string
}

export class TreeSink implements Sink {
  readonly #output: Output
  readonly #roots: Process[] = []
  /** The living processes. */
  readonly #processes = new Map<number, Process>()
  #hasEnded = false

  constructor(output: Output) {
    this.#output = output
  }

  #process(state: TraceeState, timeNs: bigint, parent?: TraceeState): Process {
    const known = this.#processes.get(state.pid)
    if (known) return known
    const made = {
      pid: state.pid,
      children: [],
      commands: [],
      startNs: timeNs,
      endNs: timeNs,
      cpuNs: 0,
      end: 'let go',
    }
    const above = parent && this.#processes.get(parent.pid)
    ;(above?.children ?? this.#roots).push(made)
    this.#processes.set(state.pid, made)
    return made
  }

  started(state: TraceeState, timeNs: bigint, parent: TraceeState | undefined, subject: Subject): void {
    const made = this.#process(state, timeNs, parent)
    if (state.attached && made.commands.length === 0) made.commands.push(commandText(subject))
  }

  exec(state: TraceeState, timeNs: bigint, _former: TraceeState | undefined, subject: Subject): void {
    this.#process(state, timeNs).commands.push(commandText(subject))
  }

  exiting(state: TraceeState, timeNs: bigint, _insideCall: boolean, tracee: Tracee): void {
    this.#process(state, timeNs).cpuNs += cpuNs(state, tracee)
  }

  exited(state: TraceeState, timeNs: bigint, code: number): void {
    this.#ended(state, timeNs, `exit ${code}`)
  }

  killed(state: TraceeState, timeNs: bigint, signal: number, coreDumped: boolean): void {
    this.#ended(state, timeNs, coreDumped ? `${signalName(signal)}, core dumped` : signalName(signal))
  }

  detached(state: TraceeState, timeNs: bigint): void {
    this.#ended(state, timeNs, 'let go')
  }

  #ended(state: TraceeState, timeNs: bigint, end: string): void {
    const process = this.#processes.get(state.pid)
    if (!process || state.tid !== state.pid) return
    process.endNs = timeNs
    process.end = end
    this.#processes.delete(state.pid)
  }

  end(): void {
    if (this.#hasEnded) return
    this.#hasEnded = true
    for (const root of this.#roots) this.#output.writeShared(treeText(root, '', ''))
  }
}

/** `head` precedes its own line, `indent` precedes those of its children. */
function treeText(process: Process, head: string, indent: string): string {
  const { pid, commands, children, end, cpuNs: cpu, startNs, endNs } = process
  const [first = '(no execve)', ...later] = commands
  const wall = Number(endNs - startNs) / NS_PER_SECOND
  const facts = `[${end}, ${(cpu / NS_PER_SECOND).toFixed(3)} s CPU, ${wall.toFixed(3)} s]`
  const more = later
    .map(command => `${indent}${children.length > 0 ? '│ ' : '  '}  then ${command}\n`)
    .join('')
  const below = children.map((child, index) => {
    const isLast = index === children.length - 1
    return treeText(child, `${indent}${isLast ? '└─ ' : '├─ '}`, `${indent}${isLast ? '   ' : '│  '}`)
  })
  return `${head}${pid} ${first} ${facts}\n${more}${below.join('')}`
}

function commandText(subject: Subject): string {
  const words = subject.commandLine()
  if (!words) return '?'
  const text = words.map(word => (/^[\w@%+=:,./-]+$/.test(word) ? word : JSON.stringify(word))).join(' ')
  return text.length > LONGEST_COMMAND ? `${text.slice(0, LONGEST_COMMAND)}...` : text
}

/**
 * CPU time of one thread if the kernel says it. Otherwise it is that of the wait status, which
 * covers the process and the children that it waited for.
 */
function cpuNs({ tid, pid }: TraceeState, tracee: Tracee): number {
  return tracee.cpuTimeNs() ?? (tid === pid ? (tracee.userTimeUs + tracee.systemTimeUs) * 1000 : 0)
}
