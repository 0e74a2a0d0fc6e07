/** The grammar of sets of system calls. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { allSyscalls } from '#glassbox/linux/syscalls.js'
import { contains } from '#glassbox/strace/select/call-set.js'
import { callSet } from '#glassbox/strace/select/set.js'
import { signalSet, wordSet } from '#glassbox/strace/select/sets.js'
import { has } from '#glassbox/strace/options.js'

const names = (text: string): string[] => {
  const set = callSet(text)
  return allSyscalls()
    .filter(({ nr }) => contains(set, 'x86_64', nr))
    .map(({ name }) => name)
}
const refuses = (text: string, message: string): void => assert.throws(() => callSet(text), { message }, text)

test('names, numbers, lists, empty items', () => {
  assert.deepEqual(names('brk'), ['brk'])
  assert.deepEqual(names('12'), ['brk'])
  assert.deepEqual(names('brk,read,3'), ['read', 'close', 'brk'])
  assert.deepEqual(names(',brk,'), ['brk'])
})

test('all, none, and each inverted', () => {
  assert.equal(names('all').length, allSyscalls().length)
  assert.equal(names('!none').length, allSyscalls().length)
  assert.deepEqual(names('none'), [])
  assert.deepEqual(names('!all'), [])
})

test('each ! inverts', () => {
  assert.equal(names('!brk').length, allSyscalls().length - 1)
  assert.deepEqual(names('!!brk'), ['brk'])
  assert.deepEqual(names('!!!all'), [])
})

test('? lets an unknown name be', () => {
  assert.deepEqual(names('?nosuch,brk'), ['brk'])
  assert.deepEqual(names('?nosuch'), [])
  refuses('nosuch', "invalid system call 'nosuch'")
  refuses('brk,nosuch', "invalid system call 'nosuch'")
})

test('regular expressions match anywhere in the name', () => {
  assert.deepEqual(names('/^br'), ['brk'])
  assert.deepEqual(names('/^(dup|dup2)$'), ['dup', 'dup2'])
  assert.ok(names('/open').includes('openat2'))
  refuses('/nosuch', "invalid system call '/nosuch'")
  assert.throws(() => callSet('/('), /^GlassboxError: regcomp: \(: /)
})

test('classes, with and without %', () => {
  assert.deepEqual(names('%pure'), [
    ...['getpid', 'getuid', 'getgid', 'geteuid', 'getegid', 'getppid', 'getpgrp', 'gettid'],
  ])
  assert.deepEqual(names('%stat'), ['stat'])
  assert.deepEqual(names('%fstatfs'), ['fstatfs'])
  assert.deepEqual(names('%statfs'), ['statfs'])
  assert.ok(['stat', 'lstat', 'fstat', 'newfstatat', 'statx'].every(name => names('%%stat').includes(name)))
  assert.deepEqual(names('%%statfs').toSorted(), ['fstatfs', 'statfs', 'ustat'])
  assert.deepEqual(names('%net'), names('%network'))
  assert.deepEqual(names('file'), names('%file'))
  refuses('%nosuch', "invalid system call '%nosuch'")
  // Only the old classes have names without a percent sign.
  refuses('pure', "invalid system call 'pure'")
})

test('a suffix says through which face of the kernel', () => {
  const set = callSet('brk@64')
  assert.deepEqual(
    [contains(set, 'x86_64', 12), contains(set, 'i386', 45), contains(set, 'x32', 12)],
    [true, false, false],
  )
  const narrow = callSet('brk@32')
  assert.deepEqual(
    [contains(narrow, 'i386', 45), contains(narrow, 'i386', 12), contains(narrow, 'x86_64', 12)],
    [true, false, false],
  )
  assert.equal(contains(callSet('mmap2@32'), 'i386', 192), true)
  assert.equal(contains(callSet('brk@x32'), 'x32', 12), true)
  assert.equal(contains(callSet('brk@32'), 'x86_64', 12), false)
})

test('numbers that stand for no call belong to all and to what is inverted', () => {
  assert.equal(contains(callSet('all'), 'x86_64', 1000), true)
  assert.equal(contains(callSet('!brk'), 'x86_64', 1000), true)
  assert.equal(contains(callSet('brk'), 'x86_64', 1000), false)
})

test('inverting a set twice gives the set', () => {
  const some = fc.subarray(
    allSyscalls().map(({ name }) => name),
    { minLength: 1, maxLength: 20 },
  )
  fc.assert(
    fc.property(some, list => {
      const text = list.join(',')
      assert.deepEqual(names(`!!${text}`), names(text))
      const inverted = new Set(names(`!${text}`))
      assert.ok(names(text).every(name => !inverted.has(name)))
      assert.equal(inverted.size + names(text).length, allSyscalls().length)
    }),
  )
})

test('signals by name in any case, with and without SIG, and by number', () => {
  for (const text of ['USR1', 'SIGUSR1', 'usr1', '10']) assert.deepEqual(signalSet(text).numbers, [10], text)
  assert.equal(has(signalSet('!USR1'), 10), false)
  assert.equal(has(signalSet('!USR1'), 12), true)
  assert.equal(has(signalSet('all'), 64), true)
  assert.equal(has(signalSet('none'), 1), false)
  assert.throws(() => signalSet('256'), { message: "invalid signal '256'" })
})

test('sets of words', () => {
  const words = ['a', 'b', 'c'] as const
  assert.deepEqual(wordSet('b,a', 'thing', words), ['a', 'b'])
  assert.deepEqual(wordSet('!b', 'thing', words), ['a', 'c'])
  assert.deepEqual(wordSet('all', 'thing', words), words)
  assert.throws(() => wordSet('a,all', 'thing', words), { message: "invalid thing 'all'" })
})
