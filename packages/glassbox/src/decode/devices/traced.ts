/**
 * What ptrace(2) tells in a struct of which the size, the result, or both say how much of it the
 * kernel wrote: the stop of a call, signals that wait, the flags of a filter. Source: ptrace(2).
 */
import { readStruct, sizeOf, struct, unsigned } from '../../codec/struct.ts'
import {
  AUDIT_ARCH_X86_64,
  PTRACE_SYSCALL_INFO_ENTRY,
  PTRACE_SYSCALL_INFO_EXIT,
  PTRACE_SYSCALL_INFO_SECCOMP,
} from '../../linux/constants.ts'
import { layoutOf, type StructName } from '../../linux/schema/layouts.ts'
import { syscallOf } from '../../linux/abi.ts'
import { arrayText } from '../basic/arrays.ts'
import { argument, type Context } from '../context.ts'
import { bytesOf, readView } from '../memory.ts'
import { errnoText, named, setText } from '../names.ts'
import { siginfoText } from '../process/signals.ts'
import { address, hex } from '../text.ts'
import type { TextOptions } from '../types.ts'
import { braces, type Device, isAnswered } from './device.ts'

/** The names of the members of a struct that lie whole within its first bytes. */
function membersWithin(name: StructName, length: number): ReadonlySet<string> {
  const whole = layoutOf(name).fields.filter(({ offset, kind }) => offset + sizeOf(kind) <= length)
  return new Set(whole.map(field => field.name))
}

/** The first bytes of a struct, and zeros; `undefined` if they cannot be read. */
function partOf(name: StructName, value: bigint, length: number, context: Context): DataView | undefined {
  const { size } = struct(name)
  const read = readView(context.memory, value, Math.min(length, size))
  if (!read) return undefined
  const whole = new Uint8Array(size)
  whole.set(bytesOf(read))
  return new DataView(whole.buffer)
}

type Parts = Readonly<Record<string, string>>

/** `name=text` for each member that is there. */
const known = (within: ReadonlySet<string>, parts: Parts): readonly string[] =>
  Object.entries(parts).flatMap(([name, text]) => (within.has(name) ? [`${name}=${text}`] : []))

const BITS_32 = 0xffff_ffff

/** The number of a call: the macro of its name on this machine, a comment on another. */
function callNumber(arch: number, nr: bigint, options: TextOptions): string {
  const isNative = arch >>> 0 === AUDIT_ARCH_X86_64
  const name = nr > BITS_32 ? undefined : syscallOf(Number(nr), isNative ? 'x86_64' : 'i386')?.name
  if (name === undefined) return String(nr)
  return isNative ? named(String(nr), `__NR_${name}`, options) : `${nr} /* ${name} */`
}

/** What a kind of stop adds, by its name. */
function stopText(op: number, view: DataView, length: number, options: TextOptions): readonly string[] {
  if (op === PTRACE_SYSCALL_INFO_EXIT) {
    const name = 'ptrace_syscall_info_exit'
    const { rval, is_error: isError } = struct(name).read(view)
    const within = membersWithin(name, length)
    const value = unsigned(rval)
    const result = isError
      ? errnoText(Number(BigInt.asIntN(64, value)), options)
      : String(BigInt.asIntN(64, value))
    return within.has('rval')
      ? [`exit=${braces(known(within, { rval: result, is_error: String(isError) }))}`]
      : []
  }
  if (op !== PTRACE_SYSCALL_INFO_ENTRY && op !== PTRACE_SYSCALL_INFO_SECCOMP) return []
  const name = 'ptrace_syscall_info_seccomp'
  const { arch, nr, args, ret_data: data } = struct(name).read(view)
  const within = membersWithin(name, length)
  if (!within.has('nr')) return []
  const isFiltered = op === PTRACE_SYSCALL_INFO_SECCOMP
  const parts = known(within, {
    nr: callNumber(arch, unsigned(nr), options),
    args: `[${args.map(hex).join(', ')}]`,
    ...(isFiltered ? { ret_data: String(data) } : {}),
  })
  return [`${isFiltered ? 'seccomp' : 'entry'}=${braces(parts)}`]
}

/** struct ptrace_syscall_info, as far as the kernel wrote it. */
const callStop: Device = (value, context) => {
  const name = 'ptrace_syscall_info_seccomp'
  const { options, outcome } = context
  const [said, written] = [argument(context, 2), outcome?.value ?? 0n]
  const length = Number(said < written ? said : written)
  const view = length <= 0 ? undefined : partOf(name, value, length, context)
  if (!view) return address(value)
  const { op, arch, instruction_pointer: instruction, stack_pointer: stack } = struct(name).read(view)
  const head = known(membersWithin(name, length), {
    op: setText('=syscall_info', BigInt(op), options),
    arch: setText('=audit_arch', BigInt(arch), options),
    instruction_pointer: address(unsigned(instruction)),
    stack_pointer: address(unsigned(stack)),
  })
  return braces([...head, ...stopText(op, view, length, options)])
}

/** Which signals are asked for. */
const signalRange: Device = (value, { memory, options }) => {
  const range = readStruct(memory, value, 'ptrace_peeksiginfo_args')
  if (!range) return address(value)
  const flags = setText('|peeksiginfo', BigInt(range.flags), options)
  return `{off=${range.off}, flags=${flags}, nr=${range.nr >>> 0}}`
}

/** As many signals as the result says. */
const signals: Device = (value, context) => {
  const { size } = struct('siginfo')
  if (!isAnswered(context)) return address(value)
  return arrayText(value, context.outcome?.value ?? 0n, size, context, at => {
    const view = readView(context.memory, at, size)
    return view && siginfoText(bytesOf(view), context.options, context.memory.model)
  })
}

/** struct seccomp_metadata: the caller says which filter, the kernel tells its flags. */
const filterFlags: Device = (value, context) => {
  const name = 'seccomp_metadata'
  const { size } = struct(name)
  const { filter_off: filter } = readStruct(context.memory, value, 'seccomp_metadata_head') ?? {}
  if (filter === undefined || argument(context, 2) < BigInt(struct('seccomp_metadata_head').size))
    return address(value)
  const written = isAnswered(context) ? Number(context.outcome?.value ?? 0n) : 0
  if (written <= struct('seccomp_metadata_head').size) return `{filter_off=${filter}}`
  const told = written < size ? undefined : readStruct(context.memory, value, name)
  if (!told) return `{filter_off=${filter}, ???}`
  const flags = setText('|seccomp_filter', unsigned(told.flags), context.options)
  return `{filter_off=${filter}, flags=${flags}${written > size ? ', ...' : ''}}`
}

export const TRACED: Readonly<Record<string, Device>> = {
  call_stop: callStop,
  signal_range: signalRange,
  signals,
  filter_flags: filterFlags,
}
