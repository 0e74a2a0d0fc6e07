/**
 * Offsets in struct user, which ptrace(2) reads and writes by words: `8*RIP`, `offsetof(struct
 * user, u_debugreg)+8`. Source: sys/user.h.
 */
import type { Printer } from '../context.ts'
import { named } from '../names.ts'
import { address, hex } from '../text.ts'

const WORD_BYTES = 8

const REGISTERS = [
  ...['R15', 'R14', 'R13', 'R12', 'RBP', 'RBX', 'R11', 'R10', 'R9', 'R8', 'RAX', 'RCX', 'RDX', 'RSI', 'RDI'],
  ...['ORIG_RAX', 'RIP', 'CS', 'EFL', 'RSP', 'SS'],
]

const MEMBERS = {
  u_fpvalid: 216,
  i387: 224,
  u_tsize: 736,
  u_dsize: 744,
  u_ssize: 752,
  start_code: 760,
  start_stack: 768,
  signal: 776,
  reserved: 784,
  u_ar0: 792,
  u_fpstate: 800,
  magic: 808,
  u_comm: 816,
  u_debugreg: 848,
} as const
const USER_BYTES = 912

const PLACES: readonly (readonly [offset: number, name: string])[] = [
  ...REGISTERS.map((name, index) => [index * WORD_BYTES, `8*${name}`] as const),
  ...Object.entries(MEMBERS).map(([name, offset]) => [offset, `offsetof(struct user, ${name})`] as const),
  [USER_BYTES, 'sizeof(struct user)'],
]

/** The last member at or before the offset, and the distance from it. */
export const userRegister: Printer = (value, { options }) => {
  if (value > BigInt(USER_BYTES)) return address(value)
  const at = Number(value)
  const [offset, name] = PLACES.findLast(([start]) => start <= at) ?? [0, '']
  return named(hex(value), at === offset ? name : `${name}+${at - offset}`, options)
}
