/** The machine as guests see it: names, memory, randomness, CPUs. */
import { GRND_INSECURE, GRND_NONBLOCK, GRND_RANDOM } from '../../../linux/constants.ts'
import { EFAULT, EINVAL, ENOSYS, EPERM } from '../../../linux/errno-numbers.ts'
import { RELEASE, VERSION } from '../../fs/proc/system-texts.ts'
import type { Task, WorldState } from '../../task/state.ts'
import { family } from './family.ts'

const NAME_SIZE = 65
const UNAME_SIZE = 6 * NAME_SIZE

function uname(task: Task, address: number): number {
  const { hostname, domainName } = task.world
  const buffer = Buffer.alloc(UNAME_SIZE)
  const names = ['Linux', hostname, RELEASE, VERSION, 'x86_64', domainName]
  for (const [index, name] of names.entries())
    buffer.write(name.slice(0, NAME_SIZE - 1), index * NAME_SIZE, 'latin1')
  return task.memory.write(address, buffer, 0, UNAME_SIZE)
}

const NAME_LENGTH = 64

function setName(
  set: (world: WorldState, name: string) => void,
): (task: Task, a: number, b: number) => number {
  return (task, address, length) => {
    if (!task.credentials.privileged) return -EPERM
    if (length < 0 || length > NAME_LENGTH) return -EINVAL
    const bytes = Buffer.alloc(length)
    if (task.memory.read(address, bytes, 0, length) !== 0) return -EFAULT
    set(task.world, bytes.toString('latin1').replace(/\0.*$/s, ''))
    return 0
  }
}

const INFO_SIZE = 112

function sysinfo(task: Task, address: number): number {
  const { world } = task
  const buffer = Buffer.alloc(INFO_SIZE)
  const view = new DataView(buffer.buffer, buffer.byteOffset)
  const total = memorySize(world)
  const free = Math.max(0, total - world.memory.usage())
  const words = [Math.floor(world.clock.monotonic() / 1e9), 0, 0, 0, total, free]
  for (const [index, value] of words.entries()) view.setBigUint64(index * 8, BigInt(Math.floor(value)), true)
  view.setUint16(80, world.processes.size, true)
  view.setUint32(104, 1, true)
  return task.memory.write(address, buffer, 0, INFO_SIZE)
}

const DEFAULT_MEMORY = 8 * 2 ** 30

/** What guests may have: the limit of the world, if it has one. */
export function memorySize(world: WorldState): number {
  return world.limits.memoryBytes === Infinity ? DEFAULT_MEMORY : world.limits.memoryBytes
}

const PIECE = 4096
const random = new Uint8Array(PIECE)
const MOST_RANDOM = 33_554_431

function getrandom(task: Task, address: number, length: number, flags: number): number {
  if (flags & ~(GRND_NONBLOCK | GRND_RANDOM | GRND_INSECURE)) return -EINVAL
  if ((flags & (GRND_RANDOM | GRND_INSECURE)) === (GRND_RANDOM | GRND_INSECURE)) return -EINVAL
  const wanted = Math.min(length < 0 ? MOST_RANDOM : length, MOST_RANDOM)
  for (let done = 0; done < wanted; ) {
    const size = Math.min(PIECE, wanted - done)
    task.world.random(size === PIECE ? random : random.subarray(0, size))
    if (task.memory.write(address + done, random, 0, size) !== 0) return done === 0 ? -EFAULT : done
    done += size
  }
  return wanted
}

function getcpu(task: Task, cpu: number, node: number): number {
  for (const address of [cpu, node])
    if (address !== 0 && task.memory.writeInt32(address, 0) !== 0) return -EFAULT
  return 0
}

export const SYSTEM: ReturnType<typeof family> = family({
  uname,
  sethostname: setName((world, name) => (world.hostname = name)),
  setdomainname: setName((world, name) => (world.domainName = name)),
  sysinfo,
  getrandom,
  getcpu: { handler: getcpu, partly: 'guests see one CPU' },
  // glibc and others go on without: a registered area would have to be written at each preemption.
  rseq: { handler: () => -ENOSYS, partly: 'it is refused, and libraries go on without it' },
  syslog: { handler: () => -EPERM, partly: 'it is refused, as to any user without CAP_SYSLOG' },
})
