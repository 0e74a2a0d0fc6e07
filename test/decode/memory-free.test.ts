/**
 * Calls that are said to need nothing but registers: a memory that fails whoever asks it is the
 * proof.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { entryText, exitText } from '#glassbox/decode/decode.js'
import { isMemoryFree } from '#glassbox/decode/memory-free.js'
import { entryValues, exitValues } from '#glassbox/decode/values.js'
import { allSyscalls, syscallNumber } from '#glassbox/linux/syscalls.js'

const nobody = {
  read(): never {
    throw new Error('memory was read')
  },
}
const free = allSyscalls().filter(({ nr }) => isMemoryFree(nr))
const ARGUMENTS = [0n, 1n, 2n, 0x7ffc_0000_1000n, 2n ** 64n - 1n]
const OUTCOMES = [
  { value: 0n, failed: false },
  { value: 0x7f00_0000_0000n, failed: false },
  { value: -9n, failed: true },
]

test('simple calls are among them, calls with pointers and those with commands are not', () => {
  const has = (name: string): boolean => isMemoryFree(syscallNumber(name))
  for (const name of ['getppid', 'close', 'lseek', 'mmap', 'munmap', 'brk', 'exit_group', 'dup2'])
    assert.ok(has(name), name)
  for (const name of [
    'read',
    'openat',
    'fstat',
    'fcntl',
    'ioctl',
    'wait4',
    'rt_sigreturn',
    'execve',
    'prctl',
  ])
    assert.ok(!has(name), name)
  assert.ok(!isMemoryFree(1000))
})

test('they are decoded without the memory of the program', () => {
  assert.ok(free.length > 100)
  for (const { name, nr } of free) {
    for (const value of ARGUMENTS) {
      const call = { nr, args: Array.from({ length: 6 }, () => value) }
      for (const outcome of OUTCOMES) {
        const decode = (): void => {
          exitText(call, entryText(call, nobody), outcome, nobody, { full: true })
          exitValues(call, entryValues(call, nobody), outcome, nobody)
        }
        assert.doesNotThrow(decode, name)
      }
    }
  }
})
