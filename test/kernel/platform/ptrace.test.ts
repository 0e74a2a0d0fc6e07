/** The ptrace platform runs hand-made guests: a few bytes of code, without any kernel above. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { after, before, describe, test } from 'node:test'
import { PtracePlatform } from '#glassbox/kernel/platform/ptrace/platform.js'
import type { GuestThread, Space } from '#glassbox/kernel/platform/platform.js'
import { REGISTER } from '#glassbox/kernel/platform/registers.js'

const CODE = 0x10000
const DATA = 0x40000
const READ = 1
const WRITE = 2
const EXECUTE = 4
const SIGSEGV = 11
const SIGTRAP = 5

/** Machine code, and where it stands in the page of code. */
const PROGRAMS = {
  getpid: [0x000, 'b827000000 0f05 ebf7'], // again: mov $39,%eax; syscall; jmp again
  spin: [0x040, 'ebfe'],
  write: [0x080, 'c60701 b801000000 0f05'], // movb $1,(%rdi); then write(2)
  trap: [0x0c0, 'cc'],
  vsyscall: [0x100, '48c7c0000460ff ffd0 b827000000 0f05'], // call time of the page; then getpid
  foreign: [0x140, 'b814000000 cd80 b827000000 0f05'], // int $0x80; then getpid
} as const

