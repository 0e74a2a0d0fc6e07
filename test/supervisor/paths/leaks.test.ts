/** Decisions leave no descriptor open, whatever they end with. */
import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { syscallNumber } from '#glassbox/linux/syscalls.js'
import type { StoppedCall } from '#glassbox/supervisor/decision.js'
import { PathDecider } from '#glassbox/supervisor/paths/decide-call.js'
import { judgeOf } from '#glassbox/supervisor/paths/rule-names.js'
import { temporaryDirectory } from '../../support/temporary.js'
import { pathRule as rule } from '../../support/path-rule.js'
import { BASE } from '../support/decided.js'

/** For a measurement: GLASSBOX_DECISIONS=100000. */
const TIMES = Number(process.env['GLASSBOX_DECISIONS'] ?? 20_000)
const START = 65_536n

/** A call of this process, whose memory is a buffer that begins at START. */
function stopped(memory: Buffer, name: string, args: readonly bigint[], isMember: boolean): StoppedCall {
  return {
    tid: process.pid,
    pid: process.pid,
    nr: syscallNumber(name),
    args: [...args, 0n, 0n, 0n, 0n, 0n, 0n].slice(0, 6),
    read: (address, length) =>
      address < START
        ? memory.subarray(0, 0)
        : memory.subarray(Number(address - START), Number(address - START) + length),
    write: address => (address < START ? 14 : 0),
    isMember: () => isMember,
  }
}

test('no descriptor is left after thousands of decisions of all kinds', context => {
  const top = temporaryDirectory(context)
  mkdirSync(`${top}/way`)
  writeFileSync(`${top}/way/file`, '')
  symlinkSync('loop', `${top}/loop`)
  symlinkSync('/proc/self/cwd', `${top}/cwd`)
  const paths = [
    ...[
      `${top}/way/file`,
      `${top}/way/none`,
      `${top}/loop`,
      `${top}/none/none`,
      `${top}/way/file/`,
      `${top}/cwd/x`,
    ],
    ...[
      '/etc/shadow',
      '/proc/self',
      '/proc/self/fd/0',
      '/proc/1/status',
      '/proc/self/fd/none',
      'way',
      '',
      '.',
      '..',
    ],
    'x'.repeat(5000),
  ]
  const memory = Buffer.alloc(64_000)
  const addresses = paths.map((path, index) => {
    memory.write(`${path}\0`, index * 512)
    return START + BigInt(index * 512)
  })
  const calls = [...addresses, 8n].flatMap(address =>
    [true, false].flatMap(isMember => [
      stopped(memory, 'open', [address, 0n], isMember),
      stopped(memory, 'openat', [99n, address, 0n], isMember),
      stopped(memory, 'stat', [address, START + 60_000n], isMember),
      stopped(memory, 'stat', [address, 8n], isMember),
      stopped(memory, 'newfstatat', [0n, address, START + 60_000n, 0x1000n], isMember),
      stopped(memory, 'readlink', [address, START + 60_000n, 100n], isMember),
      stopped(memory, 'utimensat', [0n, address, 8n, 0n], isMember),
      stopped(memory, 'rename', [address, START], isMember),
      stopped(memory, 'inotify_add_watch', [0n, address, 1n], isMember),
      stopped(memory, 'chroot', [address], isMember),
      stopped(memory, 'fsetxattr', [1n, address, START, 0n, 0n], isMember),
    ]),
  )
  const deciders = [true, false].map(
    statAll => new PathDecider({ judge: judgeOf([...BASE, rule('read', top), rule('stat', '/')]), statAll }),
  )
  const kinds = new Set(deciders.flatMap(decider => calls.map(call => decider.decide(call).kind)))
  assert.deepEqual([...kinds].toSorted(), ['allow', 'deny', 'done'])
  const before = readdirSync('/proc/self/fd').length
  for (let done = 0; done < TIMES; )
    for (const decider of deciders)
      for (const call of calls) {
        decider.decide(call)
        done++
      }
  assert.equal(readdirSync('/proc/self/fd').length, before)
})
