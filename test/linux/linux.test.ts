/** The tables of facts agree with the kernel's headers and with themselves. */
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { kindOf } from '#glassbox/decode/kinds.js'
import * as constants from '#glassbox/linux/constants.js'
import { ERRNO, errnoMessage, errnoName, errnoNumber } from '#glassbox/linux/errno.js'
import { constantSet } from '#glassbox/linux/flags.js'
import { signalName, signalNumber } from '#glassbox/linux/signals.js'
import { isStructName, layoutOf } from '#glassbox/linux/schema/layouts.js'
import { LAYOUTS } from '#glassbox/linux/generated/layouts.js'
import { shapeOf } from '#glassbox/linux/shapes.js'
import { allSyscalls, syscallByName, syscallByNumber, syscallNumber } from '#glassbox/linux/syscalls.js'

const header = ['/usr/include/x86_64-linux-gnu/asm/unistd_64.h', '/usr/include/asm/unistd_64.h'].find(path =>
  existsSync(path),
)

test('numbers and names are unique, and those of the header', {
  skip: header ? false : 'asm/unistd_64.h (linux-libc-dev)',
}, () => {
  assert.equal(new Set(allSyscalls().map(({ nr }) => nr)).size, allSyscalls().length)
  assert.equal(new Set(allSyscalls().map(({ name }) => name)).size, allSyscalls().length)
  const known = [...readFileSync(header ?? '', 'utf8').matchAll(/^#define __NR_(\w+) (\d+)$/gm)]
  assert.ok(known.length > 300)
  for (const [, name = '', nr] of known) assert.equal(syscallByName(name)?.nr, Number(nr), name)
})

test('every kind of argument is one that the decoder knows', () => {
  for (const { name, args } of allSyscalls()) {
    assert.ok(args.length <= 6, name)
    for (const { name: arg, kind } of args) {
      const set = /^[|=](.*)/.exec(kind)?.[1]
      if (set !== undefined) assert.ok(constantSet(set), `${name}(${arg}: ${kind})`)
      if (kind !== 'none') assert.doesNotThrow(() => kindOf(kind), `${name}(${arg}: ${kind})`)
    }
  }
  assert.throws(() => kindOf('nonsense'), { code: 'ERR_GLASSBOX_INTERNAL' })
})

test('an unknown call has a suggestion', () => {
  assert.equal(syscallNumber('read'), 0)
  assert.equal(syscallByNumber(0)?.name, 'read')
  assert.throws(() => syscallNumber('opnat'), {
    code: 'ERR_GLASSBOX_INVALID_OPTION',
    hint: 'Did you mean openat?',
  })
})

test('errors and signals by name and by number', () => {
  assert.deepEqual(
    [ERRNO.ENOENT, errnoName(2), errnoNumber('ENOENT'), errnoMessage(2)],
    [2, 'ENOENT', 2, 'No such file or directory'],
  )
  assert.equal(errnoName(9999), 'ERRNO_9999')
  for (let number = 1; number <= 64; number++) assert.equal(signalNumber(signalName(number)), number)
  assert.deepEqual(
    [signalName(9), signalName(31), signalName(32), signalName(34)],
    ['SIGKILL', 'SIGSYS', 'SIGRTMIN', 'SIGRT_2'],
  )
})

test('constants that other parts stand on', () => {
  assert.equal(constants.CLONE_NEWUSER, 0x10000000)
  assert.equal(constants.CLONE_INTO_CGROUP, 2 ** 33)
  assert.equal(constants.AT_FDCWD, -100)
  assert.equal(constants.MOUNT_ATTR_RDONLY, 1)
})

/** Fields of one place under several names: an input and an answer, two halves of a byte. */
const SHARED = new Set(['hd_command', 'ebpf_instruction', 'rtc_param_get'])

test('fields of structs lie inside them and do not overlap', () => {
  for (const name of Object.keys(LAYOUTS)) {
    const { size = 0, fields = [] } = shapeOf(name) ?? {}
    // A field that others select may share its place with another.
    if (isStructName(name) && layoutOf(name).fields.some(({ when }) => when !== undefined)) continue
    if (SHARED.has(name)) continue
    let end = 0
    // They stand in the order in which they are shown.
    for (const { offset, size: length } of fields.toSorted((a, b) => a.offset - b.offset)) {
      assert.ok(offset >= end && offset + length <= size, name)
      end = offset + length
    }
  }
})
