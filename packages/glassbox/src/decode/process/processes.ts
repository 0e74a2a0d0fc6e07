/** How processes end and begin: wait status, scheduling parameters, seccomp programs. */
import { readStruct, unsigned } from '../../codec/struct.ts'
import { bpfProgram } from './bpf-program.ts'
import type { Printer } from '../context.ts'
import { readWord } from '../memory.ts'
import { NAMES, signalText } from '../names.ts'
import { address } from '../text.ts'

/** `[{WIFEXITED(s) && WEXITSTATUS(s) == 3}]`, for a child that was waited for; see wait(2). */
export const waitStatus: Printer = (value, { memory, outcome }) => {
  if (outcome?.value === 0n) return address(value)
  const word = readWord(memory, value, 4)
  if (word === undefined) return address(value)
  const status = Number(word)
  const signal = status & 0x7f
  if (status === 0xffff) return '[{WIFCONTINUED(s)}]'
  if (signal === 0) return `[{WIFEXITED(s) && WEXITSTATUS(s) == ${(status >> 8) & 0xff}}]`
  if (signal !== 0x7f)
    return `[{WIFSIGNALED(s) && WTERMSIG(s) == ${signalText(signal, NAMES)}${status & 0x80 ? ' && WCOREDUMP(s)' : ''}}]`
  const stop = (status >> 8) & 0xff
  return `[{WIFSTOPPED(s) && WSTOPSIG(s) == ${signalText(stop & 0x7f, NAMES)}${stop & 0x80 ? ' | 0x80' : ''}}]`
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
