/**
 * What each way to use a file grants and what it does not, by the real kernel: each call is made
 * behind a wall that grants it, behind one that does not, and without a wall (the control).
 */
import assert from 'node:assert/strict'
import { copyFileSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { constants } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { landlock } from '#glassbox/landlock/abi.js'
import { refusalsFor } from '#glassbox/landlock/rights.js'
import { temporaryDirectory } from '../support/temporary.js'
import { errnos, rule, specOf } from './support/walled.js'

const { EACCES, EXDEV, ENOTTY, EPERM } = constants.errno
const found = landlock()
const abi = 'abi' in found ? found.abi : 0
const needs = (wanted: number): false | string => abi < wanted && `needs Landlock ABI ${wanted}`

/** A call for `paths` on files of a directory, and the ways of a tree that allow it. */
interface Case {
  readonly call: string
  readonly allowedBy: string
  /** The error if it is not allowed. */
  readonly refused?: number
}

const CASES: readonly Case[] = [
  { call: 'read,@/file', allowedBy: 'rwx' },
  { call: 'list,@', allowedBy: 'rwxl' },
  { call: 'list,@/below', allowedBy: 'rwxl' },
  { call: 'read,@/below/file', allowedBy: 'rwx' },
  { call: 'write,@/file', allowedBy: 'w' },
  { call: 'both,@/file', allowedBy: 'w' },
  { call: 'write-truncate,@/file', allowedBy: 'w' },
  { call: 'truncate,@/truncated', allowedBy: 'w' },
  { call: 'read-truncate,@/truncated', allowedBy: 'w' },
  { call: 'ask-truncate,@/truncated', allowedBy: 'w' },
  { call: 'create,@/new', allowedBy: 'w' },
  { call: 'unnamed,@', allowedBy: 'w' },
  { call: 'mkdir,@/made', allowedBy: 'w' },
  { call: 'rmdir,@/empty', allowedBy: 'w' },
  { call: 'unlink,@/old', allowedBy: 'w' },
  { call: 'symlink,@/symlink', allowedBy: 'w' },
  { call: 'fifo,@/fifo', allowedBy: 'w' },
  { call: 'bind,@/socket', allowedBy: 'w' },
  { call: 'link,@/file,@/linked', allowedBy: 'w' },
  { call: 'rename,@/moved,@/renamed', allowedBy: 'w' },
  { call: 'link,@/below/file,@/linked-up', allowedBy: 'w' },
  { call: 'rename,@/below/moved,@/moved-up', allowedBy: 'w' },
  { call: 'exchange,@/left,@/below/right', allowedBy: 'w' },
  { call: 'execute,@/program', allowedBy: 'x' },
  { call: 'whiteout,@/device', allowedBy: '' },
  // Landlock does not cover these: see docs/policies.md.
  { call: 'path,@/file', allowedBy: 'rwxl-' },
  { call: 'stat,@/file', allowedBy: 'rwxl-' },
  { call: 'chdir,@/below', allowedBy: 'rwxl-' },
]

function makeFiles(context: TestContext): string {
  const directory = join(temporaryDirectory(context), 'files')
  for (const path of ['', 'below', 'empty']) mkdirSync(join(directory, path))
  const files = ['file', 'truncated', 'old', 'moved', 'left', 'below/file', 'below/moved', 'below/right']
  for (const file of files) writeFileSync(join(directory, file), 'contents')
  copyFileSync('/bin/true', join(directory, 'program'))
  return directory
}

const callsIn = (directory: string): string[] => CASES.map(({ call }) => call.replaceAll('@', directory))

test('without a wall, every call works', { skip: needs(1) }, context => {
  const results = errnos(context, {}, callsIn(makeFiles(context)))
  assert.deepEqual(
    CASES.map(({ call }, index) => [call, results[index]]),
    CASES.map(({ call }) => [call, 0]),
  )
})

for (const way of ['r', 'w', 'x', 'l', '-']) {
  test(`below a tree that is granted "${way}", the kernel makes those calls and no other`, {
    skip: needs(3),
  }, context => {
    const directory = makeFiles(context)
    const rules = way === '-' ? [] : [rule(way, 'tree', directory)]
    const results = errnos(context, { spec: specOf(rules) }, callsIn(directory))
    assert.deepEqual(
      CASES.map(({ call }, index) => [call, results[index]]),
      CASES.map(({ call, allowedBy, refused }) => [call, allowedBy.includes(way) ? 0 : (refused ?? EACCES)]),
    )
  })
}

test('a rule on a file grants this file only, and its removal to nobody', { skip: needs(3) }, context => {
  const directory = makeFiles(context)
  const calls = ['read,@/file', 'write,@/file', 'truncate,@/file', 'execute,@/program', 'read,@/program']
  const others = ['read,@/moved', 'list,@', 'unlink,@/file', 'create,@/new', 'rename,@/file,@/other']
  const run = (ways: string): number[] => {
    const rules = [rule(ways, 'exact', `${directory}/file`), rule('x', 'exact', `${directory}/program`)]
    const all = [...calls, ...others].map(call => call.replaceAll('@', directory))
    return errnos(context, { spec: specOf(rules) }, all)
  }
  const refused = others.map(() => EACCES)
  assert.deepEqual(run('r'), [0, EACCES, EACCES, 0, 0, ...refused])
  assert.deepEqual(run('w'), [0, 0, 0, 0, 0, ...refused])
})

test('an exact rule on a directory grants nothing in it', { skip: needs(1) }, context => {
  const directory = makeFiles(context)
  const calls = ['read,@/file', 'list,@', 'list,@/below', 'create,@/new'].map(call =>
    call.replaceAll('@', directory),
  )
  const refused = calls.map(() => EACCES)
  for (const ways of ['r', 'rwxl'])
    assert.deepEqual(
      errnos(context, { spec: specOf([rule(ways, 'exact', directory)]) }, calls),
      refused,
      ways,
    )
})

test('a program cannot move a file to where it would gain a right', { skip: needs(2) }, context => {
  const directory = makeFiles(context)
  const spec = specOf([rule('w', 'tree', directory), rule('x', 'tree', `${directory}/below`)])
  const calls = [
    `rename,${directory}/program,${directory}/below/program`,
    `rename,${directory}/below/file,${directory}/up`,
  ]
  assert.deepEqual(errnos(context, { spec }, calls), [EXDEV, 0])
  assert.deepEqual(errnos(context, {}, [calls[0] ?? '']), [0], 'the control')
})

test('a device that may only be read answers no request', { skip: needs(5) }, context => {
  const run = (ways: string, asAbi: number): number[] =>
    errnos(context, { spec: specOf([rule(ways, 'exact', '/dev/zero')], { abi: asAbi }) }, ['ioctl,/dev/zero'])
  assert.deepEqual(errnos(context, {}, ['ioctl,/dev/zero']), [ENOTTY], 'the control')
  assert.deepEqual(run('r', abi), [EACCES])
  assert.deepEqual(run('w', abi), [ENOTTY])
  assert.deepEqual(run('r', 4), [ENOTTY], 'ABI 4 has no such right')
})

test('before ABI 3, the filter refuses what would empty a file that may only be read', {
  skip: needs(3),
}, context => {
  const directory = makeFiles(context)
  const calls = [
    'truncate,@/truncated',
    'read-truncate,@/truncated',
    'ask-truncate,@/truncated',
    'read,@/file',
  ]
  const all = calls.map(call => call.replaceAll('@', directory))
  for (const old of [1, 2]) {
    const spec = specOf([rule('r', 'tree', directory)], { abi: old })
    assert.deepEqual(errnos(context, { spec }, all), [0, 0, 0, 0], 'the control: the wall alone')
    writeFileSync(join(directory, 'file'), 'contents')
    const refusals = refusalsFor(old)
    assert.deepEqual(errnos(context, { spec, refusals }, all), [EACCES, EACCES, EACCES, 0], `ABI ${old}`)
    const writable = { spec: specOf([rule('w', 'tree', directory)], { abi: old }), refusals }
    const written = ['write-truncate,@/file', 'create,@/new', 'unlink,@/new'].map(call =>
      call.replaceAll('@', directory),
    )
    assert.deepEqual(errnos(context, writable, written), [0, 0, 0], 'what may be written, may be emptied')
  }
  assert.deepEqual(refusalsFor(3), [])
})

test('in ABI 1, no file changes its directory', { skip: needs(2) }, context => {
  const directory = makeFiles(context)
  const calls = [
    `rename,${directory}/moved,${directory}/below/moved-down`,
    `rename,${directory}/moved,${directory}/x`,
  ]
  const spec = specOf([rule('w', 'tree', directory)], { abi: 1 })
  assert.deepEqual(errnos(context, { spec }, calls), [EXDEV, 0])
})

test('signals and abstract sockets stay inside from ABI 6 on, if asked for', {
  skip: needs(6),
}, async context => {
  const name = `glassbox-${process.pid}`
  const server = createServer().listen(`\0${name}`)
  await once(server, 'listening')
  try {
    const calls = [`signal,${process.pid}`, `connect,@${name}`]
    const run = (scopes: boolean, asAbi = abi): number[] =>
      errnos(context, { spec: specOf([], { scopes, abi: asAbi }) }, calls)
    assert.deepEqual(run(false), [0, 0], 'the control')
    assert.deepEqual(run(true, 5), [0, 0], 'ABI 5 has no scopes')
    assert.deepEqual(run(true), [EPERM, EPERM])
  } finally {
    server.close()
  }
})

test('an inherited file stays open, but is not opened again by its number', { skip: needs(1) }, context => {
  const secret = join(makeFiles(context), 'file')
  const aliases = ['read,/proc/self/fd/0', 'read,/dev/stdin', 'read,/dev/fd/0', 'read,/proc/thread-self/fd/0']
  const behind = { stdin: secret, spec: specOf([rule('rl', 'tree', '/proc'), rule('rl', 'tree', '/dev')]) }
  assert.deepEqual(errnos(context, behind, [...aliases, 'inherited,-']), [...aliases.map(() => EACCES), 0])
  assert.deepEqual(
    errnos(context, { stdin: secret }, aliases),
    aliases.map(() => 0),
    'the control',
  )
})

test('aliases of a file are the file', { skip: needs(1) }, context => {
  const directory = makeFiles(context)
  const parent = join(directory, '..')
  writeFileSync(join(parent, 'secret'), 'secret')
  symlinkSync(join(parent, 'secret'), join(directory, 'link'))
  const aliases = [
    `read,${parent}/secret`,
    'read,../secret',
    'read,/proc/self/cwd/../secret',
    `read,/proc/self/root${parent}/secret`,
    'read,/proc/thread-self/cwd/../secret',
    `read,/proc/self/root/proc/self/root${parent}/secret`,
    `read,${directory}/link`,
    'read,link',
    `read,${directory}/../secret`,
    `read,/proc/${process.pid}/root${parent}/secret`,
  ]
  const granted = ['read,file', 'read,/proc/self/cwd/file', `read,/proc/self/root${directory}/file`]
  const spec = specOf([rule('r', 'tree', directory), rule('r', 'tree', '/proc')])
  const results = errnos(context, { spec, cwd: directory }, [...aliases, ...granted])
  assert.deepEqual(results.slice(aliases.length), [0, 0, 0])
  for (const [index, alias] of aliases.entries())
    assert.ok([EACCES, constants.errno.ENOENT].includes(results[index] ?? 0), `${alias}: ${results[index]}`)
  const control = errnos(context, { cwd: directory }, aliases)
  assert.deepEqual(
    control,
    aliases.map(() => 0),
    'the control',
  )
})
