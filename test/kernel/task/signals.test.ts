/** Signals without a platform: who gets them, in which order, what they do to calls that wait. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { REGISTER } from '#glassbox/kernel/platform/registers.js'
import { onFault } from '#glassbox/kernel/task/stops.js'
import type { Task } from '#glassbox/kernel/task/state.js'
import type { StillThread } from '../../support/kernel/task-world.js'
import { TaskWorld } from '../../support/kernel/task-world.js'

const SIGUSR1 = 10
const SIGSEGV = 11
const SIGUSR2 = 12
const SIGCHLD = 17
const RESTART = 0x1000_0000
const HANDLER = 0x40_0000
const RESTORER = 0x50_0000
const START = 0x60_0000
const EINTR = 4

/** A task with a stack, about to run at START. */
function prepared(world: TaskWorld): Task {
  const task = world.first()
  const stack = world.page(task)
  const registers = task.thread.registers()
  registers.set(REGISTER.rip, START)
  registers.set(REGISTER.rsp, stack + 4096 * 8)
  registers.set(REGISTER.rbx, 0x1234_5678_9abc)
  return task
}

function handle(task: Task, signal: number, flags = 0, mask = 0): void {
  task.process.actions.set(signal, { handler: HANDLER, flags, restorer: RESTORER, maskLo: mask, maskHi: 0 })
}

const rip = (task: Task): number => task.thread.registers().get(REGISTER.rip)
const rax = (task: Task): number => task.thread.registers().get(REGISTER.rax)

