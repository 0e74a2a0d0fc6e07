/**
 * Which way each call goes under a policy, and why, made from the chains that the filter of a
 * supervised program is compiled from.
 */
import { errnoName } from '../../linux/errno.ts'
import type { StopAction } from '../../supervisor/contract.ts'
import type { CallChain, Entry, Outcome } from '../../supervisor/filter/chain.ts'
import { CALL_CLASSES } from '../../supervisor/paths/call-classes.ts'
import { conditionText } from './describe.ts'
import { wrap } from './wrap.ts'

/** One way of some calls. */
export interface Way {
  /** The conditions; empty for "in any other case". */
  readonly when: readonly string[]
  readonly way: string
  readonly why?: string
}

/** Calls that go the same ways. The first whose conditions hold counts. */
export interface CallWays {
  readonly syscalls: readonly string[]
  readonly ways: readonly Way[]
}

const MAKERS = {
  kernel: 'judged by path by the tracer, then made; Landlock is the wall',
  tracer: 'judged by path and made by the tracer',
  nobody: 'denied by the tracer: it cannot be made safely',
} as const

function stopText(stop: StopAction, syscall: string): string {
  switch (stop.kind) {
    case 'paths':
      return MAKERS[CALL_CLASSES.get(syscall)?.maker ?? 'nobody']
    case 'birth':
      return 'counted by the tracer, refused with EAGAIN at the limit of processes'
    case 'kill':
      return 'ends the program'
    case 'errno':
      return `refused with ${errnoName(stop.errno)}`
    case 'ask':
      return 'decided by a handler'
    case 'count':
      return `the first ${stop.atMost}: ${stopText(stop.within, syscall)}; later: ${stopText(stop.after, syscall)}`
    default:
      return 'allowed'
  }
}

/** `silent`: whether Landlock alone judges calls with paths. */
function outcomeText({ kernel, stop }: Outcome, syscall: string, silent: boolean): string {
  if (stop) return stopText(stop, syscall)
  if (kernel.kind === 'errno')
    return kernel.errno === 0 ? 'not made, returns 0' : `refused with ${errnoName(kernel.errno)}`
  if (kernel.kind === 'log') return 'allowed and logged'
  const byLandlock = silent && CALL_CLASSES.get(syscall)?.maker === 'kernel'
  return byLandlock ? 'allowed if Landlock grants the path' : 'allowed by the filter'
}

function waysOf(syscall: string, entries: readonly Entry[], silent: boolean): Way[] {
  return entries.map(({ when, outcome, why }) => ({
    when: when.map(condition => conditionText(syscall, condition)),
    way: outcomeText(outcome, syscall, silent),
    ...(why === undefined ? {} : { why }),
  }))
}

/** The ways of all calls. Calls with the same ways stand together. */
export function callWays(chains: readonly CallChain[], silent: boolean): CallWays[] {
  const groups = new Map<string, { syscalls: string[]; ways: Way[] }>()
  for (const { syscalls, entries } of chains) {
    for (const syscall of syscalls) {
      const ways = waysOf(syscall, entries, silent)
      const key = JSON.stringify(ways)
      const group = groups.get(key) ?? { syscalls: [], ways }
      group.syscalls.push(syscall)
      groups.set(key, group)
    }
  }
  return [...groups.values()]
}

/** Ways with the same end and reason, one after another, are printed once. */
function wayLines(ways: readonly Way[], width: number): string[] {
  const lines: string[] = []
  for (let at = 0; at < ways.length; ) {
    const { way, why, when } = ways[at] ?? { when: [], way: '' }
    const cases: string[] = []
    for (; at < ways.length && ways[at]?.way === way && ways[at]?.why === why; at++) {
      const text = ways[at]?.when.join(' and ') ?? ''
      cases.push(text)
      if (text === '') {
        at++
        break
      }
    }
    const isLast = cases.at(-1) === ''
    const head = isLast
      ? lines.length === 0 && when.length === 0
        ? ''
        : 'else: '
      : `if ${cases.join('; or ')}: `
    const whole = `${head}${way}${why === undefined ? '' : ` (${why})`}`
    lines.push(wrap(whole, 6, width, 2))
  }
  return lines
}

/** The table as text for a terminal of `width` columns. */
export const waysText = (ways: readonly CallWays[], width: number): string =>
  ways
    .map(
      ({ syscalls, ways: each }) =>
        `${wrap(syscalls.join(', '), 2, width)}\n${wayLines(each, width).join('\n')}\n`,
    )
    .join('')
