/** Describes a denied call in strace's notation, from the reports of the filter and init. */
import type { DeniedCall } from '../../container/wire.ts'
import { argumentsText, callName } from '../../decode/decode.ts'
import type { MemoryReader } from '../../decode/memory.ts'
import { AUDIT_ARCH_X86_64 } from '../../linux/constants.ts'
import { X32_BIT } from '../../linux/abi.ts'
import { syscallByNumber } from '../../linux/syscalls.ts'
import type { RunResult } from '../../job/result.ts'

const LONGEST_STRING = 255

/** The snapshots that init took of the memory to which the arguments point. */
function snapshots({ args, memory }: DeniedCall): MemoryReader {
  return {
    read(address, length) {
      for (const [index, start] of args.entries()) {
        const bytes = memory[index] ?? new Uint8Array(0)
        const offset = address - start
        if (offset >= 0n && offset < BigInt(bytes.length))
          return bytes.subarray(Number(offset), Number(offset) + length)
      }
      return new Uint8Array(0)
    },
  }
}

function pathOf(denied: DeniedCall): string | undefined {
  const index = syscallByNumber(denied.nr)?.args.findIndex(({ kind }) => kind === 'path') ?? -1
  const bytes = denied.memory[index]
  if (index < 0 || !bytes || bytes.length === 0) return undefined
  const end = bytes.indexOf(0)
  return Buffer.from(end < 0 ? bytes : bytes.subarray(0, end)).toString('utf8')
}

/**
 * The name of a call of another ABI. Its numbers and arguments differ, so the call is named but
 * not decoded.
 */
function foreignName({ nr, arch }: DeniedCall): string | undefined {
  if (arch !== AUDIT_ARCH_X86_64) return `i386:${callName(nr, 'i386')}`
  return nr >= X32_BIT ? `x32:syscall_${nr - X32_BIT}` : undefined
}

/**
 * init knows that a call was denied, but not which one: a signal to the caller withdrew the report
 * before init received it.
 */
const WITHDRAWN: NonNullable<RunResult['violation']> = { syscall: 'unknown', args: '' }

export function describeViolation(denied: DeniedCall): NonNullable<RunResult['violation']> {
  if (denied.arch === 0) return WITHDRAWN
  const foreign = foreignName(denied)
  if (foreign !== undefined)
    return { syscall: foreign, args: denied.args.map(arg => `0x${arg.toString(16)}`).join(', ') }
  const path = pathOf(denied)
  return {
    syscall: callName(denied.nr),
    args: argumentsText(denied, snapshots(denied), { stringLimit: LONGEST_STRING }),
    ...(path === undefined ? {} : { path }),
  }
}
