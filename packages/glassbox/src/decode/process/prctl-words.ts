/**
 * Words of prctl(2) in which some bits are a number or a value of their own. Most belong to other
 * architectures; their requests are named all the same, as strace names them.
 */
import type { Context, Printer } from '../context.ts'
import { nameForComment, NAMES, named, nameless, restText } from '../names.ts'
import { hex } from '../text.ts'

const VECTOR_LENGTH = 0xffffn

/** Flags above the length of a vector: arm64's SVE and SME. */
export const vectorLength =
  (set: string): Printer =>
  (value, { options }) => {
    const flags = value & ~VECTOR_LENGTH
    const length = hex(value & VECTOR_LENGTH)
    return flags === 0n ? length : named(hex(value), `${restText(set, flags, NAMES)}|${length}`, options)
  }

const ENABLE = 1n
const FAULT_MASK = 6n
const FAULTS: Readonly<Record<string, string>> = { '0': 'NONE', '2': 'SYNC', '4': 'ASYNC', '6': 'MASK' }
const TAG_SHIFT = 3n
const TAG_MASK = 0xffffn

/** `PR_TAGGED_ADDR_ENABLE|PR_MTE_TCF_SYNC|0x7<<PR_MTE_TAG_SHIFT`. */
export function taggedText(value: bigint): string {
  const tags = (value >> TAG_SHIFT) & TAG_MASK
  const rest = value >> (TAG_SHIFT + 16n)
  const names = [
    `${value & ENABLE ? '' : '!'}PR_TAGGED_ADDR_ENABLE`,
    `PR_MTE_TCF_${FAULTS[String(value & FAULT_MASK)]}`,
    ...(tags === 0n ? [] : [`${hex(tags)}<<PR_MTE_TAG_SHIFT`]),
    ...(rest === 0n ? [] : [hex(rest << (TAG_SHIFT + 16n))]),
  ]
  return names.join('|')
}

export const taggedAddresses: Printer = (value, { options }) => named(hex(value), taggedText(value), options)

const CONTROLS = ['DEFAULT', 'OFF', 'ON']
const CONTROL_BITS = 2n
const CONTROL = 3n
const INHERIT = 0x10n

const controlName = (value: bigint): string => {
  const name = CONTROLS[Number(value & CONTROL)]
  return name === undefined ? hex(value & CONTROL) : `PR_RISCV_V_VSTATE_CTRL_${name}`
}

/** The state of vectors of riscv, that of programs that it executes, and whether those keep it. */
export function riscvVectorText(value: bigint): string {
  const rest = value & ~0x1fn
  const parts = [
    controlName(value),
    `${controlName(value >> CONTROL_BITS)}<<${CONTROL_BITS}`,
    `${value & INHERIT ? '' : '!'}PR_RISCV_V_VSTATE_CTRL_INHERIT`,
    ...(rest === 0n ? [] : [hex(rest)]),
  ]
  return parts.join('|')
}

export const riscvVector: Printer = (value, { options }) => named(hex(value), riscvVectorText(value), options)

/** A mask of XSAVE features: the names are always in a comment. */
export const features: Printer = (value, context) =>
  value === 0n ? hex(value) : withName('|xfeatures', value, context)

/** The number of an XSAVE feature. */
export const feature: Printer = (value, context) => withName('=xfeature', value, context)

const withName = (set: string, value: bigint, { options }: Context): string =>
  nameless(hex(value), nameForComment(set, value), options)
