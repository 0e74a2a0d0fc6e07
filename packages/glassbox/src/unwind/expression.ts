/**
 * Evaluates DWARF expressions (DWARF 4, section 2.5) as call frame information uses them: with a
 * stack of 64-bit words, the registers of the frame and the memory of the process. Operations
 * that make no sense there (locations of variables, TLS, calls) throw, as does memory that cannot
 * be read.
 */
import { Cursor } from './cursor.ts'
import { readWord } from './memory.ts'
import type { MemoryReader } from '../decode/memory.ts'
import type { Registers } from './registers.ts'

/** An expression that takes more steps is considered damaged. */
const MOST_STEPS = 10_000
const LIT0 = 0x30
const BREG0 = 0x70
const REGISTERS = 32

export interface Surroundings {
  readonly registers: Registers
  readonly memory: MemoryReader
}

class Machine {
  readonly stack: bigint[] = []
  readonly code: Cursor
  readonly around: Surroundings

  constructor(code: Cursor, around: Surroundings) {
    this.code = code
    this.around = around
  }

  pop(): bigint {
    const value = this.stack.pop()
    if (value === undefined) throw new RangeError('an expression took from an empty stack')
    return value
  }

  push(value: bigint): void {
    this.stack.push(BigInt.asUintN(64, value))
  }

  peek(depth: number): bigint {
    const value = this.stack.at(-1 - depth)
    if (value === undefined) throw new RangeError('an expression looked below its stack')
    return value
  }

  register(number: number): bigint {
    const value = this.around.registers[number]
    if (value === undefined) throw new RangeError(`register ${number} is not known`)
    return value
  }

  load(size: number): void {
    this.push(readWord(this.around.memory, this.pop(), size))
  }

  jump(taken: boolean): void {
    const distance = this.code.s16()
    if (taken) this.code.at += distance
  }
}

type Operation = (machine: Machine) => void

const signed = (value: bigint): bigint => BigInt.asIntN(64, value)

const binary =
  (compute: (left: bigint, right: bigint) => bigint): Operation =>
  machine => {
    const right = machine.pop()
    machine.push(compute(machine.pop(), right))
  }

const compare = (holds: (left: bigint, right: bigint) => boolean): Operation =>
  binary((left, right) => (holds(signed(left), signed(right)) ? 1n : 0n))

const divisor = (value: bigint): bigint => {
  if (value === 0n) throw new RangeError('an expression divided by zero')
  return value
}

/** Shifts by 64 or more leave no bits. */
const within = (count: bigint): bigint => (count > 64n ? 64n : count)

const OPERATIONS: Readonly<Record<number, Operation>> = {
  0x03: m => m.push(m.code.u64()), // addr
  0x06: m => m.load(8), // deref
  0x08: m => m.push(BigInt(m.code.u8())), // const1u to const8s
  0x09: m => m.push(BigInt(m.code.s8())),
  0x0a: m => m.push(BigInt(m.code.u16())),
  0x0b: m => m.push(BigInt(m.code.s16())),
  0x0c: m => m.push(BigInt(m.code.u32())),
  0x0d: m => m.push(BigInt(m.code.s32())),
  0x0e: m => m.push(m.code.u64()),
  0x0f: m => m.push(m.code.s64()),
  0x10: m => m.push(m.code.wideUleb()), // constu
  0x11: m => m.push(m.code.wideSleb()), // consts
  0x12: m => m.push(m.peek(0)), // dup
  0x13: m => void m.pop(), // drop
  0x14: m => m.push(m.peek(1)), // over
  0x15: m => m.push(m.peek(m.code.u8())), // pick
  0x16: m => rotate(m, 2), // swap
  0x17: m => rotate(m, 3), // rot
  0x19: m => m.push(((value: bigint) => (value < 0n ? -value : value))(signed(m.pop()))), // abs
  0x1a: binary((left, right) => left & right),
  0x1b: binary((left, right) => signed(left) / divisor(signed(right))),
  0x1c: binary((left, right) => left - right),
  0x1d: binary((left, right) => left % divisor(right)),
  0x1e: binary((left, right) => left * right),
  0x1f: m => m.push(-m.pop()), // neg
  0x20: m => m.push(~m.pop()), // not
  0x21: binary((left, right) => left | right),
  0x22: binary((left, right) => left + right),
  0x23: m => m.push(m.pop() + m.code.wideUleb()), // plus_uconst
  0x24: binary((left, right) => left << within(right)),
  0x25: binary((left, right) => left >> within(right)),
  0x26: binary((left, right) => signed(left) >> within(right)),
  0x27: binary((left, right) => left ^ right),
  0x28: m => m.jump(m.pop() !== 0n), // bra
  0x29: compare((left, right) => left === right),
  0x2a: compare((left, right) => left >= right),
  0x2b: compare((left, right) => left > right),
  0x2c: compare((left, right) => left <= right),
  0x2d: compare((left, right) => left < right),
  0x2e: compare((left, right) => left !== right),
  0x2f: m => m.jump(true), // skip
  0x92: m => m.push(m.register(m.code.uleb()) + m.code.wideSleb()), // bregx
  0x94: m => m.load(m.code.u8()), // deref_size
  0x96: () => {}, // nop
}

/** Moves the top of the stack below the other `count` − 1 words. */
function rotate(machine: Machine, count: number): void {
  machine.peek(count - 1)
  machine.stack.splice(-count, 0, machine.pop())
}

function perform(code: number, machine: Machine): void {
  const operation = OPERATIONS[code]
  if (operation) operation(machine)
  else if (code >= LIT0 && code < LIT0 + REGISTERS) machine.push(BigInt(code - LIT0))
  else if (code >= BREG0 && code < BREG0 + REGISTERS)
    machine.push(machine.register(code - BREG0) + machine.code.wideSleb())
  else throw new RangeError(`operation ${code} in an expression`)
}

/** `initial`: the stack at the beginning: the CFA for rules of registers. */
export function evaluate(bytes: Uint8Array, around: Surroundings, initial?: bigint): bigint {
  const machine = new Machine(new Cursor(bytes), around)
  if (initial !== undefined) machine.push(initial)
  for (let steps = 0; !machine.code.atEnd; steps++) {
    if (steps === MOST_STEPS) throw new RangeError('an expression without an end')
    perform(machine.code.u8(), machine)
  }
  return machine.pop()
}
