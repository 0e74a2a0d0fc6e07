/**
 * System V IPC and POSIX message queues in the kernel: each program prints what its calls answer,
 * errno for errno, and must print the same natively, as a user without privilege. The programs
 * remove what they make.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { openBox } from '#glassbox/index.js'
import { program } from '../../support/programs.js'

const NOBODY = 65_534

const PROGRAMS: readonly (readonly [name: string, about: string])[] = [
  ['memory', 'keys, attaching in all forms, forks and execve, removal while attached, rights'],
  ['semaphores', 'all or nothing, waiting, times, SEM_UNDO, removal, four processes at one lock'],
  ['messages', 'types, copies, full queues, waiting, removal, a hundred messages there and back'],
  ['queues', 'of POSIX: names, priorities, times, waiting, polling, notices, limits'],
]

/** The limits of the kernel runner: those that Linux begins with, and some hosts change. */
const LIMITS = {
  'kernel/msgmax': '8192',
  'kernel/msgmnb': '16384',
  'kernel/sem': '32000 1024000000 500 32000',
  'fs/mqueue/msg_max': '10',
  'fs/mqueue/msgsize_max': '8192',
  'fs/mqueue/queues_max': '256',
}

function limitOfHost(name: string): string {
  try {
    return readFileSync(`/proc/sys/${name}`, 'latin1').trim().replaceAll(/\s+/g, ' ')
  } catch {
    return 'none'
  }
}

/** Why the host answers otherwise: it has no IPC, or other limits. */
const skip =
  Object.entries(LIMITS).some(([name, limit]) => limitOfHost(name) !== limit) &&
  'the host has no System V IPC or POSIX queues, or other limits of them'

const path = (name: string): string => program(`kernel/ipc-${name}`)

/** What it prints without a box. */
function natively(name: string): string {
  const user = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {}
  const { stdout, status } = spawnSync(path(name), {
    ...user,
    cwd: '/tmp',
    encoding: 'utf8',
    timeout: 30_000,
  })
  assert.equal(status, 0, `${name} ends natively`)
  return stdout
}

describe('IPC in the kernel', { skip }, () => {
  let box: Awaited<ReturnType<typeof openBox>>

  before(async () => {
    const [directory] = new Set(PROGRAMS.map(([name]) => dirname(path(name))))
    assert.ok(directory !== undefined)
    box = await openBox({ runner: 'kernel', binds: [{ source: directory }] })
  })
  after(() => box.close())

  for (const [name, about] of PROGRAMS) {
    test(`${name}: ${about}, as natively`, async () => {
      const expected = natively(name)
      const { stdout, exitCode, stderr } = await box.run(path(name), [], { limits: { wallTimeMs: 60_000 } })
      assert.equal(stdout, expected, stderr)
      assert.equal(exitCode, 0)
    })
  }
})
