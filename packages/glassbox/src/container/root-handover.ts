/**
 * How this process gets a descriptor of the box's root, for the files that go in and out. Usually
 * it opens /proc/PID/root of init. That takes CAP_SYS_PTRACE, because init is not dumpable. Root
 * of a container often has CAP_SYS_ADMIN, but not that one. Then init sends the descriptor over a
 * socket of its own, by plans at both ends.
 */
import { close } from '../gate/descriptors.ts'
import { call, runPlan } from '../gate/gate.ts'
import { INIT_DESCRIPTOR } from '../gate/generated/layouts.ts'
import { hasCapabilities } from '../launch/capabilities.ts'
import { socketPair } from '../launch/socket-pair.ts'
import { stepError } from '../launch/step-error.ts'
import {
  AT_FDCWD,
  CAP_SYS_PTRACE,
  F_DUPFD_CLOEXEC,
  MSG_CMSG_CLOEXEC,
  MSG_DONTWAIT,
  O_CLOEXEC,
  O_DIRECTORY,
  O_PATH,
  SCM_RIGHTS,
  SOL_SOCKET,
} from '../linux/constants.ts'
import { PlanBuilder, text, words } from '../plan/builder.ts'
import { encodePlan } from '../plan/encode.ts'
import type { Data, Plan } from '../plan/types.ts'

/** Whether init has to send it. In a user namespace, its owner has every capability. */
export const needsHandover = (privileged: boolean): boolean => privileged && !hasCapabilities(CAP_SYS_PTRACE)

/** Where init has the descriptor while it sends it: above those that it keeps. */
const SENT = INIT_DESCRIPTOR.firstDisconnect + 32

/** struct cmsghdr: its length with the data, level, type; then the descriptor and padding. */
const CONTROL = { SIZE: 24, descriptor: 16 } as const
const controlOf = (descriptor: number): Data => ({
  bytes: Buffer.concat([
    words(8, [CONTROL.descriptor + 4]).bytes,
    words(4, [SOL_SOCKET, SCM_RIGHTS, descriptor, 0]).bytes,
  ]),
})

/** struct msghdr of one byte with control data. */
const messageOf = (control: Data): Data => ({
  bytes: words(8, [0, 0, 0, 1, 0, CONTROL.SIZE, 0]).bytes,
  pointers: [
    {
      offset: 16,
      to: { bytes: words(8, [0, 1]).bytes, pointers: [{ offset: 0, to: { bytes: new Uint8Array(8) } }] },
    },
    { offset: 32, to: control },
  ],
})

function sendPlan(): Plan {
  const builder = new PlanBuilder('hand over the root of the box')
  const socket = builder.input('socket')
  const root = builder.slot('root')
  return builder
    .call('openat', [AT_FDCWD, text('/'), O_PATH | O_DIRECTORY | O_CLOEXEC, 0], 'open the root', {
      result: root,
    })
    .call('dup3', [root, SENT, O_CLOEXEC], 'give it a known number')
    .call('sendmsg', [socket, messageOf(controlOf(SENT)), 0], 'send it')
    .call('close', [SENT], 'close it')
    .build()
}

const received = controlOf(-1)

function receivePlan(): Plan {
  const builder = new PlanBuilder('receive the root of the box')
  const socket = builder.input('socket')
  return builder
    .call('recvmsg', [socket, messageOf(received), MSG_DONTWAIT | MSG_CMSG_CLOEXEC], 'receive it')
    .build()
}

let plans: { readonly send: Plan; readonly receive: Plan } | undefined

/**
 * Resolves with a descriptor of the box's root, which the caller closes. `run` has init run a plan
 * with descriptors as its inputs.
 */
export async function receiveRoot(
  run: (plan: Plan, descriptors: readonly number[]) => Promise<unknown>,
): Promise<number> {
  plans ??= { send: sendPlan(), receive: receivePlan() }
  const { send, receive } = plans
  const { ours, theirs } = socketPair()
  try {
    await run(send, [theirs])
    const { bytes, origin, dataOf } = encodePlan(receive)
    const { failure } = runPlan(bytes, [ours])
    if (failure) throw stepError(receive, origin[failure.step], failure.errno)
    const control = dataOf(received)
    const descriptor = new DataView(control.buffer, control.byteOffset).getInt32(CONTROL.descriptor, true)
    const root = call('fcntl', [descriptor, F_DUPFD_CLOEXEC, 3])
    close(descriptor)
    return root
  } finally {
    close(ours)
    close(theirs)
  }
}
