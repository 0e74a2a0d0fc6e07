/** The table of calls that name files. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { allSyscalls, syscallByName } from '#glassbox/linux/syscalls.js'
import { CALL_CLASSES, NO_FILE_NAMES } from '#glassbox/supervisor/paths/call-classes.js'
import {
  allowsEmptyPath,
  descriptorOf,
  follows,
  type PathCall,
  pathArguments,
  pathCalls,
} from '#glassbox/supervisor/paths/path-calls.js'
import { PERFORMERS } from '#glassbox/supervisor/paths/perform/perform.js'

const callOf = (name: string): PathCall => {
  const call = pathCalls().get(syscallByName(name)?.nr ?? -1)
  assert.ok(call, name)
  return call
}

test('every call with a path has a class', () => {
  const without = allSyscalls()
    .filter(call => pathArguments(call).length > 0)
    .map(({ name }) => name)
    .filter(name => !CALL_CLASSES.has(name) && !NO_FILE_NAMES.includes(name))
  assert.deepEqual(without, [])
})

test('every class is that of a call which exists and which names a file or makes a socket', () => {
  const odd = [...CALL_CLASSES.keys()].filter(name => {
    const call = syscallByName(name)
    const isSocket = name === 'socket' || name === 'socketpair'
    return !call || (!isSocket && callOf(name).paths.length === 0)
  })
  assert.deepEqual(odd, [])
})

test('the tracer can make exactly the calls of its class', () => {
  const tracer = [...CALL_CLASSES].filter(([, { maker }]) => maker === 'tracer').map(([name]) => name)
  assert.deepEqual(Object.keys(PERFORMERS).toSorted(), tracer.toSorted())
})

test('paths and their directories are found by their kinds', () => {
  const paths = (name: string): unknown => callOf(name).paths
  assert.deepEqual(paths('open'), [{ path: 0 }])
  assert.deepEqual(paths('openat'), [{ path: 1, dirfd: 0 }])
  assert.deepEqual(paths('rename'), [{ path: 0 }, { path: 1 }])
  assert.deepEqual(paths('renameat2'), [
    { path: 1, dirfd: 0 },
    { path: 3, dirfd: 2 },
  ])
  assert.deepEqual(paths('fchmod'), [{ dirfd: 0 }])
  assert.deepEqual(paths('fanotify_mark'), [{ path: 4, dirfd: 3 }])
})

test('D18: the path of symlinkat is its last argument, and its target is text', () => {
  assert.deepEqual(callOf('symlinkat').paths, [{ path: 2, dirfd: 1 }])
  assert.deepEqual(callOf('symlink').paths, [{ path: 1 }])
})

test('D2: a descriptor has 32 bits and a sign', () => {
  for (const value of [-100n, 0xffffff9cn, 0xffffffffffffff9cn, 0x12345678ffffff9cn])
    assert.equal(descriptorOf([value], 0), -100)
  assert.equal(descriptorOf([0x100000003n], 0), 3)
})

const O_CREAT_EXCL = 0o300n
const FOLLOWS: readonly (readonly [name: string, args: readonly bigint[], expected: boolean])[] = [
  ['stat', [], true],
  ['lstat', [], false],
  ['newfstatat', [0n, 0n, 0n, 0n], true],
  ['newfstatat', [0n, 0n, 0n, 0x100n], false],
  ['newfstatat', [0n, 0n, 0n, 0x100000100n], false],
  ['statx', [0n, 0n, 0x100n], false],
  ['open', [0n, 0o400000n], false],
  ['open', [0n, O_CREAT_EXCL], false],
  ['openat', [0n, 0n, 0o100n], true],
  ['linkat', [0n, 0n, 0n, 0n, 0n], false],
  ['linkat', [0n, 0n, 0n, 0n, 0x400n], true],
  ['unlinkat', [0n, 0n, 0x200n], false],
  ['fchmodat', [0n, 0n, 0x1ffn, 0x100n], true],
  ['fchmodat2', [0n, 0n, 0x1ffn, 0x100n], false],
  ['setxattrat', [0n, 0n, 0x100n], false],
  ['execveat', [0n, 0n, 0n, 0n, 0x100n], false],
]

for (const [name, args, expected] of FOLLOWS)
  test(`${name}(${args.map(arg => `0x${arg.toString(16)}`).join(', ')}) ${expected ? 'follows' : 'takes'} a link`, () =>
    assert.equal(follows(callOf(name), args), expected))

test('D3: AT_EMPTY_PATH makes the call one on a descriptor', () => {
  assert.equal(allowsEmptyPath(callOf('newfstatat'), [3n, 0n, 0n, 0x1000n]), true)
  assert.equal(allowsEmptyPath(callOf('newfstatat'), [3n, 0n, 0n, 0n]), false)
  assert.equal(allowsEmptyPath(callOf('fchmodat'), [3n, 0n, 0n, 0x1000n]), false)
})
