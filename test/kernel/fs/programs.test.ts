/**
 * Programs about files in the kernel: each prints what every call answered, and must print the
 * same natively, errno for errno. Both run on a tmpfs, as a user without privilege.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chownSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { openBox } from '#glassbox/index.js'
import { program } from '../../support/programs.js'

const NOBODY = 65_534

const PROGRAMS: readonly (readonly [name: string, about: string])[] = [
  ['paths', 'walking, links, removing, renaming, permissions, descriptors of directories'],
  ['contents', 'reading, writing, holes, times, names, copies, attributes, memfd, mappings'],
  ['waiting', 'pipes, FIFOs, poll, select, epoll, eventfd, locks, descriptors, sockets'],
  ['sockets', 'of unix(7): options, addresses, waiting with a time, messages, ends'],
  ['tables', 'the room for descriptors, which select sees: how it grows, and what a child has'],
  ['removed', 'open files without their name, and what is left of a call without a free descriptor'],
  ['watches', 'inotify: what each operation tells, in which order'],
  ['terminal', 'pseudo terminals from both sides, job control, hang-ups'],
  ['packets', 'packet mode, struct termio, typing by TIOCSTI'],
]

/** Linux can be told to refuse TIOCSTI: 0 there. Before Linux 6.2 it could not. */
function refusesTyping(): boolean {
  try {
    return readFileSync('/proc/sys/dev/tty/legacy_tiocsti', 'latin1').trim() === '0'
  } catch {
    return false
  }
}

/** Why the host answers otherwise. */
const SKIPPED: Readonly<Record<string, string>> = refusesTyping()
  ? { packets: 'the host refuses TIOCSTI: dev.tty.legacy_tiocsti' }
  : {}

const path = (name: string): string => program(`kernel/file-${name}`)

/** What it prints without a box, below a directory. */
function natively(name: string, below = '/dev/shm'): string {
  const cwd = mkdtempSync(`${below}/glassbox-files-`)
  try {
    const isRoot = process.getuid?.() === 0
    if (isRoot) chownSync(cwd, NOBODY, NOBODY)
    const user = isRoot ? { uid: NOBODY, gid: NOBODY } : {}
    const { stdout, status } = spawnSync(path(name), {
      ...user,
      cwd,
      encoding: 'utf8',
      timeout: 30_000,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    assert.equal(status, 0, `${name} ends natively`)
    return stdout
  } finally {
    rmSync(cwd, { recursive: true, force: true })
  }
}

/** Lines that differ, each way: a whole report would hide them. */
function differences(actual: string, expected: string): string[] {
  const lines = actual.split('\n')
  const wanted = expected.split('\n')
  return Array.from({ length: Math.max(lines.length, wanted.length) }, (_, at) => [lines[at], wanted[at]])
    .filter(([line, want]) => line !== want)
    .map(([line, want]) => `${line ?? 'nothing'}, natively ${want ?? 'nothing'}`)
}

describe('files of the kernel', () => {
  let box: Awaited<ReturnType<typeof openBox>>

  before(async () => {
    const [directory] = new Set(PROGRAMS.map(([name]) => dirname(path(name))))
    assert.ok(directory !== undefined)
    box = await openBox({ runner: 'kernel', binds: [{ source: directory }] })
  })
  after(() => box.close())

  for (const [name, about] of PROGRAMS) {
    test(`${name}: ${about}, as natively`, { skip: SKIPPED[name] ?? false }, async () => {
      const expected = natively(name)
      const line = `mkdir /tmp/${name} && cd /tmp/${name} && exec ${path(name)}`
      const limits = { wallTimeMs: 60_000 }
      const { stdout, exitCode, stderr } = await box.run('/bin/sh', ['-c', line], { limits })
      assert.deepEqual(differences(stdout, expected), [], stderr)
      assert.equal(exitCode, 0)
    })
  }

  for (const name of ['removed', 'contents']) {
    test(`${name}: also in the working directory, whose files are those of the host`, async () => {
      const expected = natively(name, tmpdir())
      const line = `mkdir ${name} && cd ${name} && exec ${path(name)}`
      const { stdout, stderr } = await box.run('/bin/sh', ['-c', line])
      assert.deepEqual(differences(stdout, expected), [], stderr)
    })
  }
})
