/**
 * socketcall(2) and ipc(2) of i386: calls whose first argument says which of several calls they
 * are, whose text they have. Sources: socketcall(2), ipc(2).
 */
import { syscallByName } from '../linux/syscalls.ts'
import type { Syscall } from '../linux/syscall.ts'
import { type MemoryReader, readWord } from './memory.ts'
import type { Call } from './types.ts'

/** The parts of socketcall(2) by number, which have their arguments in memory. */
const SOCKET_CALLS: readonly (readonly [name: string, arguments: number])[] = [
  ['', 0],
  ['socket', 3],
  ['bind', 3],
  ['connect', 3],
  ['listen', 2],
  ['accept', 3],
  ['getsockname', 3],
  ['getpeername', 3],
  ['socketpair', 4],
  ['send', 4],
  ['recv', 4],
  ['sendto', 6],
  ['recvfrom', 6],
  ['shutdown', 2],
  ['setsockopt', 5],
  ['getsockopt', 5],
  ['sendmsg', 3],
  ['recvmsg', 3],
  ['accept4', 4],
  ['recvmmsg', 5],
  ['sendmmsg', 4],
]

/** Parts that are a call with fewer arguments. */
const SHORTER: Readonly<Record<string, string>> = { send: 'sendto', recv: 'recvfrom' }

/** The parts of ipc(2) by number; its arguments follow. */
const IPC_CALLS: Readonly<Record<number, string>> = {
  1: 'semop',
  2: 'semget',
  3: 'semctl',
  4: 'semtimedop',
  11: 'msgsnd',
  12: 'msgrcv',
  13: 'msgget',
  14: 'msgctl',
  21: 'shmat',
  22: 'shmdt',
  23: 'shmget',
  24: 'shmctl',
}

export interface Part {
  readonly call: Call
  readonly syscall: Syscall
  readonly name: string
}

const WORD_BYTES = 4

function socketPart(call: Call, memory: MemoryReader): Part | undefined {
  const [number = 0n, address = 0n] = call.args
  const [name = '', count = 0] = SOCKET_CALLS[Number(BigInt.asUintN(32, number))] ?? []
  const same = syscallByName(SHORTER[name] ?? name)
  if (!same) return undefined
  const args: bigint[] = []
  for (let index = 0; index < count; index++) {
    const word = readWord(memory, address + BigInt(index * WORD_BYTES), WORD_BYTES)
    if (word === undefined) return undefined
    args.push(word)
  }
  return { call: { ...call, args }, syscall: named(same, name, count), name }
}

/** A call under the name of the part, with as many of its arguments. */
const named = (same: Syscall, name: string, count: number): Syscall => ({
  nr: same.nr,
  name,
  args: same.args.slice(0, count),
  result: same.result,
  classes: same.classes,
  sameAs: same.name,
  hasOwnArguments: count < same.args.length,
})

/** How ipc(2) gives the arguments of a call: first, second, third, pointer, fifth. */
const ORDERS: Readonly<Record<string, readonly number[]>> = {
  semop: [1, 4, 2],
  semtimedop: [1, 4, 2, 5],
  semget: [1, 2, 3],
  semctl: [1, 2, 3, 4],
  msgsnd: [1, 4, 2, 3],
  msgrcv: [1, 4, 2, 5, 3],
  msgget: [1, 2],
  msgctl: [1, 2, 4],
  shmat: [1, 4, 2],
  shmdt: [4],
  shmget: [1, 2, 3],
  shmctl: [1, 2, 4],
}

/** The version of the interface lies above the number. */
const VERSION_BITS = 16n

function ipcPart(call: Call, memory: MemoryReader): Part | undefined {
  const name = IPC_CALLS[Number(BigInt.asUintN(16, call.args[0] ?? 0n))]
  const same = name === undefined ? undefined : syscallByName(name)
  if (name === undefined || !same) return undefined
  const args = (ORDERS[name] ?? []).map(index => call.args[index] ?? 0n)
  const version = BigInt.asUintN(32, call.args[0] ?? 0n) >> VERSION_BITS
  if (name === 'msgrcv' && version === 0n) {
    // In the first version, memory has the address of the message and its type.
    const at = call.args[4] ?? 0n
    const [message, type] = [
      readWord(memory, at, WORD_BYTES),
      readWord(memory, at + BigInt(WORD_BYTES), WORD_BYTES),
    ]
    if (message === undefined || type === undefined) return undefined
    args.splice(1, 1, message)
    args.splice(3, 1, type)
  }
  return { call: { ...call, args }, syscall: same, name }
}

/** The call that it is in truth; `undefined` if it is none, or its arguments cannot be read. */
export function multiplexed(syscall: Syscall, call: Call, memory: MemoryReader): Part | undefined {
  if (syscall.name === 'socketcall') return socketPart(call, memory)
  return syscall.name === 'ipc' ? ipcPart(call, memory) : undefined
}
