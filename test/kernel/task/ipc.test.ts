/** System V IPC in a world whose clock stands: waiting, undoing, and what the kernel holds. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  GETNCNT,
  GETVAL,
  GETZCNT,
  IPC_CREAT,
  IPC_NOWAIT,
  IPC_RMID,
  IPC_SET,
  IPC_STAT,
  MSG_COPY,
  SEM_UNDO,
  SETVAL,
  SHM_LOCK,
} from '#glassbox/linux/constants.js'
import { EIDRM, ENOMEM } from '#glassbox/linux/errno-numbers.js'
import { SIGNAL } from '#glassbox/kernel/task/signals/numbers.js'
import type { Task } from '#glassbox/kernel/task/state.js'
import { TaskWorld } from '../../support/kernel/task-world.js'

type Change = readonly [index: number, change: number, flags?: number]

/** A world with a task, a page of its memory, and its child. */
class Pair {
  readonly world = new TaskWorld()
  readonly task = this.world.first()
  readonly page = this.world.page(this.task)
  readonly child = this.world.fork(this.task)

  call(task: Task, name: string, ...args: number[]): number | undefined {
    return this.world.call(task, name, ...args)
  }

  set(size: number): number {
    return this.call(this.task, 'semget', 0, size, IPC_CREAT | 0o600) ?? -1
  }

  queue(): number {
    return this.call(this.task, 'msgget', 0, IPC_CREAT | 0o600) ?? -1
  }

  operate(task: Task, id: number, changes: readonly Change[], timeout = 0): number | undefined {
    const bytes = Buffer.alloc(changes.length * 6)
    for (const [at, [index, change, flags = 0]] of changes.entries()) {
      bytes.writeUInt16LE(index, at * 6)
      bytes.writeInt16LE(change, at * 6 + 2)
      bytes.writeInt16LE(flags, at * 6 + 4)
    }
    assert.equal(task.memory.write(this.page, bytes, 0, bytes.length), 0)
    return this.call(task, 'semtimedop', id, this.page, changes.length, timeout)
  }

  value(id: number, index: number): number | undefined {
    return this.call(this.task, 'semctl', id, index, GETVAL, 0)
  }

  send(type: number, text: string, id: number, flags = 0): number | undefined {
    const bytes = Buffer.alloc(8 + text.length)
    bytes.writeBigInt64LE(BigInt(type))
    bytes.write(text, 8)
    assert.equal(this.task.memory.write(this.page, bytes, 0, bytes.length), 0)
    return this.call(this.task, 'msgsnd', id, this.page, text.length, flags)
  }

  /** What a task's last call stored as a message. */
  message(task: Task, length: number): string {
    const bytes = Buffer.alloc(length)
    assert.equal(task.memory.read(this.page + 8, bytes, 0, length), 0)
    return bytes.toString('latin1')
  }
}

describe('semaphores', () => {
  test('who waits for zero goes on before who waits for more', () => {
    const pair = new Pair()
    const id = pair.set(1)
    pair.call(pair.task, 'semctl', id, 0, SETVAL, 1)
    const other = pair.world.fork(pair.task)
    assert.equal(pair.operate(pair.child, id, [[0, -2]]), undefined)
    assert.equal(pair.operate(other, id, [[0, 0]]), undefined)
    assert.equal(pair.call(pair.task, 'semctl', id, 0, GETNCNT, 0), 1)
    assert.equal(pair.call(pair.task, 'semctl', id, 0, GETZCNT, 0), 1)
    assert.equal(pair.operate(pair.task, id, [[0, 1]]), 0)
    assert.equal(pair.world.answer(pair.child), 0)
    assert.equal(pair.world.answer(other), 0)
    assert.equal(pair.value(id, 0), 0)
  })

  test('one change lets all go on that it suffices for, in their order', () => {
    const pair = new Pair()
    const id = pair.set(2)
    const waiting = [pair.child, pair.world.fork(pair.task), pair.world.fork(pair.task)]
    const [first, second, third] = waiting as [Task, Task, Task]
    assert.equal(pair.operate(first, id, [[0, -3]]), undefined)
    const both: Change[] = [
      [0, -1],
      [1, 1],
    ]
    assert.equal(pair.operate(second, id, both), undefined)
    assert.equal(pair.operate(third, id, [[1, -1]]), undefined)
    pair.operate(pair.task, id, [[0, 1]])
    assert.deepEqual(
      waiting.map(task => pair.world.answer(task)),
      [undefined, 0, 0],
    )
  })

  test('a time that runs out takes the request away', () => {
    const pair = new Pair()
    const id = pair.set(1)
    const at = pair.page + 4096
    pair.child.memory.writeInt64(at, 2)
    pair.child.memory.writeInt64(at + 8, 0)
    assert.equal(pair.operate(pair.child, id, [[0, -1]], at), undefined)
    pair.world.pass(1.9e9)
    assert.equal(pair.world.answer(pair.child), undefined)
    pair.world.pass(0.2e9)
    assert.notEqual(pair.world.answer(pair.child), undefined)
    assert.equal(pair.operate(pair.task, id, [[0, 1]]), 0)
    assert.equal(pair.value(id, 0), 1)
  })

  test('a process that dies while it waits changes nothing, and undoes what it did before', () => {
    const pair = new Pair()
    const id = pair.set(1)
    pair.operate(pair.task, id, [[0, 1]])
    assert.equal(pair.operate(pair.child, id, [[0, -1, SEM_UNDO]]), 0)
    assert.equal(pair.operate(pair.child, id, [[0, -1, SEM_UNDO]]), undefined)
    assert.equal(pair.operate(pair.task, id, [[0, -1, IPC_NOWAIT]]), -11)
    pair.call(pair.task, 'kill', pair.child.tid, SIGNAL.SIGKILL)
    assert.equal(pair.child.dead, true)
    assert.equal(pair.value(id, 0), 1)
    assert.equal(pair.call(pair.task, 'semctl', id, 0, GETNCNT, 0), 0)
  })

  test('removal ends all waits with EIDRM, and frees what the kernel holds', () => {
    const pair = new Pair()
    for (let round = 0; round < 1000; round++) {
      const id = pair.set(32_000)
      assert.ok(id >= 0)
      pair.operate(pair.task, id, [[0, 1, SEM_UNDO]])
      if (round === 0) assert.equal(pair.operate(pair.child, id, [[1, -1]]), undefined)
      assert.equal(pair.call(pair.task, 'semctl', id, 0, IPC_RMID, 0), 0)
      if (round === 0) assert.equal(pair.world.answer(pair.child), -EIDRM)
    }
  })

  test('the kernel holds a bounded number of semaphores', () => {
    const pair = new Pair()
    let made = 0
    let last = pair.set(32_000)
    for (; last >= 0 && made < 10_000; made++) last = pair.set(32_000)
    assert.equal(last, -ENOMEM)
    assert.ok(made > 100, `${made}`)
  })
})

