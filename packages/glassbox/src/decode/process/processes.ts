/** How processes end and begin: wait status, scheduling parameters, seccomp programs. */
import { readStruct, unsigned } from '../../codec/struct.ts'
import { bpfProgram } from './bpf-program.ts'
import type { Printer } from '../context.ts'
import { readWord } from '../memory.ts'
import { NAMES, setText, signalText } from '../names.ts'
import { address, hex } from '../text.ts'

/** A stop of a traced child: its event, above the status. */
const EVENT_SHIFT = 16
/** A core was written, or the stop is one of a system call. */
const MARK = 0x80
const CONTINUED = 0xffff

/** What the lower half says, and the bits of it that say nothing. */
function statusText(status: number): readonly [text: string, rest: number] {
  const low = status & 0x7f
  const high = (status >> 8) & 0xff
  if (low === 0) return [`WIFEXITED(s) && WEXITSTATUS(s) == ${high}`, status & MARK]
  const name = (signal: number): string => signalText(signal, NAMES)
  if (low !== 0x7f) {
    const core = status & MARK ? ' && WCOREDUMP(s)' : ''
    return [`WIFSIGNALED(s) && WTERMSIG(s) == ${name(low)}${core}`, high << 8]
  }
  return [`WIFSTOPPED(s) && WSTOPSIG(s) == ${name(high & ~MARK)}${high & MARK ? ' | 0x80' : ''}`, 0]
}

/** `[{WIFEXITED(s) && WEXITSTATUS(s) == 3}]`, for a child that was waited for; see wait(2). */
export const waitStatus: Printer = (value, { memory, outcome, options }) => {
  if (outcome?.value === 0n) return address(value)
  const word = readWord(memory, value, 4)
  if (word === undefined) return address(value)
  const status = Number(word)
  if (status === CONTINUED) return '[{WIFCONTINUED(s)}]'
  if ((status & 0xff) === 0xff) return `[${hex(word)}]`
  const [text, rest] = statusText(status)
  const event = status >>> EVENT_SHIFT
  const eventText = event === 0 ? '' : `|${setText('=ptrace_event', BigInt(event), options)}<<${EVENT_SHIFT}`
  return `[{${text}}${eventText}${rest === 0 ? '' : `|${hex(rest)}`}]`
}

export const schedulingParameter: Printer = (value, { memory }) => {
  const parameter = readStruct(memory, value, 'sched_param')
  return parameter ? `[${parameter.sched_priority}]` : address(value)
}

/** struct sock_fprog. The instructions are shown only if everything is asked for. */
export const filterProgram: Printer = (value, context) => {
  const { memory, options } = context
  const program = readStruct(memory, value, 'sock_fprog')
  if (!program) return address(value)
  const filter = unsigned(program.filter)
  const shown = options.full ? bpfProgram(filter, BigInt(program.len), context) : address(filter)
  return `{len=${program.len}, filter=${shown}}`
}
