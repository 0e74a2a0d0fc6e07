/** Id maps: their text, the namespace that carries one, and which file systems take one. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { closeSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { makeCarrier, startWaiting } from '#glassbox/container/idmap/carrier.js'
import { mapsOf, swapMap } from '#glassbox/container/idmap/swap.js'
import { needsRoot } from '../support/hostile.js'
import { assertNothingLeft, surroundings } from '../support/left.js'

const LAST = 2 ** 32 - 2

/** What a map makes of an id of the host. */
function through(map: string, id: number): number | undefined {
  const lines = map.split('\n').map(line => line.split(' ').map(Number))
  const [from = 0, to = 0] = lines.find(([first = 0, , count = 0]) => id >= first && id < first + count) ?? []
  return lines.length === 0 ? undefined : to + (id - from)
}

for (const [one, other] of [
  [0, 0x70000001],
  [0x70000001, 0],
  [1000, 1001],
  [1, 2],
  [0, 1],
  [0, LAST],
  [5, LAST],
  [7, 7],
] as const)
  test(`the map of ${one} and ${other} exchanges them, and every other id is itself`, () => {
    const map = swapMap(one, other)
    assert.equal(through(map, one), other)
    assert.equal(through(map, other), one)
    for (const id of [0, 1, 2, 3, 4, 999, 1002, 65_534, 0x70000000, 0x70000002, LAST - 1, LAST])
      if (id !== one && id !== other) assert.equal(through(map, id), id)
    const counts = map.split('\n').map(line => Number(line.split(' ')[2]))
    const sum = counts.reduce((all, count) => all + count, 0)
    assert.equal(sum, LAST + 1, 'no id is in it twice')
    assert.ok(counts.length <= 5, 'the kernel keeps five lines without further memory')
  })

const MAPS = mapsOf({ uid: 0, gid: 0 }, { uid: 0x70000001, gid: 0x70000001 })

test('a carrier is a user namespace with that map, and its process is gone', {
  skip: needsRoot,
}, async () => {
  closeSync(makeCarrier(MAPS)) // the file of the launcher stays open
  const before = surroundings()
  const carrier = makeCarrier(MAPS)
  const script = 'cat /proc/self/uid_map'
  const { stdout } = spawnSync('nsenter', [`--user=/proc/${process.pid}/fd/${carrier}`, 'sh', '-c', script], {
    encoding: 'utf8',
  })
  closeSync(carrier)
  const lines = stdout
    .trim()
    .split('\n')
    .map(line => line.trim().split(/\s+/).join(' '))
  assert.equal(lines.join('\n'), MAPS.uids)
  await assertNothingLeft(before)
})

test('a carrier comes about even if its process is killed at once', { skip: needsRoot }, async () => {
  const before = surroundings()
  const carrier = makeCarrier(MAPS, socket => {
    const pid = startWaiting(socket)
    process.kill(pid, 'SIGKILL')
    while (!/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8')));
    return pid
  })
  closeSync(carrier)
  await assertNothingLeft(before)
})

test('a map that the kernel refuses is an error, and nothing is left', { skip: needsRoot }, async () => {
  const before = surroundings()
  const overlapping = { ...MAPS, uids: '0 0 2\n1 1 2' }
  assert.throws(() => makeCarrier(overlapping), { code: 'ERR_GLASSBOX_SYSTEM', errno: 22, syscall: 'write' })
  await assertNothingLeft(before)
})
