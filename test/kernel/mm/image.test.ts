/** Loading a program: what is where, what is on the stack, and what is refused. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { AddressSpace } from '#glassbox/kernel/mm/address-space.js'
import { type Image, readImage } from '#glassbox/kernel/mm/image/image.js'
import { loadImage, type Start } from '#glassbox/kernel/mm/image/load.js'
import { ERRNO } from '#glassbox/linux/errno.js'
import { fileOf, Guest, testWorld } from '../../support/kernel/memory-platform.js'

const FACTS = {
  uid: 1,
  euid: 1,
  gid: 1,
  egid: 1,
  secure: false,
  execPath: Buffer.from('/bin/x'),
  signalFrameSize: 1000,
}

const bytes = (text: string): Uint8Array => Buffer.from(text)

test('a dynamic program of this host is loaded with its interpreter, heap and stack', () => {
  const { platform, world } = testWorld()
  const file = fileOf(world, readFileSync('/bin/true'), '/bin/true')
  const image = readImage(world, file, path => fileOf(world, readFileSync(path), path)) as Image
  const space = new AddressSpace(world)
  const strings = { args: [bytes('true'), bytes('one')], env: [bytes('A=1')] }
  const start = loadImage(space, image, strings, FACTS, target => target.fill(0)) as Start
  const guest = new Guest(platform, space)
  const word = (address: number): number => space.memory.readInt64(address)
  const text = (address: number): string => {
    const target = Buffer.alloc(100)
    return target.toString('latin1', 0, space.memory.readString(address, target))
  }
  assert.equal(word(start.sp), 2)
  assert.deepEqual([text(word(start.sp + 8)), text(word(start.sp + 16))], ['true', 'one'])
  assert.equal(word(start.sp + 24), 0)
  assert.equal(text(word(start.sp + 32)), 'A=1')
  const auxiliary = new Map<number, number>()
  for (let at = start.sp + 48; word(at) !== 0; at += 16) auxiliary.set(word(at), word(at + 8))
  assert.equal(auxiliary.get(6), 4096)
  assert.equal(text(auxiliary.get(31) ?? 0), '/bin/x')
  assert.equal(auxiliary.get(51), 1000)
  const base = auxiliary.get(7) ?? 0
  assert.equal(guest.read(base + 1), 0x45, 'the interpreter is at AT_BASE')
  assert.ok(start.ip > base)
  guest.write(start.sp - 4096 * 40, 7)
  assert.equal(guest.read(start.sp - 4096 * 40), 7, 'the stack grows')
  assert.equal(guest.signal(start.ip, true), 'SIGSEGV 2', 'code is not writable')
  space.drop()
  assert.equal(world.world.pagesInUse, 0)
})

const refused: readonly (readonly [string, (elf: Buffer) => Uint8Array, number])[] = [
  ['an empty file', () => new Uint8Array(0), ERRNO.ENOEXEC],
  ['a text', () => bytes('hello\n'.repeat(40)), ERRNO.ENOEXEC],
  ['another machine', elf => changed(elf, 18, 183), ERRNO.ENOEXEC],
  ['32 bits', elf => changed(elf, 4, 1), ERRNO.ENOEXEC],
  ['an object file', elf => changed(elf, 16, 1), ERRNO.ENOEXEC],
  ['a cut header table', elf => elf.subarray(0, 100), ERRNO.ENOEXEC],
  ['a wrong header size', elf => changed(elf, 54, 57), ERRNO.ENOEXEC],
]

function changed(elf: Buffer, at: number, value: number): Buffer {
  const copy = Buffer.from(elf)
  copy[at] = value
  return copy
}

test('what is no program is refused before anything is destroyed', () => {
  const { world } = testWorld()
  const elf = readFileSync('/bin/true')
  for (const [name, make, errno] of refused) {
    const answer = readImage(world, fileOf(world, make(elf), name), () => -ERRNO.ENOENT)
    assert.equal(answer, -errno, name)
  }
  const noInterpreter = readImage(world, fileOf(world, elf, 'true'), () => -ERRNO.ENOENT)
  assert.equal(noInterpreter, -ERRNO.ENOENT)
  const wrong = readImage(world, fileOf(world, elf, 'true'), () => fileOf(world, bytes('text'), 'ld'))
  assert.equal(wrong, -ERRNO.ELIBBAD)
})
