/** TypeScript objects as file systems, with answers that are given by the test. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  ObjectClient,
  type ObjectAnswer,
  type ObjectRequest,
  served,
} from '#glassbox/kernel/fs/object/answers.js'
import { BLOCKED } from '#glassbox/kernel/wait/blocking.js'
import { waitForAnswers } from '#glassbox/kernel/world/answers.js'
import { O_CREAT, O_RDWR, O_WRONLY } from '#glassbox/linux/constants.js'
import { EACCES, EIO, EMFILE } from '#glassbox/linux/errno-numbers.js'
import { BUFFER, FileTask, ownCredentials } from '../../support/kernel/file-task.js'

const AT_CWD = -100
const file = (name: string) => ({ name, directory: false, size: 0, mtimeMs: 0 })

class Line {
  readonly asked: (ObjectRequest & { readonly id: number })[] = []
  readonly client = new ObjectClient((id, request) => void this.asked.push({ id, ...request }))
  readonly task = new FileTask(
    { objects: [{ target: '/world', writable: true, stats: false }] },
    ownCredentials(),
    this.client,
  )

  /** Makes a call as the dispatcher does. */
  call(name: string, ...args: (number | string)[]): number {
    served.call = undefined
    const again = (): number => this.task.call(name, ...args)
    const first = again()
    const { call } = served
    return call ? waitForAnswers(this.task.task, call, first, again) : first
  }

  /** Answers the oldest request, and looks what the waiting call says now. */
  answer(answer: ObjectAnswer): number {
    const request = this.asked.shift()
    assert.ok(request, 'something was asked for')
    this.client.receive(request.id, answer)
    return this.task.wait?.retry() ?? 0
  }

  operations(): string[] {
    return this.asked.map(({ operation, path }) => `${operation} ${path}`)
  }
}

test('opening waits for the name and then for the contents; reading does not wait', () => {
  const line = new Line()
  assert.equal(line.call('openat', AT_CWD, '/world/a', 0, 0), BLOCKED)
  assert.deepEqual(line.operations(), ['list /'])
  assert.equal(line.task.wait?.retry(), BLOCKED, 'no answer yet')
  assert.equal(line.answer({ error: 0, entries: [file('a')] }), BLOCKED)
  assert.deepEqual(line.operations(), ['read /a'], 'the name is not asked for again by the same call')
  const fd = line.answer({ error: 0, bytes: Buffer.from('abc') })
  assert.ok(fd >= 0 && fd !== EMFILE)
  assert.equal(line.call('read', fd, BUFFER, 10), 3)
  assert.equal(Buffer.from(line.task.memory.subarray(BUFFER, BUFFER + 3)).toString(), 'abc')
  assert.equal(line.call('close', fd), 0, 'nothing was changed, so nothing is handed over')
  assert.equal(line.client.outstanding, 0)
  assert.equal(line.call('openat', AT_CWD, '/world/a', 0, 0), BLOCKED, 'the next call asks again')
})

test('an errno of an answer is that of the call, and several calls wait at a time', () => {
  const line = new Line()
  assert.equal(line.call('openat', AT_CWD, '/world/a', 0, 0), BLOCKED)
  const first = line.task.wait
  assert.equal(line.call('openat', AT_CWD, '/world/b', 0, 0), BLOCKED)
  assert.equal(line.client.outstanding, 2)
  const [, second] = line.asked
  line.client.receive(second?.id ?? 0, { error: EACCES })
  assert.equal(line.task.wait?.retry(), -EACCES)
  assert.equal(first?.retry(), BLOCKED)
})

for (const [error, result] of [
  [0, 0],
  [EIO, -EIO],
] as const)
  test(`closing a changed file waits until its contents are taken: ${error}`, () => {
    const line = new Line()
    line.call('openat', AT_CWD, '/world/new', O_RDWR | O_CREAT, 0o644)
    assert.equal(line.answer({ error: 0, entries: [] }), BLOCKED)
    assert.deepEqual(line.operations(), ['write /new'], 'making it is told')
    const fd = line.answer({ error: 0 })
    line.task.memory.set(Buffer.from('text'), BUFFER)
    assert.equal(line.call('write', fd, BUFFER, 4), 4)
    assert.equal(line.client.isHanding, false)
    assert.equal(line.call('close', fd), BLOCKED)
    assert.equal(Buffer.from(line.asked[0]?.bytes ?? []).toString(), 'text')
    assert.equal(line.client.isHanding, true, 'the world does not end before')
    assert.equal(line.task.wait?.interrupted?.(), 0, 'a signal does not make it close again')
    assert.equal(line.answer({ error }), result)
    assert.equal(line.client.isHanding, false)
  })

test('a file cannot become larger than 16 MiB', () => {
  const line = new Line()
  line.call('openat', AT_CWD, '/world/a', O_WRONLY, 0)
  line.answer({ error: 0, entries: [file('a')] })
  const fd = line.answer({ error: 0, bytes: new Uint8Array() })
  assert.equal(line.task.outcome('ftruncate', fd, 16 * 2 ** 20 + 1), 'EFBIG')
  assert.equal(line.task.outcome('pwrite64', fd, BUFFER, 1, 16 * 2 ** 20), 'EFBIG')
  assert.equal(line.task.outcome('pwrite64', fd, BUFFER, 8, 16 * 2 ** 20 - 4), 4)
})

test('after the end of a world late answers are dropped', () => {
  const line = new Line()
  line.call('openat', AT_CWD, '/world/a', 0, 0)
  line.client.end()
  assert.equal(line.answer({ error: 0, entries: [file('a')] }), BLOCKED)
  assert.equal(line.client.outstanding, 0)
})
