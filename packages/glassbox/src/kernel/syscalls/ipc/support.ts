/** What the calls of all kinds of System V IPC share: finding by key, permissions, structs. */
import { struct, type Written } from '../../../codec/struct.ts'
import { IPC_CREAT, IPC_EXCL } from '../../../linux/constants.ts'
import { EACCES, EEXIST, EFAULT, EINVAL, ENOENT, ENOSPC, EPERM } from '../../../linux/errno-numbers.ts'
import type { StructName, StructValues } from '../../../linux/schema/layouts.ts'
import type { IpcObject } from '../../task/ipc/object.ts'
import { type IpcTable, sequenceOf } from '../../task/ipc/table.ts'
import type { Task } from '../../task/state.ts'

const IPC_PRIVATE = 0

/** How one kind of object is found and made. */
export interface Kind<T extends IpcObject> {
  readonly table: IpcTable<T>
  /** Whether one that was found is large enough; else EINVAL. */
  suits(found: T): boolean
  /** The id of a new one, or a negative errno. The table may be full. */
  make(): number
}

/** shmget(2), semget(2), msgget(2). */
export function obtain<T extends IpcObject>(task: Task, kind: Kind<T>, key: number, flags: number): number {
  const found = key === IPC_PRIVATE ? undefined : kind.table.withKey(key | 0)
  if (found === undefined) return key === IPC_PRIVATE || (flags & IPC_CREAT) !== 0 ? kind.make() : -ENOENT
  if ((flags & (IPC_CREAT | IPC_EXCL)) === (IPC_CREAT | IPC_EXCL)) return -EEXIST
  if (!kind.suits(found)) return -EINVAL
  return found.permits(task.credentials, flags) ? found.id : -EACCES
}

/** −ENOSPC if no more objects may be made. */
export const roomIn = (table: IpcTable<IpcObject>): number => (table.isFull ? -ENOSPC : 0)

/** 0 if the caller may change or remove it, −EINVAL if there is none, −EPERM. */
function checkChange(task: Task, object: IpcObject | undefined): number {
  if (object === undefined) return -EINVAL
  return object.mayBeChangedBy(task.credentials) ? 0 : -EPERM
}

/** IPC_SET: gives an object the owner and the mode of the struct at the address. */
export function change<T extends IpcObject, Name extends StructName>(
  task: Task,
  object: T | undefined,
  name: Name,
  address: number,
  permissions: (wanted: StructValues[Name]) => StructValues['ipc_perm'],
  /** What else it changes: 0; or a negative errno, and nothing is changed. */
  also: (object: T, wanted: StructValues[Name]) => number = () => 0,
): number {
  const wanted = question(task, address, name)
  if (typeof wanted === 'number') return wanted
  const refusal = checkChange(task, object)
  if (refusal !== 0 || object === undefined) return refusal
  const failure = also(object, wanted)
  if (failure !== 0) return failure
  const { uid, gid, mode } = permissions(wanted)
  object.change(uid, gid, mode, seconds(task))
  return 0
}

/** IPC_RMID. */
export function remove<T extends IpcObject>(
  task: Task,
  object: T | undefined,
  removal: (object: T) => void,
): number {
  const refusal = checkChange(task, object)
  if (refusal === 0 && object !== undefined) removal(object)
  return refusal
}

/** Where the sequence number is in struct ipc64_perm: no layout of the schema has it. */
const SEQUENCE_AT = 24

/** Fills what the schema does not name. */
export type Finish = (view: DataView) => void

/** Writes a struct to the guest: 0 or −EFAULT. */
export function answer<Name extends StructName>(
  task: Task,
  address: number,
  name: Name,
  value: Written<StructValues[Name]>,
  finish?: Finish,
): number {
  const codec = struct(name)
  const bytes = new Uint8Array(codec.size)
  const view = new DataView(bytes.buffer)
  codec.write(view, 0, value)
  finish?.(view)
  return task.memory.write(address, bytes, 0, bytes.length)
}

/** Reads a struct of the guest: −EFAULT. */
export function question<Name extends StructName>(
  task: Task,
  address: number,
  name: Name,
): StructValues[Name] | number {
  const codec = struct(name)
  const bytes = new Uint8Array(codec.size)
  if (task.memory.read(address, bytes, 0, bytes.length) !== 0) return -EFAULT
  return codec.read(new DataView(bytes.buffer))
}

/** struct ipc64_perm, which each struct of an object begins with. */
export function permissionsOf(object: IpcObject): Written<StructValues['ipc_perm']> {
  return {
    ...{ key: object.key >>> 0, uid: object.uid, gid: object.gid, mode: object.mode },
    ...{ cuid: object.creatorUid, cgid: object.creatorGid },
  }
}

export const putSequence = (view: DataView, { id }: IpcObject): void =>
  view.setUint16(SEQUENCE_AT, sequenceOf(id), true)

/** Seconds since 1970, as the structs have them. */
export const seconds = (task: Task): number => task.world.clock.realSeconds()
