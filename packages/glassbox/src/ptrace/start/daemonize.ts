/**
 * Runs the tracer beside the command instead of above it. This process becomes the launcher and
 * then the command, and keeps its own id and parent. Its tracer is a grandchild, which runs the
 * same program anew and has no parent that waits for it. Between the two there is a socket, as
 * between every tracer and its launcher, and a pipe that closes when this process is no longer
 * Node.
 */
import { GlassboxError } from '../../errors.ts'
import { call, runPlan, syscall, systemError } from '../../gate/gate.ts'
import {
  __WALL,
  CLONE_CLEAR_SIGHAND,
  CLONE_VFORK,
  CLONE_VM,
  F_SETFD,
  O_CLOEXEC,
} from '../../linux/constants.ts'
import { PLAN_SOCKET } from '../../gate/generated/layouts.ts'
import { moveAway } from '../../launch/descriptors-away.ts'
import { socketPair } from '../../launch/socket-pair.ts'
import { addProgramSteps, programDescriptor } from '../../launch/static-program.ts'
import { signalNumber } from '../../linux/signals.ts'
import { syscallNumber } from '../../linux/syscalls.ts'
import { PlanBuilder, stringArray, text } from '../../plan/builder.ts'
import { addInheritSteps, socketPlace } from '../launch-plan.ts'
import { encodePlan } from '../../plan/encode.ts'
import type { Plan } from '../../plan/types.ts'
import type { Daemonizer, Detachment, Inherited, WaitingProcess } from '../../trace/source.ts'

const STDIO = [0, 1, 2] as const
const READ = syscallNumber('read')
const FCNTL = syscallNumber('fcntl')
const WRITE = syscallNumber('write')
const WAIT4 = syscallNumber('wait4')
const PRCTL = syscallNumber('prctl')
const PR_SET_PTRACER = 0x59616d61
const ANYBODY = -1

/**
 * Tells the tracer what to trace. The tracer removes it from its own environment, so the command
 * does not have it either.
 */
const VARIABLE = 'GLASSBOX_TRACER_OF'
const TRACER_PIPE = PLAN_SOCKET + 1

const SEPARATION: Readonly<Record<Detachment, readonly [name: string, args: readonly number[]] | undefined>> =
  {
    grandchild: undefined,
    pgroup: ['setpgid', [0, 0]],
    session: ['setsid', []],
  }

/**
 * Inputs: the tracer's socket and pipe. The child in between exits at once, so no process waits
 * for the grandchild.
 */
function tracerPlan(how: Detachment, program: string, argv: readonly string[], env: readonly string[]): Plan {
  const builder = new PlanBuilder('start the tracer')
  const inputs = ['socket', 'pipe'].map(name => builder.input(name))
  const child = builder.slot('pid of the child')
  const flags = BigInt(CLONE_VM + CLONE_VFORK + CLONE_CLEAR_SIGHAND)
  const exitSignal = signalNumber('SIGCHLD') ?? 0
  builder.clone({ flags, exitSignal, result: child, label: 'clone the child in between' }, () => {
    const tracer = builder.slot('pid of the tracer')
    builder.clone({ flags, exitSignal, result: tracer, label: 'clone the tracer' }, () => {
      for (const [index, slot] of moveAway(builder, inputs).entries())
        builder.call('dup3', [slot, PLAN_SOCKET + index, 0], `give the tracer its ${slot.label}`)
      const separation = SEPARATION[how]
      if (separation) builder.call(separation[0], separation[1], 'stand apart')
      builder.call('execve', [text(program), stringArray(argv), stringArray(env)], 'execute the tracer')
    })
    builder.call('exit_group', [0], 'leave the tracer alone')
  })
  return builder.build()
}

/** Inputs: the socket, and the launcher's file. */
function becomePlan(inherited: readonly number[]): Plan {
  const builder = new PlanBuilder('become the launcher')
  const [socket, launcher] = ['socket', 'launcher'].map(name => builder.input(name))
  const [high] = socket ? moveAway(builder, [socket]) : []
  if (!high || !launcher) throw new RangeError('the launcher has a socket and a file')
  addInheritSteps(builder, inherited)
  addProgramSteps(builder, 'launcher', high, launcher, socketPlace(inherited))
  return builder.build()
}

function run(plan: Plan, inputs: readonly number[]): BigInt64Array {
  const { slots, failure } = runPlan(encodePlan(plan).bytes, inputs)
  if (failure) throw systemError(plan.title, failure.errno)
  return slots
}

/**
 * Starts the tracer and becomes the process that it traces. Returns only if the tracer could not
 * begin; the tracer has then reported why.
 */
function daemonize(how: Detachment, inherited?: Inherited): void {
  const { ours, theirs } = socketPair()
  const ends = new Int32Array(2)
  call('pipe2', [ends, O_CLOEXEC])
  const env = { ...process.env, [VARIABLE]: String(process.pid) }
  const argv = [process.execPath, ...process.execArgv, ...process.argv.slice(1)]
  const words = Object.entries(env).map(([name, value]) => `${name}=${value}`)
  const launcher = programDescriptor('launcher')
  // Node marks its descriptors close-on-exec. A closed one stays closed.
  for (const fd of STDIO) syscall(FCNTL, fd, F_SETFD, 0)
  // Yama may allow ptrace only to ancestors, so a descendant needs a permit. Without Yama this
  // call fails, and no permit is needed.
  syscall(PRCTL, PR_SET_PTRACER, ANYBODY, 0, 0, 0)
  const [, , child = -1n] = run(tracerPlan(how, process.execPath, argv, words), [theirs, ends[0] ?? -1])
  syscall(WAIT4, Number(child), 0, __WALL, 0)
  call('close', [theirs])
  if (syscall(READ, ours, new Uint8Array(1), 1) === 1)
    run(becomePlan(inherited?.descriptors ?? []), [ours, launcher])
}

/** The process that this process was started to trace, if any. */
function tracedProcess(): WaitingProcess | undefined {
  const said = process.env[VARIABLE]
  if (said === undefined) return undefined
  delete process.env[VARIABLE]
  return { pid: Number(said), socket: PLAN_SOCKET }
}

/** Tells the process that its tracer is ready, and waits until it can be traced. */
function handshake({ pid, socket }: WaitingProcess): void {
  if (syscall(WRITE, socket, new Uint8Array(1), 1) !== 1)
    throw new GlassboxError('ERR_GLASSBOX_SYSTEM', `Process ${pid}, which was to be traced, has ended.`)
  syscall(READ, TRACER_PIPE, new Uint8Array(1), 1)
  call('close', [TRACER_PIPE])
}

export const DAEMONIZER: Daemonizer = { daemonize, tracedProcess, handshake }
