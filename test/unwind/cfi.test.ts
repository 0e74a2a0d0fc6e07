/**
 * Call frame instructions and expressions: programs built by hand, what damages them, and every
 * row of a real program as readelf has it.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { type Row, rowAt } from '#glassbox/unwind/cfi.js'
import { EhFrame, type Fde } from '#glassbox/unwind/eh-frame.js'
import { parseElf } from '#glassbox/unwind/elf.js'
import { evaluate } from '#glassbox/unwind/expression.js'
import { BytesSource } from '#glassbox/unwind/source.js'
import { stepBy } from '#glassbox/unwind/step.js'
import { program } from '../support/programs.js'

/** def_cfa rsp+8; return address at cfa-8: what every CIE of x86-64 begins with. */
const CIE = [0x0c, 7, 8, 0x90, 1]

const fde = (instructions: readonly number[], signalFrame = false): Fde => ({
  cie: {
    codeAlignment: 1,
    dataAlignment: -8,
    returnColumn: 16,
    encoding: 0,
    augmented: true,
    signalFrame,
    instructions: Uint8Array.from(CIE),
  },
  start: 0x1000,
  end: 0x1100,
  instructions: Uint8Array.from(instructions),
})

/** Memory that holds these words. */
const memory = (
  words: Readonly<Record<number, bigint>>,
): { read(address: bigint, length: number): Uint8Array } => ({
  read: (address, length) => {
    const value = words[Number(address)]
    if (value === undefined || length !== 8) return new Uint8Array(0)
    return new Uint8Array(BigUint64Array.of(value).buffer)
  },
})

const registers = (known: Readonly<Record<number, bigint>>): (bigint | undefined)[] =>
  Array.from({ length: 17 }, (_, column) => known[column] ?? 0n)

const cfaOf = (row: Row): string =>
  row.cfa.kind === 'register' ? `${row.cfa.register}+${row.cfa.offset}` : 'expression'

// push %rbp; mov %rsp,%rbp; …; leave; ret, with the epilogue in the middle.
const USUAL = [0x41, 0x0e, 16, 0x86, 2, 0x43, 0x0d, 6, 0x50, 0x0a, 0x0c, 7, 8, 0xc6, 0x41, 0x0b]

test('a prologue, an epilogue and what follows it: the row of each address', () => {
  const at = (address: number): readonly unknown[] => {
    const row = rowAt(fde(USUAL), address)
    return [cfaOf(row), row.rules[6]]
  }
  const saved = { kind: 'offset', offset: -16 }
  assert.deepEqual(at(0x1000), ['7+8', undefined])
  assert.deepEqual(at(0x1001), ['7+16', saved])
  assert.deepEqual(at(0x1003), ['7+16', saved])
  assert.deepEqual(at(0x1004), ['6+16', saved])
  assert.deepEqual(at(0x1013), ['6+16', saved])
  assert.deepEqual(at(0x1014), ['7+8', undefined])
  assert.deepEqual(at(0x1015), ['6+16', saved])
  assert.deepEqual(at(0x10ff), ['6+16', saved])
})

test('the frame above by a row: return address, stack pointer and frame pointer', () => {
  const stack = memory({ 0x7008: 0x401234n, 0x7000: 0x7100n })
  const above = stepBy(rowAt(fde(USUAL), 0x1004), registers({ 6: 0x7000n, 7: 0x6f00n, 3: 5n }), stack)
  assert.deepEqual(
    [above?.cfa, above?.registers[16], above?.registers[7], above?.registers[6], above?.registers[3]],
    [0x7010n, 0x401234n, 0x7010n, 0x7100n, 5n],
  )
})

test('an undefined return address is the end, memory that cannot be read an error', () => {
  assert.equal(stepBy(rowAt(fde([0x07, 16]), 0x1000), registers({ 7: 0x7000n }), memory({})), undefined)
  assert.throws(() => stepBy(rowAt(fde([]), 0x1000), registers({ 7: 0x7000n }), memory({})), RangeError)
})

test('rules of every kind', () => {
  const rules = rowAt(
    fde([
      ...[0x05, 3, 2], // offset_extended rbx: cfa-16
      ...[0x08, 12], // same_value r12
      ...[0x09, 13, 14], // register r13: r14
      ...[0x14, 15, 1], // val_offset r15: cfa-8
      ...[0x10, 14, 2, 0x23, 8], // expression r14: cfa+8
      ...[0x16, 6, 2, 0x77, 16], // val_expression rbp: rsp+16
      ...[0x11, 1, 0x7f], // offset_extended_sf rdx: cfa+8
      ...[0x2e, 16, 0x05, 40, 1], // args_size; a vector register, which nobody needs
    ]),
    0x1000,
  )
  const stack = memory({ 0x7000: 0x1n, 0x6ff8: 0x2n, 0x7010: 0x3n })
  const above = stepBy(rules, registers({ 7: 0x7000n, 12: 12n, 14: 14n }), stack)?.registers
  assert.deepEqual(
    [above?.[3], above?.[12], above?.[13], above?.[15], above?.[14], above?.[6], above?.[1]],
    [0x2n, 12n, 14n, 0x7000n, 0x3n, 0x7010n, 0x3n],
  )
})

