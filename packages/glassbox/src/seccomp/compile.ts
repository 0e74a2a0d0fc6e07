/**
 * Compiles a policy to a BPF program:
 *
 *   check the architecture, refuse x32 → search the number → the call's chain of rules → return
 *
 * Calls of i386 have a policy of their own, or one action for all.
 *
 * The program finds a number by binary search over ranges of numbers with the same chain. A chain
 * that several calls share is written once.
 */
import { i386ByName, i386ByNumber, i386Syscalls } from '../linux/i386.ts'
import { X32_BIT } from '../linux/abi.ts'
import { syscallNumber, syscallNumbers } from '../linux/syscalls.ts'
import { ERRNO } from '../linux/errno.ts'
import { Assembler, type Label } from './assemble.ts'
import { compileCondition } from './condition.ts'
import { ARCH_OFFSET, AUDIT_ARCH_I386, AUDIT_ARCH_X86_64, actionValue, NUMBER_OFFSET } from './data.ts'
import type { KernelAction, CallPolicy, CallRule } from './policy.ts'
import { simplify } from './simplify.ts'

export interface CompileOptions {
  /**
   * The action for calls of another ABI (i386, x32), which has other numbers and passes arguments
   * differently. Default: kill.
   */
  readonly foreign?: KernelAction
  /** The action for numbers that are not in the syscall table. Default: see `unknownAction`. */
  readonly unknown?: KernelAction
  /** The policy for calls of i386, by their i386 names. Replaces `foreign` for them. */
  readonly i386?: CallPolicy
}

const KILL: KernelAction = { kind: 'kill' }

/** The calls of one ABI. */
interface Abi {
  readonly number: (name: string) => number
  readonly isKnown: (nr: number) => boolean
  readonly newest: () => number
}

const X86_64: Abi = {
  number: syscallNumber,
  isKnown: nr => syscallNumbers().has(nr),
  newest: () => Math.max(...syscallNumbers()),
}

const I386: Abi = {
  number: name => i386ByName(name)?.nr ?? -1,
  isKnown: nr => i386ByNumber(nr) !== undefined,
  newest: () => Math.max(...i386Syscalls().map(({ nr }) => nr)),
}

/** All numbers from `start` to the next range have this chain. */
interface Range {
  readonly start: number
  readonly chain: readonly CallRule[]
}

/**
 * The default action for a number that is not in the syscall table. A policy that allows calls by
 * default cannot have meant calls that did not exist yet, so they fail with ENOSYS.
 */
export function unknownAction({ otherwise }: CallPolicy): KernelAction {
  return otherwise.kind === 'allow' || otherwise.kind === 'log'
    ? { kind: 'errno', errno: ERRNO.ENOSYS }
    : otherwise
}

/** The rules of each call, up to the first rule that always matches. */
function chainsOf(policy: CallPolicy, abi: Abi): Map<number, CallRule[]> {
  const chains = new Map<number, CallRule[]>()
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

function rangesOf(policy: CallPolicy, unknownCalls: KernelAction, abi: Abi): Range[] {
  const chains = chainsOf(policy, abi)
  const unknown: CallRule[] = [{ syscalls: [], action: unknownCalls }]
  const ranges: Range[] = []
  const same = (a: readonly CallRule[], b: readonly CallRule[]): boolean =>
    a.length === b.length && a.every((rule, index) => rule === b[index])
  const beyond = abi.newest() + 1
  for (let nr = 0; nr <= beyond; nr++) {
    const chain = abi.isKnown(nr) ? (chains.get(nr) ?? []) : unknown
    const last = ranges.at(-1)
    if (!last || !same(last.chain, chain)) ranges.push({ start: nr, chain })
  }
  return ranges
}

/** Compiles the part of a program that decides about the calls of one ABI. */
class Compiler {
  readonly #out: Assembler
  readonly #policy: CallPolicy
  readonly #chains = new Map<string, Label>()
  readonly #ids = new Map<CallRule, number>()

  constructor(out: Assembler, policy: CallPolicy) {
    this.#out = out
    this.#policy = policy
  }

  /**
   * Writes the chains and the search. Returns the label of the search, which expects the number in
   * the accumulator.
   */
  compile(unknown: KernelAction, abi: Abi): Label {
    const ranges = rangesOf(this.#policy, unknown, abi)
    // The assembler writes backwards: chains written first come last, and the search jumps forward
    // to them.
    for (const { chain } of ranges) this.#chain(chain)
    return this.#search(ranges)
  }

  #chain(chain: readonly CallRule[]): Label {
    const key = chain.map(rule => this.#id(rule)).join(' ')
    const known = this.#chains.get(key)
    if (known !== undefined) return known
    const out = this.#out
    let label = out.return(actionValue(this.#policy.otherwise))
    for (const { action, when = [] } of chain.toReversed()) {
      const conditions = simplify(when)
      if (!conditions) continue
      const otherwise = label
      label = out.return(actionValue(action))
      for (const condition of conditions.toReversed())
        label = compileCondition(out, condition, label, otherwise)
    }
    // Its first load is written beside it, and not where it is jumped to.
    const first = out.place(label)
    this.#chains.set(key, first)
    return first
  }

  #id(rule: CallRule): number {
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
 * The sock_filter array of a policy. Throws InvalidOptionError for an unknown call and for a
 * policy that is too large.
 */
export function compilePolicy(
  policy: CallPolicy,
  { foreign = KILL, unknown = unknownAction(policy), i386 }: CompileOptions = {},
): Uint8Array {
  const out = new Assembler()
  const refused = out.return(actionValue(foreign))
  const other = i386
    ? out.load(NUMBER_OFFSET, new Compiler(out, i386).compile(unknownAction(i386), I386))
    : refused
  const foreigners = i386 ? out.jump('jeq', AUDIT_ARCH_I386, other, refused) : refused
  const search = new Compiler(out, policy).compile(unknown, X86_64)
  // Negative numbers have the x32 bit too, but are unknown calls rather than calls of x32.
  const abi = out.jump('jge', 0x80000000, search, out.jump('jge', X32_BIT, refused, search))
  const native = out.load(NUMBER_OFFSET, abi)
  return out.finish(out.load(ARCH_OFFSET, out.jump('jeq', AUDIT_ARCH_X86_64, native, foreigners)))
}
