/** The clocks of the vDSO, computed here as native/vdso.c does, follow the clock of the world. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { VdsoClock } from '#glassbox/kernel/mm/vdso/vdso-clock.js'
import { testWorld } from '../../support/kernel/memory-platform.js'

const MS = 1_000_000

/** A host with a counter of 2 GHz that is 10 ppm off, and a world whose clock can be set. */
class Host {
  cycles = 5_000_000_000n
  hostNs = 100_000 * MS
  worldNs = 7_000 * MS
  realOffset = 1_700_000_000_000 * MS

  pass(ns: number, worldNs = ns): void {
    this.hostNs += ns
    this.worldNs += worldNs
    this.cycles += BigInt(Math.round(ns * 2.000_02))
  }

  monotonic(): number {
    return this.worldNs
  }

  realSeconds(): number {
    return Math.floor((this.realOffset + this.worldNs) / 1e9)
  }

  realNanoseconds(): number {
    return (this.realOffset + this.worldNs) % 1e9
  }
}

function vdso(): { host: Host; clock: VdsoClock; read: (real?: boolean) => bigint | undefined } {
  const { platform, world } = testWorld()
  const host = new Host()
  const clock = new VdsoClock(world, host, new Uint8Array(5000).fill(7), out => {
    out[0] = host.cycles
    out[1] = BigInt(host.hostNs)
  })
  const { offset, imagePages } = world.vdso ?? assert.fail('the world has no vDSO')
  assert.equal(imagePages, 2)
  assert.equal(platform.memory.chunk(offset).bytes[offset + 4096 + 4999], 7)
  const longs = new BigUint64Array(platform.memory.chunk(offset).bytes.buffer, offset, 8)
  const words = new Int32Array(longs.buffer, offset, 2)
  const read = (real = false): bigint | undefined => {
    assert.equal((words[0] ?? 0) % 2, 0, 'nobody is writing')
    if (words[1] === 0) return undefined
    const at = real ? 5 : 3
    const passed = ((host.cycles - (longs[1] as bigint)) * (longs[2] as bigint)) >> 32n
    return (longs[at] as bigint) * 1_000_000_000n + (longs[at + 1] as bigint) + passed
  }
  return { host, clock, read }
}

const near = (actual: bigint | undefined, expected: number, allowed: number): void => {
  assert.ok(actual !== undefined)
  const difference = Number(actual - BigInt(expected))
  assert.ok(Math.abs(difference) <= allowed, `${difference} ns off`)
}

describe('the clocks of the vDSO', () => {
  test('are calls until the counter is known, then follow it', () => {
    const { host, clock, read } = vdso()
    clock.refresh()
    assert.equal(read(), undefined)
    host.pass(50 * MS)
    clock.refresh()
    near(read(), host.worldNs, 0)
    host.pass(900 * MS)
    near(read(), host.worldNs, 500)
    near(read(true), host.realOffset + host.worldNs, 500)
  })

  test('never step back when they were ahead, and are right again after a second', () => {
    const { host, clock, read } = vdso()
    host.pass(50 * MS)
    clock.refresh()
    host.pass(1000 * MS, 1000 * MS - 100_000)
    const before = read() as bigint
    clock.refresh()
    assert.ok((read() as bigint) >= before)
    host.pass(1000 * MS)
    near(read(), host.worldNs, 3000)
  })

  test('jump with a clock that was set', () => {
    const { host, clock, read } = vdso()
    host.pass(50 * MS)
    clock.refresh()
    host.worldNs += 3_600_000 * MS
    clock.refresh()
    near(read(), host.worldNs, 0)
    host.worldNs -= 1_800_000 * MS
    clock.refresh()
    near(read(), host.worldNs, 0)
  })

  test('are calls again while they are off', () => {
    const { host, clock, read } = vdso()
    host.pass(50 * MS)
    clock.refresh()
    clock.off()
    assert.equal(read(), undefined)
    clock.refresh()
    assert.equal(read(), undefined)
    clock.on()
    near(read(), host.worldNs, 0)
  })
})
