/** Structs out of bytes and into them: every layout, with random values. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { sizeOf, struct } from '#glassbox/codec/struct.js'
import { LAYOUTS, LAYOUTS_32 } from '#glassbox/linux/generated/layouts.js'
import { isPointing, type Field, type Kind } from '#glassbox/linux/schema/kinds.js'
import { layoutOf, type StructName } from '#glassbox/linux/schema/layouts.js'
import { widthOf } from '#glassbox/linux/schema/widths.js'

const narrow = (value: bigint): number | bigint => {
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : value
}

const bytes = (most: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ maxLength: most })

/** Any value of a field. */
function anyValue(kind: Kind, bits: 32 | 64): fc.Arbitrary<unknown> {
  if (isPointing(kind)) return anyNumber(bits, false)
  switch (kind.type) {
    case 'struct':
      return anyStruct(kind.name, bits)
    case 'chars':
      return bytes(kind.size).map(text => text.filter(byte => byte !== 0))
    case 'union':
      return fc.uint8Array({ minLength: kind.size, maxLength: kind.size })
    case 'list':
      return fc.array(anyValue(kind.of, bits), { minLength: kind.count, maxLength: kind.count })
    case 'octets':
      return fc.uint8Array({ minLength: kind.size, maxLength: kind.size })
    case 'tail':
      return fc.uint8Array({ minLength: 5, maxLength: 5 })
    case 'trailing':
      return fc.constant(undefined)
    case 'bits':
      return fc.integer({ min: 0, max: 2 ** kind.width - 1 })
    default: {
      const width = widthOf(kind)
      return anyNumber(width.bits, width.signed)
    }
  }
}

const anyNumber = (bits: 8 | 16 | 32 | 64, signed: boolean): fc.Arbitrary<number | bigint> =>
  fc.bigInt(signed ? -(2n ** BigInt(bits - 1)) : 0n, 2n ** BigInt(signed ? bits - 1 : bits) - 1n).map(narrow)

const anyStruct = (name: StructName, bits: 32 | 64): fc.Arbitrary<Record<string, unknown>> =>
  fc.record(Object.fromEntries(separate(name, bits).map(field => [field.name, anyValue(field.kind, bits)])), {
    noNullPrototype: true,
  })

/** Fields that share no byte with an earlier one, as in a union. */
function separate(name: StructName, bits: 32 | 64): readonly Field[] {
  const kept: Field[] = []
  for (const field of layoutOf(name, bits).fields) {
    const end = field.offset + sizeOf(field.kind, bits)
    const overlaps = kept.some(
      other =>
        other.kind.type !== 'bits' &&
        other.offset < end &&
        field.offset < other.offset + sizeOf(other.kind, bits),
    )
    if (!overlaps) kept.push(field)
  }
  return kept
}

/** Whether some fields are there only with some values of others, or are as long as those say. */
const isSelective = (name: StructName, bits: 32 | 64): boolean =>
  layoutOf(name, bits).fields.some(
    ({ kind, when }) =>
      when !== undefined ||
      ('used' in kind && kind.used !== undefined) ||
      (kind.type === 'struct' && isSelective(kind.name, bits)),
  )

/** With room for a tail. */
function viewFor(name: StructName, bits: 32 | 64): DataView {
  const { layout, size } = struct(name, bits)
  const tail = layout.fields.find(({ kind }) => kind.type === 'tail')
  return new DataView(new ArrayBuffer(size + 5 + 16), 8, tail === undefined ? size : tail.offset + 5)
}

const only64 = ['user_regs', 'user_fpregs']

for (const bits of [64, 32] as const) {
  const names = ([...Object.keys(LAYOUTS), ...(bits === 32 ? Object.keys(LAYOUTS_32) : [])] as StructName[])
    .filter((name, index, all) => all.indexOf(name) === index)
    .filter(name => bits === 64 || !only64.includes(name))

  test(`what is written is read again: structs of ${bits} bits`, () => {
    assert.ok(names.length > 400)
    for (const name of names.filter(each => !isSelective(each, bits))) {
      const codec = struct(name, bits)
      const check = (value: Record<string, unknown>): void => {
        const view = viewFor(name, bits)
        codec.write(view, 0, value)
        const found = codec.read(view, 0) as Record<string, unknown>
        for (const field of Object.keys(value))
          assert.deepEqual(found[field], value[field], `${name}.${field}`)
      }
      fc.assert(fc.property(anyStruct(name, bits), check), { numRuns: 20 })
    }
  })

  test(`what is read is written again, whatever the bytes are: structs of ${bits} bits`, () => {
    for (const name of names) {
      const codec = struct(name, bits)
      const size = viewFor(name, bits).byteLength
      const check = (given: Uint8Array): void => {
        const value = codec.read(new DataView(Uint8Array.from(given).buffer))
        const view = viewFor(name, bits)
        codec.write(view, 0, value)
        assert.deepEqual(codec.read(view), value, name)
      }
      fc.assert(fc.property(hostile(size), check), { numRuns: 20 })
    }
  })
}

/** Bytes of which many are zero or small, so that fields that select others have meanings. */
const hostile = (length: number): fc.Arbitrary<Uint8Array> =>
  fc
    .array(fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.integer({ min: 0, max: 12 }), fc.nat(255)), {
      minLength: length,
      maxLength: length,
    })
    .map(list => Uint8Array.from(list))

test('what is left out is zero, also padding', () => {
  const view = new DataView(new Uint8Array(24).fill(0xff).buffer)
  struct('pollfd').write(view, 8, { fd: 3 })
  assert.deepEqual(new Uint8Array(view.buffer, 8, 8), Uint8Array.of(3, 0, 0, 0, 0, 0, 0, 0))
  assert.equal(view.getUint8(7), 0xff)
  assert.equal(view.getUint8(16), 0xff)
})

test('a part of a struct gives the fields that it holds whole', () => {
  const view = new DataView(new ArrayBuffer(20))
  view.setBigUint64(0, 0x100n, true)
  assert.deepEqual(struct('clone_args').read(view), { flags: 256, pidfd: 0 })
})

test('texts: a NUL ends them, and one without NUL is as long as its array', () => {
  const view = new DataView(new ArrayBuffer(390))
  struct('utsname').write(view, 0, { sysname: 'Linux', nodename: 'x'.repeat(100) })
  const { sysname, nodename } = struct('utsname').read(view)
  assert.equal(Buffer.from(sysname).toString(), 'Linux')
  assert.equal(nodename.length, 65)
})

test('numbers: exact on both sides of 2^53, and below zero', () => {
  const view = new DataView(new ArrayBuffer(16))
  for (const value of [0, 1, -1, 2 ** 53 - 1, -(2 ** 53) + 1, 2 ** 40 + 5]) {
    struct('timespec').write(view, 0, { tv_sec: value })
    assert.equal(struct('timespec').read(view).tv_sec, value)
    assert.equal(view.getBigInt64(0, true), BigInt(value))
  }
  for (const value of [2n ** 53n, -(2n ** 53n), -(2n ** 63n), 2n ** 63n - 1n]) {
    struct('timespec').write(view, 0, { tv_sec: value })
    assert.equal(struct('timespec').read(view).tv_sec, value)
  }
})
