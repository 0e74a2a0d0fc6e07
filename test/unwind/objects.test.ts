/**
 * Headers, symbols and mappings: of what runs here, of what is damaged, and when mappings are read
 * again.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { syscallNumber } from '#glassbox/linux/syscalls.js'
import { AddressSpace } from '#glassbox/unwind/address-space.js'
import { ElfObject } from '#glassbox/unwind/elf-object.js'
import { addressOf, offsetOf, parseElf } from '#glassbox/unwind/elf.js'
import { mappingsOf, parseMaps } from '#glassbox/ptrace/subject/mappings.js'
import { type Mapping, Maps } from '#glassbox/unwind/maps.js'
import { BytesSource } from '#glassbox/unwind/source.js'
import { lastAtOrBefore, Symbols } from '#glassbox/unwind/symbols.js'
import { program } from '../support/programs.js'

const of = (tid: number): { mappings(): readonly Mapping[] } => ({ mappings: () => mappingsOf(tid) })
const own = (): readonly Mapping[] => parseMaps(readFileSync('/proc/self/maps', 'utf8'))
const libc = (): string =>
  own().find(({ name }) => name.endsWith('/libc.so.6'))?.name ?? assert.fail('no libc')

test('libc: functions by name, and rules at each of their beginnings', () => {
  const source = new BytesSource(readFileSync(libc()))
  const elf = parseElf(source) ?? assert.fail()
  const symbols = new Symbols(elf, source)
  assert.ok(symbols.count > 1000)
  const object = new ElfObject(source)
  const text = elf.sections.find(({ name }) => name === '.text') ?? assert.fail()
  let known = 0
  for (let offset = text.offset; offset < text.offset + text.size; offset += 4096) {
    const nearest = object.nameAt(offset)
    // The first functions are local ones.
    if (!nearest) continue
    const address = addressOf(elf, offset) ?? assert.fail()
    assert.equal(offsetOf(elf, address), offset)
    // Where its function begins there is nothing on the stack but the return address.
    const row = object.rowAt(offset - nearest.offset)
    if (!row) continue
    known++
    assert.deepEqual(
      [row.cfa, row.rules[16]],
      [
        { kind: 'register', register: 7, offset: 8 },
        { kind: 'offset', offset: -8 },
      ],
    )
  }
  assert.ok(known > 50, String(known))
})

test('a name belongs to the nearest function before, and says when that has ended', () => {
  const source = new BytesSource(readFileSync(program('stacks')))
  const elf = parseElf(source) ?? assert.fail()
  const symbols = new Symbols(elf, source)
  const object = new ElfObject(source)
  const text = elf.sections.find(({ name }) => name === '.text') ?? assert.fail()
  const names = Array.from({ length: text.size }, (_, at) => object.nameAt(text.offset + at))
  const main = names.filter(found => found?.name === 'main')
  assert.deepEqual([main[0]?.offset, main[1]?.offset, main[0]?.beyond], [0, 1, false])
  assert.equal(symbols.nearest(0), undefined)
  const last = symbols.nearest(Number.MAX_SAFE_INTEGER)
  assert.equal(last?.beyond, true)
})

test('what is no ELF object, of another class, or cut off has no rules and no names', () => {
  const whole = readFileSync(program('stacks'))
  const narrow = Buffer.from(whole)
  narrow[4] = 1
  for (const bytes of [Buffer.from('#!/bin/sh\n'), narrow, whole.subarray(0, 40), Buffer.alloc(4096, 0xff)]) {
    const object = new ElfObject(new BytesSource(bytes))
    assert.deepEqual([object.nameAt(0x1200), object.rowAt(0x1200)], [undefined, undefined])
  }
  // Headers that point beyond the end, and rules that are noise: no error.
  for (let length = 64; length < whole.length; length += 997) {
    const object = new ElfObject(new BytesSource(whole.subarray(0, length)))
    for (let at = 0x1000; at < 0x1400; at += 16) object.rowAt(at)
    object.nameAt(0x1200)
  }
})

test('the last of ascending numbers that is not above', () => {
  const found = (value: number): number => lastAtOrBefore([10, 20, 20, 30], value)
  assert.deepEqual([9, 10, 19, 20, 29, 30, 99].map(found), [-1, 0, 0, 2, 2, 3, 3])
  assert.equal(lastAtOrBefore([], 1), -1)
})

const TEXT = `00400000-00401000 r--p 00000000 fe:00 12 /tmp/a b (deleted)
00401000-00402000 r-xp 00001000 fe:00 12                                 /tmp/a b (deleted)
7f0000000000-7f0000001000 rwxp 00000000 00:00 0
7ffd00000000-7ffd00002000 r-xp 00000000 00:00 0                          [vdso]
`

test('mappings: those that have a name, with blanks in it, and both of their ends', () => {
  const maps = new Maps(parseMaps(TEXT))
  const at = (address: number): string | undefined => maps.find(address)?.name
  assert.equal(maps.all.length, 3)
  assert.deepEqual(
    [at(0x3fffff), at(0x400000), at(0x401fff), at(0x402000)],
    [undefined, '/tmp/a b (deleted)', '/tmp/a b (deleted)', undefined],
  )
  assert.deepEqual([at(0x7f0000000000), at(0x7ffd00001fff)], [undefined, '[vdso]'])
  assert.deepEqual(
    [maps.hasCode(0x400000, 0x401000), maps.hasCode(0x400000, 0x401001), maps.hasCode(0x402000, 0x500000)],
    [false, true, false],
  )
})

test('mappings are read again after calls that may have moved code, and after no others', () => {
  const code = own().find(({ executable }) => executable) ?? assert.fail()
  const data = own().findLast(({ executable, name }) => !executable && name.startsWith('/')) ?? assert.fail()
  const reads = (name: string, ...args: readonly (number | bigint)[]): boolean => {
    const space = new AddressSpace()
    const before = space.maps(of(process.pid))
    space.called(syscallNumber(name), args.map(BigInt), true)
    return space.maps(of(process.pid)) !== before
  }
  assert.deepEqual(
    [
      reads('mmap', 0, 4096, 5, 2),
      reads('mmap', code.start, 4096, 1, 0x12),
      reads('mprotect', data.start, 4096, 5),
      reads('munmap', code.start, 4096),
      reads('mremap', code.start, 4096, 8192, 1),
      reads('shmat', 1, 0, 0o100000),
    ],
    [true, true, true, true, true, true],
  )
  assert.deepEqual(
    [
      reads('mmap', 0, 4096, 3, 0x22),
      reads('mmap', code.start, 4096, 1, 2),
      reads('mprotect', data.start, 4096, 1),
      reads('munmap', data.start, 4096),
      reads('brk', 0),
      reads('write', code.start, 4096, 5),
    ],
    [false, false, false, false, false, false],
  )
})

test('who shares memory notices what the other did, until another program is in its place', () => {
  const parent = new AddressSpace()
  const child = new AddressSpace(parent.mark)
  const first = parent.maps(of(process.pid))
  child.called(syscallNumber('mmap'), [0n, 4096n, 5n, 2n], true)
  const second = parent.maps(of(process.pid))
  assert.notEqual(second, first)
  child.replaced()
  child.called(syscallNumber('mmap'), [0n, 4096n, 5n, 2n], true)
  assert.equal(parent.maps(of(process.pid)), second)
})

test('the mappings of what is gone are none', () => {
  assert.equal(new AddressSpace().maps(of(2 ** 22 + 1)).all.length, 0)
})
