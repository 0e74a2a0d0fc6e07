/**
 * A policy as a BPF program.
 *
 *   check the architecture, refuse x32 → search the number → the call's chain of rules → return
 *
 * Calls of i386 have a policy of their own, or one action for all of them.
 *
 * Numbers are found by binary search over ranges with the same chain; a chain that several calls
 * share is written once.
 */
import { i386ByName, i386ByNumber, i386Syscalls } from '../linux/i386.ts'
import { X32_BIT } from '../linux/abi.ts'
import { allSyscalls, syscallByNumber, syscallNumber } from '../linux/syscalls.ts'
import { ERRNO } from '../linux/errno.ts'
import { Assembler, type Label } from './assemble.ts'
import { compileCondition } from './condition.ts'
import {
  ARCH_OFFSET,
  AUDIT_ARCH_I386,
  AUDIT_ARCH_X86_64,
  actionValue,
  NUMBER_OFFSET,
} from './data.ts'
import type { Action, Policy, Rule } from './policy.ts'

export interface CompileOptions {
  /**
   * What happens to calls of another ABI (i386, x32), which number and pass arguments differently.
   * Default: kill.
   */
  readonly foreign?: Action
  /** What happens to a number that the table does not have. Default: see `unknownAction`. */
  readonly unknown?: Action
  /** What holds for calls of i386, by the names that they have there; instead of `foreign`. */
  readonly i386?: Policy
}

const KILL: Action = { kind: 'kill' }

/** The calls of one ABI. */
interface Abi {
  readonly number: (name: string) => number
  readonly isKnown: (nr: number) => boolean
  readonly newest: () => number
}

const newestOf = (calls: readonly { readonly nr: number }[]): number => Math.max(...calls.map(({ nr }) => nr))

const X86_64: Abi = {
  number: syscallNumber,
  isKnown: nr => syscallByNumber(nr) !== undefined,
  newest: () => newestOf(allSyscalls()),
}

const I386: Abi = {
  number: name => i386ByName(name)?.nr ?? -1,
  isKnown: nr => i386ByNumber(nr) !== undefined,
  newest: () => newestOf(i386Syscalls()),
}

/** From `start` on, up to the next range, all numbers have this chain. */
interface Range {
  readonly start: number
  readonly chain: readonly Rule[]
}

/**
 * A number that the table does not have: a policy that lets through what it does not name cannot
 * mean what nobody knew.
 */
export function unknownAction({ otherwise }: Policy): Action {
  return otherwise.kind === 'allow' || otherwise.kind === 'log'
    ? { kind: 'errno', errno: ERRNO.ENOSYS }
    : otherwise
}

/** The rules of each call that has any, up to the first that always applies. */
function chainsOf(policy: Policy, abi: Abi): Map<number, Rule[]> {
  const chains = new Map<number, Rule[]>()
  for (const rule of policy.rules) {
    for (const name of rule.syscalls) {
      const nr = abi.number(name)
      const chain = chains.get(nr) ?? []
      const last = chain.at(-1)
      if (!last || (last.when?.length ?? 0) > 0) chain.push(rule)
      chains.set(nr, chain)
    }
  }
  return chains
}

function rangesOf(policy: Policy, unknownCalls: Action, abi: Abi): Range[] {
  const chains = chainsOf(policy, abi)
  const unknown: Rule[] = [{ syscalls: [], action: unknownCalls }]
  const ranges: Range[] = []
  const same = (a: readonly Rule[], b: readonly Rule[]): boolean =>
    a.length === b.length && a.every((rule, index) => rule === b[index])
  const beyond = abi.newest() + 1
  for (let nr = 0; nr <= beyond; nr++) {
    const chain = abi.isKnown(nr) ? (chains.get(nr) ?? []) : unknown
    const last = ranges.at(-1)
    if (!last || !same(last.chain, chain)) ranges.push({ start: nr, chain })
  }
  return ranges
}

/** The part of a program that decides about the calls of one ABI. */
class Compiler {
  readonly #out: Assembler
  readonly #policy: Policy
  readonly #chains = new Map<string, Label>()
  readonly #ids = new Map<Rule, number>()

  constructor(out: Assembler, policy: Policy) {
    this.#out = out
    this.#policy = policy
  }

  /** Where the search for a number that is loaded begins. */
  compile(unknown: Action, abi: Abi): Label {
    const ranges = rangesOf(this.#policy, unknown, abi)
    // All chains first, that is, at the end: the search then jumps forward into them.
    for (const { chain } of ranges) this.#chain(chain)
    return this.#search(ranges)
  }

  #chain(chain: readonly Rule[]): Label {
    const key = chain.map(rule => this.#id(rule)).join(' ')
    const known = this.#chains.get(key)
    if (known !== undefined) return known
    const out = this.#out
    let label = out.return(actionValue(this.#policy.otherwise))
    for (const { action, when = [] } of chain.toReversed()) {
      const otherwise = label
      label = out.return(actionValue(action))
      for (const condition of when.toReversed()) label = compileCondition(out, condition, label, otherwise)
    }
    this.#chains.set(key, label)
    return label
  }

  #id(rule: Rule): number {
    const id = this.#ids.get(rule) ?? this.#ids.size
    this.#ids.set(rule, id)
    return id
  }

  #search(ranges: readonly Range[]): Label {
    const middle = ranges.length >> 1
    const pivot = ranges[middle]
    const first = ranges[0]
    if (ranges.length <= 1 || !pivot) return this.#chain(first?.chain ?? [])
    const above = this.#search(ranges.slice(middle))
    const below = this.#search(ranges.slice(0, middle))
    return this.#out.jump('jge', pivot.start, above, below)
  }
}

/**
 * The sock_filter array of a policy. Throws InvalidOptionError for an unknown call or a policy
 * that is too large.
 */
export function compilePolicy(
  policy: Policy,
  { foreign = KILL, unknown = unknownAction(policy), i386 }: CompileOptions = {},
): Uint8Array {
  const out = new Assembler()
  const refused = out.return(actionValue(foreign))
  const other = i386
    ? out.load(NUMBER_OFFSET, new Compiler(out, i386).compile(unknownAction(i386), I386))
    : refused
  const foreigners = i386 ? out.jump('jeq', AUDIT_ARCH_I386, other, refused) : refused
  const search = new Compiler(out, policy).compile(unknown, X86_64)
  // The x32 bit without the sign: -1 and its like are no x32 calls, only unknown.
  const abi = out.jump('jge', 0x80000000, search, out.jump('jge', X32_BIT, refused, search))
  const native = out.load(NUMBER_OFFSET, abi)
  return out.finish(out.load(ARCH_OFFSET, out.jump('jeq', AUDIT_ARCH_X86_64, native, foreigners)))
}
