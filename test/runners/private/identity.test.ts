/** The user ids of sandboxes, in the host's user namespace and in those of containers. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { idRanges, idWithin, randomId } from '#glassbox/runners/private/identity.js'

const HOST = '         0          0 4294967295\n'
const ROOTLESS = '         0     100000      65536\n'
const TWO = '0 1000 1\n1 100000 65536\n'
const SINGLE = '         0      65534          1\n'

test('on a host the ids are above those of distributions, and below 2^31', () => {
  for (const id of [2 ** 22, 2 ** 28 - 1]) assert.equal(idWithin(idRanges(HOST), id), 0x70000000 + id)
  assert.ok(0x70000000 + 2 ** 28 - 1 < 2 ** 31)
})

test('in a namespace with few ids they are in the upper half of the largest range', () => {
  for (const [text, first] of [
    [ROOTLESS, 32_768],
    [TWO, 1 + 32_768],
  ] as const)
    for (let tries = 0; tries < 1000; tries++) {
      const id = idWithin(idRanges(text), randomId()) ?? -1
      assert.ok(id >= first && id < first + 32_768, `${id}`)
    }
})

test('with a single id there is none for programs alone', () => {
  assert.equal(idWithin(idRanges(SINGLE), randomId()), undefined)
})

test('random numbers keep clear of the ids of boxes', () => {
  for (let tries = 0; tries < 10_000; tries++) {
    const id = randomId()
    assert.ok(id >= 2 ** 22 && id < 2 ** 28)
  }
})
