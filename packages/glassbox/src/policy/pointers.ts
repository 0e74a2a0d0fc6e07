/**
 * Which calls can be decided by a handler. A handler sees numbers. What a pointer leads to could
 * be changed by another thread between the decision and the call, so a call whose meaning is
 * behind a pointer is left to the path rules. Pointers to which the kernel only writes do no harm.
 */
import { isPointing } from '../linux/schema/kinds.ts'
import { syscallByName } from '../linux/syscalls.ts'
import type { SyscallArg } from '../linux/syscall.ts'

/** Calls whose arguments are numbers in the table, but pointers for some commands. */
const BY_COMMAND: readonly string[] = ['fcntl', 'prctl', 'keyctl', 'sysfs']

/** An address is a number for calls that work on memory, and for a new thread's stack. */
const isAddressAsNumber = (name: string, classes: readonly string[]): boolean =>
  classes.includes('memory') || name === 'clone'

/** Whether the kernel reads what the argument points to. */
const isRead = ({ schema }: SyscallArg): boolean =>
  isPointing(schema) && (schema.type === 'strings' || schema.way !== 'out')

const isAddress = ({ schema }: SyscallArg): boolean => schema.type === 'int' && schema.form === 'address'

/**
 * The first argument of a call that the kernel follows to read, by its name; `undefined` if the
 * call can be decided by its registers alone.
 */
export function pointerOf(syscall: string): string | undefined {
  const call = syscallByName(syscall)
  if (!call) return undefined
  if (BY_COMMAND.includes(syscall)) return call.args[2]?.name ?? call.args[1]?.name
  const addresses = !isAddressAsNumber(call.name, call.classes)
  return call.args.find(arg => isRead(arg) || (addresses && isAddress(arg)))?.name
}
