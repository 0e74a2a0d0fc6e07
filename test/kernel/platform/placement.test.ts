/** Threads that only compute may run on every CPU; those that make calls share the kernel's. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { after, before, describe, test } from 'node:test'
import { affinity, cpuCount, hasCpu, setAffinity } from '#glassbox/gate/affinity.js'
import type { GuestThread, Space } from '#glassbox/kernel/platform/platform.js'
import { PtracePlatform } from '#glassbox/kernel/platform/ptrace/platform.js'
import { REGISTER } from '#glassbox/kernel/platform/registers.js'

const CODE = 0x10000
const SPIN = 0x40
/** again: mov $39,%eax; syscall; jmp again. Then, at SPIN: jmp to itself. */
const GETPID = 'b8270000000f05ebf7'
const all = affinity(0) ?? new Uint8Array(1)
const cpu = Array.from({ length: all.length * 8 }, (_, number) => number).findLast(each => hasCpu(all, each))
const few = cpuCount(all) < 2 ? 'this process may use one CPU only' : false

describe('the CPUs of guests', { skip: few }, () => {
  let platform: PtracePlatform
  const guests: GuestThread[] = []

  const begin = (thread: GuestThread, at: number): void => {
    thread.registers().set(REGISTER.rip, CODE + at)
    thread.changed()
    thread.resume()
  }
  const newSpace = (): Space => {
    const space = platform.createSpace()
    space.map(CODE, 4096, 5, 'world', 0, true)
    return space
  }
  /** Serves guests until this holds; false after ten seconds. */
  const until = (holds: () => boolean): boolean => {
    const end = platform.now() + 10e9
    while (!holds()) {
      if (platform.now() > end) return false
      for (const pause = platform.now() + 20e6; platform.now() < pause; ) {
        platform.wait(pause)
        for (const thread of platform.stopped) thread.resume()
      }
    }
    return true
  }

  before(() => {
    platform = new PtracePlatform({ cpu: cpu ?? 0 })
    const { bytes } = platform.memory.chunk(0)
    bytes.set(Buffer.from(GETPID, 'hex'), 0)
    bytes.set([0xeb, 0xfe], SPIN)
    const shared = newSpace()
    guests.push(
      platform.createThread(newSpace()),
      platform.createThread(shared),
      platform.createThread(shared),
    )
  })
  after(() => {
    platform.close()
    setAffinity(0, all)
  })

  test('the kernel keeps to one, and so does a guest that computes alone', () => {
    assert.equal(cpuCount(affinity(0) ?? all), 1)
    begin(guests[0] as GuestThread, SPIN)
    platform.wait(platform.now() + 30e6)
    assert.deepEqual(roaming(), [false, false, false])
  })

  test('of several, those that compute may use all, and one that makes calls stays', () => {
    begin(guests[1] as GuestThread, SPIN)
    begin(guests[2] as GuestThread, 0)
    assert.ok(until(() => roaming().filter(Boolean).length === 2))
  })

  test('who makes calls again comes back', () => {
    for (const guest of guests) guest.interrupt()
    while (platform.running > 0) platform.wait(platform.now() + 1e9)
    for (const guest of guests) begin(guest, 0)
    assert.ok(until(() => !roaming().some(Boolean)))
  })
})

/** Of each thread of a stub, whether it may run on more than one CPU. */
function roaming(): boolean[] {
  const stubs = readdirSync('/proc').filter(pid => new RegExp(`^PPid:\t${process.pid}$`, 'm').test(text(pid)))
  return stubs.flatMap(pid =>
    readdirSync(`/proc/${pid}/task`).map(tid => cpuCount(affinity(Number(tid)) ?? all) > 1),
  )
}

function text(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/status`, 'latin1')
  } catch {
    return ''
  }
}
