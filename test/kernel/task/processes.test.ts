/** Processes without a platform: ends, orphans, waiting, groups, ids. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { WNOHANG } from '#glassbox/linux/constants.js'
import { TaskWorld } from '../../support/kernel/task-world.js'

const SIGKILL = 9
const SIGCHLD = 17
const SIGSTOP = 19
const SIGCONT = 18
const WUNTRACED = 2

describe('processes of the kernel', () => {
  test('a child that ends is a zombie until its parent waits', () => {
    const world = new TaskWorld()
    const parent = world.first()
    const child = world.fork(parent)
    world.call(child, 'exit_group', 7)
    assert.equal(child.dead, true)
    assert.ok(world.state.processes.has(child.tid))
    const at = world.page(parent)
    assert.equal(world.call(parent, 'wait4', -1, at, 0, 0), child.tid)
    assert.equal(parent.memory.readInt32(at), 7 << 8)
    assert.equal(world.state.processes.has(child.tid), false)
    assert.equal(world.outcome(parent, 'wait4', -1, 0, 0, 0), 'ECHILD')
  })

  test('wait4 waits for the end, and WNOHANG does not', () => {
    const world = new TaskWorld()
    const parent = world.first()
    const child = world.fork(parent)
    assert.equal(world.call(parent, 'wait4', child.tid, 0, WNOHANG, 0), 0)
    assert.equal(world.outcome(parent, 'wait4', child.tid, 0, 0, 0), 'waits')
    world.call(child, 'exit_group', 0)
    assert.equal(world.answer(parent), child.tid)
  })

  test('orphans go to init, which reaps them; or to a subreaper, which has to', () => {
    for (const subreaper of [false, true]) {
      const world = new TaskWorld()
      const first = world.first()
      first.process.subreaper = subreaper
      const child = world.fork(first)
      const orphan = world.fork(child)
      world.call(child, 'exit_group', 0)
      assert.equal(orphan.process.parentPid, subreaper ? first.process.pid : 1)
      world.call(orphan, 'exit_group', 0)
      assert.equal(world.state.processes.has(orphan.tid), subreaper)
    }
  })

  test('the end of the first program is the end of all', () => {
    const world = new TaskWorld()
    const first = world.first()
    const child = world.fork(first)
    world.call(first, 'exit_group', 3)
    assert.equal(world.state.ended, 3 << 8)
    assert.equal(child.dead, true)
    assert.equal(world.state.tasks.size, 0)
  })

  test('the parent of a vfork waits, and only a kill ends its wait', () => {
    const world = new TaskWorld()
    const parent = world.first()
    assert.equal(world.call(parent, 'vfork'), undefined)
    const child = [...world.state.tasks.values()].find(task => task !== parent)
    assert.ok(child)
    assert.equal(child.addressSpace, parent.addressSpace)
    world.call(child, 'kill', parent.tid, 10)
    assert.equal(parent.dead, false, 'its signal is pending')
    world.call(child, 'exit', 0)
    assert.equal(parent.dead, true, 'then it kills')
  })

  test('a stopped process does not go on before SIGCONT, and says both to its parent', () => {
    const world = new TaskWorld()
    const parent = world.first()
    const child = world.fork(parent)
    world.call(child, 'pause')
    world.call(parent, 'kill', child.tid, SIGSTOP)
    const at = world.page(parent)
    assert.equal(world.call(parent, 'wait4', -1, at, WUNTRACED, 0), child.tid)
    assert.equal(parent.memory.readInt32(at), (SIGSTOP << 8) | 0x7f)
    assert.equal(child.stateLetter, 'T')
    world.call(parent, 'kill', child.tid, SIGCONT)
    assert.equal(child.stateLetter, 'S')
    world.call(parent, 'kill', child.tid, SIGSTOP)
    world.call(parent, 'kill', child.tid, SIGKILL)
    assert.equal(world.call(parent, 'wait4', -1, at, 0, 0), child.tid)
    assert.equal(parent.memory.readInt32(at), SIGKILL)
  })

  test('a parent that ignores SIGCHLD has no zombies', () => {
    const world = new TaskWorld()
    const parent = world.first()
    parent.process.actions.set(SIGCHLD, { handler: 1, flags: 0, restorer: 0, maskLo: 0, maskHi: 0 })
    const child = world.fork(parent)
    world.call(child, 'exit_group', 0)
    assert.equal(world.outcome(parent, 'wait4', -1, 0, 0, 0), 'ECHILD')
  })

  test('groups and sessions: setpgid and setsid', () => {
    const world = new TaskWorld()
    const first = world.first()
    const child = world.fork(first)
    assert.equal(world.outcome(first, 'setsid'), 'EPERM')
    assert.equal(world.outcome(first, 'setpgid', child.tid, child.tid), 'ok')
    assert.equal(child.process.group, child.tid)
    assert.equal(world.outcome(first, 'setpgid', child.tid, 99), 'EPERM')
    assert.equal(world.outcome(child, 'setpgid', first.tid, 0), 'ESRCH')
    child.process.execed = true
    assert.equal(world.outcome(first, 'setpgid', child.tid, 0), 'EACCES')
    const other = world.fork(first)
    assert.equal(world.call(other, 'setsid'), other.tid)
    assert.equal(world.outcome(first, 'setpgid', other.tid, 0), 'EPERM')
  })

  test('more tasks than allowed: EAGAIN, and nothing is left of the attempt', () => {
    const world = new TaskWorld()
    const parent = world.first()
    const limit = parent.process.limits[6]
    assert.ok(limit)
    limit.soft = 2
    world.fork(parent)
    assert.equal(world.outcome(parent, 'fork'), 'EAGAIN')
    assert.equal(parent.process.children.size, 1)
    assert.equal(world.state.tasks.size, 2)
  })
})
