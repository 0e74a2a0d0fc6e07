/** Plans as bytes, as text, and run. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runPlan } from '#glassbox/gate/gate.js'
import { AT_FDCWD, CLONE_VFORK, CLONE_VM, O_CLOEXEC, O_RDONLY, __WALL } from '#glassbox/linux/constants.js'
import { ERRNO } from '#glassbox/linux/errno.js'
import { PlanBuilder, stringArray, text, words } from '#glassbox/plan/builder.js'
import { encodePlan } from '#glassbox/plan/encode.js'
import { printPlan } from '#glassbox/plan/print.js'

const VFORK = BigInt(CLONE_VM | CLONE_VFORK)

/** A child that exits with a code, and the parent's wait for it. */
function childPlan(code: number): { builder: PlanBuilder; pid: { slot: number; label: string } } {
  const builder = new PlanBuilder('a child')
  const pid = builder.slot('pid')
  builder.clone({ flags: VFORK, exitSignal: 0, result: pid, label: 'clone' }, () => {
    builder.call('exit_group', [code], 'end')
  })
  builder.call('wait4', [pid, 0, __WALL, 0], 'wait')
  return { builder, pid }
}

test('results of steps are arguments of later ones', () => {
  const builder = new PlanBuilder('open and close')
  const fd = builder.slot('fd')
  builder
    .call('openat', [AT_FDCWD, text('/dev/null'), O_RDONLY | O_CLOEXEC, 0], 'open', { result: fd })
    .call('close', [fd], 'close')
    .call('close', [fd], 'close again')
  const { bytes, origin } = encodePlan(builder.build())
  const { failure } = runPlan(bytes, [])
  assert.equal(failure?.errno, ERRNO.EBADF)
  assert.equal(origin[failure?.step ?? -1]?.label, 'close again')
})

test('inputs become the first slots, and a step may fail for named errors', () => {
  const builder = new PlanBuilder('inputs')
  const fd = builder.input('fd')
  builder
    .call('close', [fd], 'a descriptor that is not there', { onError: [ERRNO.EBADF] })
    .call('close', [fd], 'again', { onError: 'ignore' })
  assert.equal(runPlan(encodePlan(builder.build()).bytes, [9999]).failure, undefined)
})

test('a child goes on in its own steps, the parent behind them', () => {
  const { builder, pid } = childPlan(0)
  const { slots, failure } = runPlan(encodePlan(builder.build()).bytes, [])
  assert.equal(failure, undefined)
  assert.ok(Number(slots[pid.slot]) > 0)
})

test('a failing step of a child is the failure of the plan, and the child is reaped', () => {
  const builder = new PlanBuilder('a failing child')
  const pid = builder.slot('pid')
  builder.clone({ flags: VFORK, exitSignal: 0, result: pid, label: 'clone' }, () => {
    builder.call('execve', [text('/no/such/program'), stringArray(['x']), stringArray([])], 'execute')
  })
  const { bytes, origin } = encodePlan(builder.build())
  const { failure, slots } = runPlan(bytes, [])
  assert.equal(failure?.errno, ERRNO.ENOENT)
  assert.equal(origin[failure?.step ?? -1]?.label, 'execute')
  const wait = new PlanBuilder('wait').call('wait4', [Number(slots[pid.slot]), 0, __WALL, 0], 'wait').build()
  assert.equal(runPlan(encodePlan(wait).bytes, []).failure?.errno, ERRNO.ECHILD)
})

test('strings with a NUL and plans with too many slots are refused', () => {
  assert.throws(() => text('a\0b'), { code: 'ERR_GLASSBOX_FILE' })
  const builder = new PlanBuilder('many')
  for (let index = 0; index < 65; index++) builder.slot('x')
  assert.throws(() => encodePlan(builder.build()), { code: 'ERR_GLASSBOX_INTERNAL' })
})

test('a plan prints as strace would print its calls', () => {
  const builder = new PlanBuilder('print me')
  const fd = builder.slot('file')
  builder
    .call('openat', [AT_FDCWD, text('/etc/hosts'), O_RDONLY | O_CLOEXEC, 0], 'open', { result: fd })
    .call('mount', [text('tmpfs'), text('/tmp'), text('tmpfs'), 6, text('size=1m')], 'mount')
    .call('prlimit64', [0, 7, words(8, [256, 2n ** 64n - 1n]), 0], 'limit')
    .call('write', [fd, { bytes: Buffer.from('a"b\n') }, 4], 'write')
  builder.clone({ flags: VFORK, exitSignal: 17, label: 'clone' }, () => {
    builder.call('execve', [text('/bin/true'), stringArray(['true', 'x y']), stringArray(['A=b'])], 'execute')
  })
  assert.deepEqual(
    printPlan(builder.build())
      .split('\n')
      .map(line => line.replace(/0x1[0-9a-f]{8}/, 'ADDRESS')),
    [
      '/* print me */',
      'openat(AT_FDCWD, "/etc/hosts", O_RDONLY|O_CLOEXEC) = <file>',
      'mount("tmpfs", "/tmp", "tmpfs", MS_NOSUID|MS_NODEV, "size=1m")',
      'prlimit64(0, RLIMIT_NOFILE, {rlim_cur=256, rlim_max=RLIM64_INFINITY}, NULL)',
      'write(<file>, "a\\"b\\n", 4)',
      'clone3({flags=CLONE_VM|CLONE_VFORK, exit_signal=SIGCHLD, stack=NULL, stack_size=0}, 88)',
      '    execve("/bin/true", ["true", "x y"], ADDRESS /* 1 var */)',
      '',
    ],
  )
})
