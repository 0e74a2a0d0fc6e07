/**
 * The entries of the program in /proc. The ruleset is made by another process, whose own entries
 * must not be granted instead.
 */
import assert from 'node:assert/strict'
import { readlinkSync, symlinkSync } from 'node:fs'
import { constants } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { close } from '#glassbox/gate/descriptors.js'
import { landlock } from '#glassbox/landlock/abi.js'
import { makeRuleset } from '#glassbox/landlock/ruleset.js'
import type { LandlockSpec } from '#glassbox/landlock/types.js'
import { temporaryDirectory } from '../support/temporary.js'
import { errnos, rule, specOf } from './support/walled.js'

const { EACCES } = constants.errno
const skip = 'abi' in landlock() ? false : 'needs Landlock'

const pathsIn = (spec: LandlockSpec): string[] => {
  const { fd, own } = makeRuleset(spec)
  close(fd)
  return own.map(({ path }) => path)
}

test('a rule about /proc/self is about the program', { skip }, context => {
  const calls = [
    'read,/proc/self/status',
    'list,/proc/self/task',
    'read,/proc/thread-self/stat',
    `read,/proc/${process.pid}/status`,
    `list,/proc/${process.pid}/task`,
    'read,/proc/uptime',
  ]
  const spec = specOf([rule('r', 'tree', '/proc/self')])
  assert.deepEqual(pathsIn(spec), ['/proc/self'])
  assert.deepEqual(errnos(context, { spec }, calls), [0, 0, 0, EACCES, EACCES, EACCES])
  assert.deepEqual(
    errnos(context, { spec: specOf([]) }, calls),
    calls.map(() => EACCES),
  )
  assert.deepEqual(
    errnos(context, {}, calls),
    calls.map(() => 0),
    'the control',
  )
})

test('so is a rule about a link to it', { skip }, context => {
  const directory = temporaryDirectory(context)
  const link = join(directory, 'mounts')
  symlinkSync('/proc/self/mounts', link)
  symlinkSync('/proc/self/fd', join(directory, 'fd'))
  const spec = specOf([rule('r', 'exact', link), rule('l', 'tree', join(directory, 'fd'))])
  assert.deepEqual(pathsIn(spec), ['/proc/self/mounts', '/proc/self/fd'])
  const calls = [
    `read,${link}`,
    'list,/proc/self/fd',
    `list,/proc/${process.pid}/fd`,
    `read,/proc/${process.pid}/mounts`,
  ]
  assert.deepEqual(errnos(context, { spec }, calls), [0, 0, EACCES, EACCES])
})

test('magic links, missing entries and wildcards there grant nothing', { skip }, context => {
  const patterns = [
    rule('rx', 'exact', '/proc/self/exe'),
    rule('rwx', 'tree', '/proc/self/cwd'),
    rule('rwx', 'tree', '/proc/self/root'),
    rule('rw', 'exact', '/proc/self/fd/0'),
    rule('r', 'exact', '/proc/self/no-such-entry'),
    rule('r', 'glob', '/proc/self/s*'),
    rule('r', 'exact', `/proc/${process.pid}/exe`),
  ]
  const spec = specOf(patterns)
  assert.deepEqual(pathsIn(spec), [])
  const node = readlinkSync('/proc/self/exe')
  const calls = [`read,${node}`, 'list,/', 'read,/proc/self/status', 'read,/etc/passwd']
  const readable = node.startsWith('/usr/') ? 0 : EACCES
  assert.deepEqual(errnos(context, { spec }, calls), [readable, EACCES, EACCES, EACCES])
})
