/**
 * Prints a plan in strace's notation. The plan's data is laid out as in memory, at addresses that
 * only the decoder sees. A slot is printed as what it will hold: `<socket>`.
 */
import { callText } from '../decode/decode.ts'
import type { MemoryReader } from '../decode/memory.ts'
import { syscallNumber } from '../linux/syscalls.ts'
import type { Argument, CloneStep, Data, Plan, Slot, Step, SyscallStep } from './types.ts'

/**
 * Above every number that a plan uses as an argument, so that no argument is mistaken for a
 * pointer.
 */
const FIRST_ADDRESS = 0x1_0000_0000n
const STRING_LIMIT = 200

/**
 * The data of a plan as memory: each object has an address, and pointers between objects are
 * filled in.
 */
class DataMemory implements MemoryReader {
  readonly #addresses = new Map<Data, bigint>()
  readonly #bytes: { readonly start: bigint; readonly bytes: Uint8Array }[] = []
  #next = FIRST_ADDRESS

  addressOf(data: Data): bigint {
    const known = this.#addresses.get(data)
    if (known !== undefined) return known
    const start = this.#next
    this.#addresses.set(data, start)
    this.#next += BigInt(Math.ceil((data.bytes.length + 1) / 4096) * 4096)
    const bytes = Uint8Array.from(data.bytes)
    this.#bytes.push({ start, bytes })
    const view = new DataView(bytes.buffer)
    for (const { offset, to } of data.pointers ?? []) view.setBigUint64(offset, this.addressOf(to), true)
    return start
  }

  read(address: bigint, length: number): Uint8Array {
    const found = this.#bytes.find(
      ({ start, bytes }) => address >= start && address < start + BigInt(bytes.length),
    )
    if (!found) return new Uint8Array(0)
    const offset = Number(address - found.start)
    return found.bytes.subarray(offset, offset + length)
  }
}

const isSlot = (value: Argument): value is Slot => typeof value === 'object' && 'slot' in value
const slotText = ({ label }: Slot): string => `<${label}>`

class Printer {
  readonly #memory = new DataMemory()
  readonly #lines: string[] = []

  print(steps: readonly Step[], indent: string): void {
    for (const step of steps) {
      if (step.kind === 'clone') this.#clone(step, indent)
      else if (step.kind === 'clock')
        this.#lines.push(`${indent}clock_gettime(CLOCK_MONOTONIC, ${slotText(step.result)})`)
      else if (step.kind === 'await') this.#lines.push(`${indent}/* ${step.label} */`)
      else this.#syscall(step, indent)
    }
  }

  #syscall(step: SyscallStep, indent: string): void {
    this.#lines.push(`${indent}${this.#call(step)}${resultText(step)}`)
    if (!step.fallback) return
    this.#lines.push(`${indent}/* if that is refused: */`)
    this.print(step.fallback.steps, `${indent}    `)
  }

  text(): string {
    return `${this.#lines.join('\n')}\n`
  }

  #value(argument: Argument): bigint {
    if (isSlot(argument)) return 0n
    return typeof argument === 'object'
      ? this.#memory.addressOf(argument)
      : BigInt.asUintN(64, BigInt(argument))
  }

  #call({ name, args }: SyscallStep): string {
    return callText({ nr: syscallNumber(name), args: args.map(arg => this.#value(arg)) }, this.#memory, {
      stringLimit: STRING_LIMIT,
      substitute: index => {
        const argument = args[index]
        return argument !== undefined && isSlot(argument) ? slotText(argument) : undefined
      },
    })
  }

  #clone(step: CloneStep, indent: string): void {
    const { flags, exitSignal, cgroup, child } = step
    const words = new BigUint64Array(11)
    words[0] = flags
    words[4] = BigInt(exitSignal)
    const args = { bytes: new Uint8Array(words.buffer) }
    const text = callText(
      { nr: syscallNumber('clone3'), args: [this.#memory.addressOf(args), 88n] },
      this.#memory,
    )
    // The descriptor is a slot inside the struct: its label is printed instead of a number.
    const named = cgroup ? text.replace(/\}, 88\)$/, `, cgroup=${slotText(cgroup)}}, 88)`) : text
    this.#lines.push(`${indent}${named}${resultText(step)}`)
    this.print(child, `${indent}    `)
  }
}

function resultText({ result, onError }: SyscallStep | CloneStep): string {
  const kept = result ? ` = ${slotText(result)}` : ''
  return onError === 'ignore' ? `${kept}  /* may fail */` : kept
}

/**
 * The whole plan, one call per line. A child's calls are indented below the clone that makes it.
 */
export function printPlan(plan: Plan): string {
  const printer = new Printer()
  printer.print(plan.steps, '')
  return `/* ${plan.title} */\n${printer.text()}`
}