describe('signals of the kernel', () => {
  test('a handler runs on a frame, and rt_sigreturn brings everything back', () => {
    const world = new TaskWorld()
    const task = prepared(world)
    handle(task, SIGUSR1, 0, 1 << (SIGUSR2 - 1))
    const sp = task.thread.registers().get(REGISTER.rsp)
    const state = task.thread.extended()
    state[160] = 77
    state[512] = 2 // the header names the vectors of SSE
    task.thread.setExtended(state)
    world.call(task, 'kill', task.tid, SIGUSR1)
    const registers = task.thread.registers()
    assert.equal(rip(task), HANDLER)
    assert.equal(registers.get(REGISTER.rdi), SIGUSR1)
    const frame = registers.get(REGISTER.rsp)
    assert.equal(frame % 16, 8, 'as after a call instruction')
    assert.ok(frame < sp - 128, 'below the red zone')
    assert.equal(task.memory.readInt64(frame), RESTORER)
    assert.equal(task.memory.readInt32(registers.get(REGISTER.rsi)), SIGUSR1, 'siginfo')
    assert.ok(task.mask.has(SIGUSR1) && task.mask.has(SIGUSR2))
    assert.equal((task.thread as StillThread).state[160], 0, 'the initial state')
    registers.set(REGISTER.rbx, 0)
    registers.set(REGISTER.rsp, frame + 8)
    world.call(task, 'rt_sigreturn')
    assert.equal(rip(task), START)
    assert.equal(registers.get(REGISTER.rsp), sp)
    assert.equal(registers.get(REGISTER.rbx), 0x1234_5678_9abc)
    assert.equal(rax(task), 0, 'the result of kill')
    assert.equal(task.mask.empty, true)
    assert.equal((task.thread as StillThread).state[160], 77)
  })

  test('a frame that does not fit on the stack ends the process by SIGSEGV', () => {
    const world = new TaskWorld()
    const task = prepared(world)
    handle(task, SIGUSR1)
    task.thread.registers().set(REGISTER.rsp, 0x1000)
    world.call(task, 'kill', task.tid, SIGUSR1)
    assert.equal(world.state.ended, SIGSEGV)
  })

  test('standard signals are pending once, real-time ones queue; the lowest comes first', () => {
    const world = new TaskWorld()
    const task = prepared(world)
    task.mask.set(-1, -1)
    for (const signal of [36, SIGUSR2, 35, 35, SIGUSR2, SIGUSR1]) world.call(task, 'tkill', task.tid, signal)
    const order: number[] = []
    for (let signal = task.pending.next({ lo: 0, hi: 0 } as never); signal !== 0; ) {
      order.push(task.pending.take(signal)?.signal ?? 0)
      signal = task.pending.next({ lo: 0, hi: 0 } as never)
    }
    assert.deepEqual(order, [SIGUSR1, SIGUSR2, 35, 35, 36])
  })

  const kinds = [
    { name: 'a wait for a child', call: 'wait4', args: [-1, 0, 0, 0], restarts: true },
    { name: 'a sleep', call: 'clock_nanosleep', args: [], restarts: false },
    { name: 'pause', call: 'pause', args: [], restarts: false },
  ] as const

  for (const { name, call, args, restarts } of kinds) {
    for (const flags of [0, RESTART]) {
      const isAgain = restarts && flags !== 0
      test(`${name} ${flags === 0 ? 'without' : 'with'} SA_RESTART ${isAgain ? 'starts anew' : 'is EINTR'}`, () => {
        const world = new TaskWorld()
        const task = prepared(world)
        const child = world.fork(task)
        handle(task, SIGUSR1, flags)
        const time = world.page(task)
        task.memory.writeInt64(time, 5)
        task.thread.registers().set(REGISTER.rip, START + 2)
        const words = call === 'clock_nanosleep' ? [1, 0, time, 0] : args
        assert.equal(world.call(task, call, ...words), undefined)
        world.call(child, 'kill', task.tid, SIGUSR1)
        assert.equal(rip(task), HANDLER)
        task.thread.registers().set(REGISTER.rsp, task.thread.registers().get(REGISTER.rsp) + 8)
        world.call(task, 'rt_sigreturn')
        assert.equal(rip(task), isAgain ? START : START + 2)
        assert.equal(rax(task), isAgain ? 61 : -EINTR)
      })
    }
  }

  test('a sleep goes on over a signal that is ignored, and ends in time', () => {
    const world = new TaskWorld()
    const task = prepared(world)
    const child = world.fork(task)
    const time = world.page(task)
    task.memory.writeInt64(time, 2)
    world.call(task, 'clock_nanosleep', 1, 0, time, 0)
    world.call(child, 'kill', task.tid, SIGCHLD)
    world.pass(1.9e9)
    assert.equal(world.answer(task), undefined)
    world.pass(0.2e9)
    assert.equal(world.answer(task), 0)
  })

  test('the rest of a sleep is stored when a handler ends it', () => {
    const world = new TaskWorld()
    const task = prepared(world)
    const child = world.fork(task)
    handle(task, SIGUSR1)
    const time = world.page(task)
    task.memory.writeInt64(time, 10)
    world.call(task, 'nanosleep', time, time + 16)
    world.pass(3e9)
    world.call(child, 'kill', task.tid, SIGUSR1)
    assert.equal(task.memory.readInt64(time + 16), 7)
  })

  test('sigsuspend: the handler returns to the mask that was before', () => {
    const world = new TaskWorld()
    const task = prepared(world)
    const child = world.fork(task)
    handle(task, SIGUSR1)
    task.mask.add(SIGUSR1)
    const mask = world.page(task)
    world.call(task, 'rt_sigsuspend', mask, 8)
    world.call(child, 'kill', task.tid, SIGUSR1)
    assert.equal(rip(task), HANDLER)
    task.thread.registers().set(REGISTER.rsp, task.thread.registers().get(REGISTER.rsp) + 8)
    world.call(task, 'rt_sigreturn')
    assert.equal(rax(task), -EINTR)
    assert.equal(task.mask.has(SIGUSR1), true)
  })

  test('a fault whose signal is blocked or ignored ends the process', () => {
    for (const ignored of [false, true]) {
      const world = new TaskWorld()
      const task = prepared(world)
      handle(task, SIGSEGV)
      if (ignored)
        task.process.actions.set(SIGSEGV, { handler: 1, flags: 0, restorer: 0, maskLo: 0, maskHi: 0 })
      else task.mask.add(SIGSEGV)
      const thread = task.thread as StillThread
      thread.fault = { signal: SIGSEGV, code: 1, address: 16, error: -1 }
      task.running = false
      onFault(task)
      world.settle()
      assert.equal(world.state.ended, SIGSEGV)
    }
  })

  test('sigtimedwait takes a blocked signal, or times out', () => {
    const world = new TaskWorld()
    const task = prepared(world)
    const child = world.fork(task)
    task.mask.add(SIGUSR1)
    const at = world.page(task)
    task.memory.writeInt32(at, 1 << (SIGUSR1 - 1))
    task.memory.writeInt64(at + 16, 1)
    world.call(task, 'rt_sigtimedwait', at, at + 64, at + 16, 8)
    world.call(child, 'kill', task.tid, SIGUSR1)
    assert.equal(world.answer(task), SIGUSR1)
    assert.equal(task.memory.readInt32(at + 64 + 16), child.tid, 'who sent it')
    world.call(task, 'rt_sigtimedwait', at, 0, at + 16, 8)
    world.pass(1.1e9)
    assert.equal(world.answer(task), -11)
  })
})
