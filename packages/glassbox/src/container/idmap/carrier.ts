/**
 * The carrier of an id map: a user namespace in which no program ever runs. mount_setattr(2) takes
 * the map of a mount from such a namespace, and keeps it after the namespace's descriptor is
 * closed.
 *
 * A namespace begins with a process, and a process without rights outside cannot write its own
 * map. So a launcher (native/launcher.c) is cloned into it. It waits for a plan that never comes,
 * while this process writes the map and opens the namespace. Then it is killed and reaped; if
 * something else kills it before, nothing is lost, because it is not reaped. All of this takes a
 * third of a millisecond.
 */
import { writeFileSync } from 'node:fs'
import { close } from '../../gate/descriptors.ts'
import { asSystemError, call, cString, syscall } from '../../gate/gate.ts'
import { moveAway } from '../../launch/descriptors-away.ts'
import { socketPair } from '../../launch/socket-pair.ts'
import { addProgramSteps, programDescriptor } from '../../launch/static-program.ts'
import {
  __WALL,
  AT_FDCWD,
  CLONE_CLEAR_SIGHAND,
  CLONE_NEWUSER,
  CLONE_VFORK,
  CLONE_VM,
  O_CLOEXEC,
  O_RDONLY,
} from '../../linux/constants.ts'
import { signalNumber } from '../../linux/signals.ts'
import { syscallNumber } from '../../linux/syscalls.ts'
import { PlanBuilder } from '../../plan/builder.ts'
import type { Plan, Slot } from '../../plan/types.ts'
import { cloneInto } from '../clone-into.ts'
import type { SpawnSpec } from '../spawn-plan.ts'
import type { IdMaps } from './swap.ts'

const KILL = syscallNumber('kill')
const WAIT4 = syscallNumber('wait4')

function makePlan(): { readonly plan: Plan; readonly pid: Slot } {
  const builder = new PlanBuilder('make the user namespace of an id map')
  const socket = builder.input('socket')
  const program = builder.input('launcher')
  const pid = builder.slot('pid of the launcher')
  const flags = BigInt(CLONE_VM + CLONE_VFORK + CLONE_CLEAR_SIGHAND + CLONE_NEWUSER)
  const label = 'clone a process into a new user namespace'
  builder.clone({ flags, exitSignal: 0, result: pid, label }, () => {
    const [highSocket, highProgram] = moveAway(builder, [socket, program])
    addProgramSteps(builder, 'launcher', highSocket, highProgram)
  })
  return { plan: builder.build(), pid }
}

/** For the words of an error only: the namespace has one process, and no box is in it. */
const SPEC: SpawnSpec = {
  network: false,
  userNamespace: { uid: 0, gid: 0, outerUid: 0, outerGid: 0 },
}

let making: ReturnType<typeof makePlan> | undefined

/**
 * Makes a carrier and returns its descriptor, which the caller closes. Throws if the namespace
 * cannot be made or may not have the map; nothing is left then. `start` is another start in tests.
 */
export function makeCarrier(maps: IdMaps, start: typeof startWaiting = startWaiting): number {
  const { ours, theirs } = socketPair()
  let pid: number | undefined
  try {
    pid = start(theirs)
    return openNamespace(pid, maps)
  } catch (error) {
    throw asSystemError(error)
  } finally {
    close(ours)
    if (pid !== undefined) end(pid)
  }
}

function openNamespace(pid: number, { uids, gids }: IdMaps): number {
  const process = `/proc/${pid}`
  writeFileSync(`${process}/uid_map`, uids)
  writeFileSync(`${process}/gid_map`, gids)
  const path = `${process}/ns/user`
  return call('openat', [AT_FDCWD, cString(path), O_RDONLY | O_CLOEXEC, 0], path)
}

/** Starts a process in a new user namespace, and closes this process's copy of its socket. */
export function startWaiting(socket: number): number {
  try {
    making ??= makePlan()
    const { plan, pid } = making
    const inputs = [socket, programDescriptor('launcher')]
    const slots = cloneInto(SPEC, { plan, inputs, made: { children: [pid.slot] } })
    return Number(slots[pid.slot])
  } finally {
    close(socket)
  }
}

/** It is a child that nothing else waits for, so its id is its own until it is reaped here. */
function end(pid: number): void {
  syscall(KILL, pid, signalNumber('SIGKILL') ?? 0)
  syscall(WAIT4, pid, 0, __WALL, 0)
}