test('a damaged program is a RangeError: unknown, cut off, or restoring what was not kept', () => {
  for (const instructions of [[0x3f], [0x0c, 7], [0x0b], [0x0f, 5, 1], [0x01, 0, 0]])
    assert.throws(() => rowAt(fde(instructions), 0x1000), RangeError, instructions.join())
})

const value = (bytes: readonly number[], initial?: bigint): bigint =>
  evaluate(
    Uint8Array.from(bytes),
    { registers: registers({ 7: 0x7000n, 16: 0x40101bn }), memory: memory({ 0x7000: 99n }) },
    initial,
  )

test('expressions: the rule of a PLT, on both of its sides', () => {
  // rsp + 8 + (((rip & 15) >= 11) << 3): behind the push that every entry has.
  const plt = [0x77, 8, 0x80, 0, 0x3f, 0x1a, 0x3b, 0x2a, 0x33, 0x24, 0x22]
  assert.equal(value(plt), 0x7010n)
  const before = { registers: registers({ 7: 0x7000n, 16: 0x40101an }), memory: memory({}) }
  assert.equal(evaluate(Uint8Array.from(plt), before), 0x7008n)
})

test('expressions: constants, the stack, arithmetic, comparisons, branches, memory', () => {
  for (const [bytes, expected] of [
    [[0x09, 0xff], 2n ** 64n - 1n],
    [[0x11, 0x7f], 2n ** 64n - 1n],
    [[0x31, 0x32, 0x16], 1n],
    [[0x31, 0x32, 0x33, 0x17], 2n],
    [[0x31, 0x32, 0x14], 1n],
    [[0x31, 0x32, 0x15, 1], 1n],
    [[0x37, 0x32, 0x1c], 5n],
    [[0x09, 0xf9, 0x32, 0x1b], 2n ** 64n - 3n],
    [[0x09, 0xff, 0x31, 0x2d], 1n],
    [[0x09, 0xf8, 0x31, 0x26], 2n ** 64n - 4n],
    [[0x31, 0x28, 1, 0, 0x00, 0x35], 5n],
    [[0x77, 0, 0x06], 99n],
    [[0x92, 7, 1], 0x7001n],
  ] as const)
    assert.equal(value(bytes), expected, bytes.join())
  assert.equal(value([0x23, 8], 4n), 12n)
})

test('expressions that are damaged: empty stack, no end, division by zero, memory, operations of other places', () => {
  for (const bytes of [[], [0x22], [0x2f, 0xfd, 0xff], [0x31, 0x30, 0x1b], [0x31, 0x06], [0x9b], [0x0e, 1]])
    assert.throws(() => value(bytes), RangeError, bytes.join())
})

const NAMES = [
  'rax',
  'rdx',
  'rcx',
  'rbx',
  'rsi',
  'rdi',
  'rbp',
  'rsp',
  'r8',
  'r9',
  'r10',
  'r11',
  'r12',
  'r13',
  'r14',
  'r15',
]
const noReadelf: false | string = spawnSync('readelf', ['-v']).status !== 0 && 'readelf is not installed'

/** The rows of readelf: where each begins, its CFA, and where it has the return address. */
function rowsOf(file: string): { readonly address: number; readonly cfa: string }[] {
  const { stdout } = spawnSync('readelf', ['--debug-dump=frames-interp', file], {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  })
  // Rows of a CIE have address 0.
  return [...stdout.matchAll(/^([0-9a-f]{16}) (r\w\w?\+\d+|exp)/gm)]
    .map(([, address = '', cfa = '']) => ({ address: parseInt(address, 16), cfa }))
    .filter(({ address }) => address !== 0)
}

const spelled = ({ cfa }: Row): string =>
  cfa.kind === 'expression' ? 'exp' : `${NAMES[cfa.register]}+${cfa.offset}`

for (const flags of [['-fomit-frame-pointer'], ['-O2', '-fno-omit-frame-pointer'], ['-static'], ['-no-pie']])
  test(`each row of a program with ${flags.join(' ')} is that of readelf`, { skip: noReadelf }, () => {
    const file = program('stacks', flags)
    const source = new BytesSource(readFileSync(file))
    const elf = parseElf(source)
    assert.ok(elf)
    const frames = new EhFrame(elf, source)
    const wrong = rowsOf(file).flatMap(({ address, cfa }) => {
      const found = frames.find(address)
      // An FDE of no length tells of nothing; the next begins at the same place.
      const row = found && rowAt(found, address)
      return row && spelled(row) === cfa
        ? []
        : [`${address.toString(16)}: ${row && spelled(row)}, not ${cfa}`]
    })
    assert.ok(rowsOf(file).length > 20)
    assert.deepEqual(wrong, [])
  })