describe('the ptrace platform', () => {
  let platform: PtracePlatform
  let space: Space
  let thread: GuestThread

  const within = (ns: number): number => platform.wait(platform.now() + ns)
  const go = (): string => {
    thread.resume()
    assert.equal(within(5e9), 1)
    return thread.stop
  }
  const at = (
    name: keyof typeof PROGRAMS,
    registers: Partial<Record<keyof typeof REGISTER, number>> = {},
  ) => {
    const all = thread.registers()
    all.set(REGISTER.rip, CODE + PROGRAMS[name][0])
    all.set(REGISTER.rsp, DATA + 0x1000)
    for (const [register, value] of Object.entries(registers))
      all.set(REGISTER[register as keyof typeof REGISTER], value)
    thread.changed()
  }

  before(() => {
    platform = new PtracePlatform()
    const { bytes } = platform.memory.chunk(0)
    for (const [place, code] of Object.values(PROGRAMS))
      bytes.set(Buffer.from(code.replaceAll(' ', ''), 'hex'), place)
    space = platform.createSpace()
    space.map(CODE, 4096, READ | EXECUTE, 'world', 0, true)
    space.map(DATA, 4096, READ | WRITE, 'world', 4096, false)
    thread = platform.createThread(space)
  })
  after(() => platform.close())

  test('reports a call with its arguments, and gives its result back', () => {
    at('getpid', { rdi: -1, rsi: 2 ** 40 })
    assert.equal(go(), 'call')
    assert.deepEqual([thread.nr, thread.args[0], thread.args[1]], [39, -1, 2 ** 40])
    assert.deepEqual([thread.ip, thread.sp], [CODE + 7, DATA + 0x1000])
    thread.result(-38)
    assert.equal(thread.registers().get(REGISTER.rax), -38)
    thread.result(4711)
    assert.equal(go(), 'call')
    assert.equal(thread.registers().get(REGISTER.rcx), CODE + 7)
  })

  test('carries out changes of mappings before the next instruction', () => {
    at('write', { rdi: DATA })
    assert.equal(go(), 'call')
    assert.equal(platform.memory.chunk(0).bytes[4096], 1)
    space.protect(DATA, 4096, READ)
    at('write', { rdi: DATA })
    assert.equal(go(), 'fault')
    assert.deepEqual(thread.fault, { signal: SIGSEGV, code: 2, address: DATA, error: -1 })
    space.unmap(DATA, 4096)
    assert.equal(go(), 'fault')
    assert.deepEqual(thread.fault, { signal: SIGSEGV, code: 1, address: DATA, error: -1 })
    space.map(DATA, 4096, READ | WRITE, 'world', 8192, false)
    assert.equal(go(), 'call')
    assert.equal(platform.memory.chunk(0).bytes[8192], 1)
  })

  test('what is put off is mapped when the guest touches it, or when more than that is queued', () => {
    const place = 0x2000000
    const library = space as Required<Space>
    const putOff = () => {
      library.startFresh(place, 8192)
      library.map(place, 8192, READ | WRITE, 'world', 3 * 4096, false)
      library.unmap(place, 4096)
      library.map(place, 4096, READ | WRITE, 'world', 5 * 4096, false)
      library.defer()
    }
    at('getpid')
    assert.equal(go(), 'call')
    putOff()
    assert.equal(go(), 'call')
    assert.equal(space.pending, true, 'a call needs nothing of it')
    at('write', { rdi: place })
    assert.equal(go(), 'fault')
    assert.equal(go(), 'call')
    assert.equal(space.pending, false)
    assert.equal(platform.memory.chunk(0).bytes[5 * 4096], 1)
    space.unmap(place, 8192)
    space.flush()
    // Rights that are taken away elsewhere do not wait.
    putOff()
    space.protect(DATA, 4096, READ)
    library.defer()
    at('write', { rdi: DATA })
    assert.equal(go(), 'fault')
    assert.equal(space.pending, false)
    space.protect(DATA, 4096, READ | WRITE)
    space.unmap(place, 8192)
    space.flush()
  })

  test('a batch may have more commands than its page holds', () => {
    for (let page = 0; page < 300; page++)
      space.map(0x1000000 + page * 8192, 4096, READ | WRITE, 'world', 2 ** 20 + page * 4096, false)
    at('write', { rdi: 0x1000000 + 299 * 8192 })
    assert.equal(go(), 'call')
    assert.equal(platform.memory.chunk(0).bytes[2 ** 20 + 299 * 4096], 1)
    space.unmap(0x1000000, 300 * 8192)
    space.flush()
    assert.equal(space.pending, false)
  })

  test('a guest cannot write the page cache, and the kernel can', () => {
    platform.cache.chunk(0).bytes[0] = 42
    space.map(0x80000, 4096, READ, 'cache', 0, true)
    space.flush()
    space.protect(0x80000, 4096, READ | WRITE)
    assert.throws(() => space.flush(), /refused call 10 of 0x80000.*EACCES/)
  })

  test('a trap, an interrupt and a time that is over', () => {
    at('trap')
    assert.equal(go(), 'trap')
    assert.equal(thread.fault.signal, SIGTRAP)
    at('spin')
    thread.resume()
    assert.equal(within(2e6), 0)
    assert.equal(platform.running, 1)
    thread.interrupt()
    thread.interrupt()
    assert.equal(within(5e9), 1)
    assert.deepEqual([thread.stop, platform.running], ['interrupted', 0])
    assert.equal(thread.registers().get(REGISTER.rip), CODE + PROGRAMS.spin[0])
    assert.ok(thread.cpuTimeNs() > 0)
  })

  test('an interrupt of a thread that stands still comes at its next resume', () => {
    at('getpid')
    thread.interrupt()
    assert.equal(go(), 'interrupted')
    assert.equal(go(), 'call')
  })

  test('interrupts and calls race, and none is lost', () => {
    at('getpid')
    let interrupts = 0
    for (let round = 0; round < 300; round++) {
      thread.resume()
      if (round % 3 === 0) thread.interrupt()
      assert.equal(within(5e9), 1)
      if (thread.stop === 'interrupted') interrupts++
      else thread.result(1)
    }
    assert.ok(interrupts > 0, 'a positive control')
    assert.equal(thread.stop === 'call' || thread.stop === 'interrupted', true)
  })

  test('a call of the vsyscall page arrives as a call', () => {
    at('vsyscall')
    assert.equal(go(), 'call')
    assert.equal(thread.nr, 201)
    thread.result(1)
    assert.equal(go(), 'call')
    assert.equal(thread.nr, 39)
  })

  test('a call of 32-bit programs has no number', () => {
    at('foreign')
    assert.equal(go(), 'call')
    assert.equal(thread.nr, -1)
  })

  test('extended state is read and set', () => {
    const state = thread.extended()
    assert.ok(state.length >= 576)
    state[160] = 0x5a // xmm0
    state[512] = (state[512] ?? 0) | 2
    assert.equal(thread.setExtended(state), true)
    assert.equal(thread.extended()[160], 0x5a)
    assert.equal(thread.setExtended(undefined), true)
    assert.equal(thread.extended()[160], 0)
    state[24] = 0xff
    state[27] = 0xff // reserved bits of MXCSR
    assert.equal(thread.setExtended(state), false)
  })

  test('two threads of a space run side by side', () => {
    const other = platform.createThread(space)
    other.registers().set(REGISTER.rip, CODE + PROGRAMS.spin[0])
    other.changed()
    other.resume()
    at('getpid')
    assert.equal(go(), 'call')
    assert.equal(platform.running, 1)
    // The other one runs meanwhile: the change is made by the one that stands still.
    space.unmap(DATA, 4096)
    within(1e6)
    assert.equal(space.pending, false)
    other.interrupt()
    assert.equal(within(5e9), 1)
    assert.equal(platform.stopped[0], other)
    other.release()
    thread.result(0)
    assert.equal(go(), 'call')
  })

  test('a guest that jumps into the stub reaches nothing', () => {
    space.map(DATA, 4096, READ | WRITE, 'world', 4096, false)
    // r12 points to a command of the guest's own: munmap of its code.
    const { view } = platform.memory.chunk(0)
    view.setUint32(4096, 11, true)
    view.setUint32(4096 + 8, CODE, true)
    view.setUint32(4096 + 16, 4096, true)
    const registers = thread.registers()
    registers.set(REGISTER.rip, 0x7f0000000040)
    registers.set(REGISTER.r12, DATA)
    registers.set(REGISTER.r13, 1)
    thread.changed()
    assert.equal(go(), 'call')
    assert.deepEqual([thread.nr, thread.args[0], thread.args[1]], [11, CODE, 4096])
    at('getpid')
    assert.equal(go(), 'call')
  })

  test('a thread moves to another space, and a released space is used again, empty', () => {
    const next = platform.createSpace()
    next.map(CODE, 4096, READ | EXECUTE, 'world', 0, false)
    at('getpid')
    thread.moveTo(next)
    assert.equal(go(), 'call')
    const { all } = platform.stubs
    next.release()
    assert.equal(platform.stubs.spare, 1)
    const again = platform.createSpace()
    assert.equal(platform.stubs.all, all)
    const fresh = platform.createThread(again)
    fresh.registers().set(REGISTER.rip, CODE)
    fresh.changed()
    fresh.resume()
    assert.equal(within(5e9), 1)
    assert.deepEqual([fresh.stop, fresh.fault.address], ['fault', CODE])
    again.release()
    thread = platform.createThread(space)
  })

  test('a space whose threads run is kept when they stand still', () => {
    const busy = platform.createSpace()
    busy.map(CODE, 4096, READ | EXECUTE, 'world', 0, false)
    const runner = platform.createThread(busy)
    runner.registers().set(REGISTER.rip, CODE + PROGRAMS.spin[0])
    runner.changed()
    runner.resume()
    assert.equal(within(1e6), 0)
    busy.release()
    assert.equal(within(1e8), 0)
    assert.equal(platform.running, 0)
    assert.ok(platform.stubs.spare > 0)
  })

  test('host descriptors wake who watches them', () => {
    const woken: string[] = []
    const stop = platform.watch(1, 4, { woken: () => woken.push('out') })
    platform.wait(Infinity)
    stop()
    assert.deepEqual(woken, ['out'])
    assert.equal(platform.watching, false)
  })

  test('a stub that is killed from outside is gone, and close() leaves no process', () => {
    const victim = platform.createSpace()
    victim.map(CODE, 4096, READ | EXECUTE, 'world', 0, false)
    const dead = platform.createThread(victim)
    dead.registers().set(REGISTER.rip, CODE + PROGRAMS.spin[0])
    dead.changed()
    dead.resume()
    within(1e6)
    for (const each of stubsOf(process.pid)) if (/^State:\s+R/m.test(statusOf(each))) process.kill(each, 9)
    assert.equal(within(5e9), 1)
    assert.equal(dead.stop, 'gone')
    platform.close()
    assert.deepEqual(stubsOf(process.pid), [])
    platform = new PtracePlatform()
  })
})

const statusOf = (pid: number): string => {
  try {
    return readFileSync(`/proc/${pid}/status`, 'utf8')
  } catch {
    return ''
  }
}

/** The children of this process. */
const stubsOf = (parent: number): number[] =>
  readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .map(Number)
    .filter(pid => new RegExp(`^PPid:\t${parent}$`, 'm').test(statusOf(pid)))
