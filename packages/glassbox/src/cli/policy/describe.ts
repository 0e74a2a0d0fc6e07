/** Words for rules: conditions and actions as people read them. Pure. */
import { NAMES, restText, setText } from '../../decode/names.ts'
import { errnoName } from '../../linux/errno.ts'
import { syscallByName } from '../../linux/syscalls.ts'
import type { Condition } from '../../seccomp/policy.ts'
import type { Action } from '../../policy/policy.ts'

const SIGNS: Readonly<Record<Exclude<Condition['op'], 'masked-eq' | 'masked-ne'>, string>> = {
  ...{ eq: '=', ne: '≠', lt: '<', le: '≤' },
  ...{ gt: '>', ge: '≥' },
}

/** Kinds of flags whose parts are those of a set in the table of system calls. */
const SETS: Readonly<Record<string, string>> = {
  ...{ cloneflags: '|clone', openflags: '|open', mapflags: '|map', socktype: '=sock_type' },
  ...{ memfdflags: '|memfd', filemode: '|filetype' },
}

const MODES: readonly string[] = ['mode', 'filemode']

/** A value of an argument: by its names, a mode in octal, a small number in decimal. */
function valueText(kind: string, value: bigint, isMask: boolean): string {
  if (MODES.includes(kind)) return `0${value.toString(8)}`
  const set = SETS[kind] ?? kind
  if (set.startsWith('|')) return restText(set, value, NAMES)
  if (set.startsWith('=') && !isMask) return setText(set, value, NAMES)
  if (value === 2n ** 32n - 1n) return '-1'
  return value < 4096n ? String(value) : `0x${value.toString(16)}`
}

/** The name of an argument, and its kind. */
function argument(syscall: string, index: number): { readonly name: string; readonly kind: string } {
  return syscallByName(syscall)?.args[index] ?? { name: `argument ${index}`, kind: 'hex' }
}

/**
 * A condition in words, for a call that the rule is about.
 *
 * @example
 * conditionText('socket', { arg: 0, op: 'eq', value: 2n, width: 32 }) // domain = AF_INET
 */
export function conditionText(syscall: string, { arg, op, value, mask = 0n }: Condition): string {
  const { name, kind } = argument(syscall, arg)
  if (op !== 'masked-eq' && op !== 'masked-ne') return `${name} ${SIGNS[op]} ${valueText(kind, value, false)}`
  const bits = valueText(kind, mask, true)
  if (value === 0n) return op === 'masked-ne' ? `${name} has ${bits}` : `${name} lacks ${bits}`
  if (value === mask)
    return op === 'masked-eq' ? `${name} has all of ${bits}` : `${name} lacks one of ${bits}`
  const sign = op === 'masked-eq' ? '=' : '≠'
  return `${name} & ${bits} ${sign} ${valueText(kind, value, false)}`
}

/** What an action does to a call, as a participle. */
export function actionText(action: Action): string {
  switch (action.kind) {
    case 'allow':
      return 'allowed'
    case 'errno':
      return action.errno === 0 ? 'not made, returns 0' : `refused with ${errnoName(action.errno)}`
    case 'kill':
      return 'ends the program'
    case 'decide':
      return 'decided by a handler'
    case 'log':
      return 'allowed and logged'
    default:
      return `seccomp's ${action.kind}`
  }
}