describe('messages', () => {
  test('a copy leaves the message where it is', () => {
    const pair = new Pair()
    const id = pair.queue()
    pair.send(5, 'first', id)
    pair.send(6, 'second', id)
    for (const flags of [MSG_COPY | IPC_NOWAIT, MSG_COPY | IPC_NOWAIT, 0]) {
      const type = flags === 0 ? 6 : 1
      assert.equal(pair.call(pair.task, 'msgrcv', id, pair.page, 100, type, flags), 6)
      assert.equal(pair.message(pair.task, 6), 'second')
    }
    assert.equal(pair.world.outcome(pair.task, 'msgrcv', id, pair.page, 100, 1, MSG_COPY), 'EINVAL')
  })

  test('a message goes to the one who waits for it', () => {
    const pair = new Pair()
    const id = pair.queue()
    assert.equal(pair.call(pair.child, 'msgrcv', id, pair.page, 100, 0, 0), undefined)
    assert.equal(pair.send(1, 'hello', id), 0)
    assert.equal(pair.world.answer(pair.child), 5)
    assert.equal(pair.message(pair.child, 5), 'hello')
  })

  test('a larger queue has room for those who wait, and a smaller one has not', () => {
    const pair = new Pair()
    const id = pair.queue()
    const setSize = (size: number): void => {
      pair.call(pair.task, 'msgctl', id, IPC_STAT, pair.page)
      pair.task.memory.writeInt64(pair.page + 88, size)
      assert.equal(pair.call(pair.task, 'msgctl', id, IPC_SET, pair.page), 0)
    }
    setSize(4)
    assert.equal(pair.call(pair.child, 'msgsnd', id, pair.page, 5, 0), -22)
    pair.child.memory.writeInt64(pair.page, 3)
    assert.equal(pair.call(pair.child, 'msgsnd', id, pair.page, 5, 0), undefined)
    setSize(5)
    assert.equal(pair.world.answer(pair.child), 0)
  })

  test('the kernel holds a bounded number of messages', () => {
    const pair = new Pair()
    let last: number | undefined = 0
    let sent = 0
    for (let queues = 0; queues < 10_000 && last !== -ENOMEM; queues++) {
      const id = pair.queue()
      last = id < 0 ? id : 0
      for (let count = 0; count < 2 && last === 0; count++) {
        last = pair.send(1, 'x'.repeat(8192), id)
        if (last === 0) sent++
      }
    }
    assert.equal(last, -ENOMEM)
    assert.ok(sent > 1000 && sent < 20_000, `${sent}`)
  })
})

describe('shared memory', () => {
  test('a segment goes with the last process that has it attached', () => {
    const pair = new Pair()
    const id = pair.call(pair.task, 'shmget', 0, 8192, IPC_CREAT | 0o600) ?? -1
    const at = pair.call(pair.task, 'shmat', id, 0, 0) ?? -1
    assert.ok(at > 0)
    const child = pair.world.fork(pair.task)
    pair.task.memory.writeInt32(at + 4096, 77)
    assert.equal(child.memory.readInt32(at + 4096), 77)
    assert.equal(pair.call(pair.task, 'shmctl', id, IPC_RMID, 0), 0)
    assert.equal(pair.call(pair.task, 'shmdt', at), 0)
    assert.equal(pair.call(pair.task, 'shmctl', id, IPC_STAT, pair.page), 0)
    pair.call(child, 'exit_group', 0)
    assert.equal(pair.world.outcome(pair.task, 'shmctl', id, IPC_STAT, pair.page), 'EINVAL')
    assert.equal(pair.world.state.ipc.segments.size, 0)
  })

  test('its owner may lock it', () => {
    const pair = new Pair()
    const id = pair.call(pair.task, 'shmget', 0, 8192, IPC_CREAT | 0o600) ?? -1
    assert.equal(pair.call(pair.task, 'shmctl', id, SHM_LOCK, 0), 0)
    pair.call(pair.task, 'shmctl', id, IPC_STAT, pair.page)
    assert.equal(pair.task.memory.readInt32(pair.page + 20), 0o2600)
  })
})
