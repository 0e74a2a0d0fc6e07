/** A policy as text for people: its rules in their order, with their reasons, and its files. */
import { pathLists } from '../../policy/files/to-json.ts'
import type { Rule } from '../../policy/policy.ts'
import type { ResolvedPaths, ResolvedPolicy } from '../../policy/resolved.ts'
import { actionText, conditionText } from './describe.ts'
import { wrap } from './wrap.ts'

const COLUMN = 28

const KEYS = {
  read: 'may be read',
  write: 'may be written',
  execute: 'may be executed',
  list: 'may be listed',
  stat: 'may be asked about',
} as const

/** Calls that are treated alike, and why. */
interface Block {
  readonly what: string
  readonly why: string
  readonly calls: string[]
}

/** `prctl if option = PR_SET_NAME`. */
function callsText({ syscalls, when = [], atMost }: Rule): string[] {
  const limit = atMost === undefined ? '' : `the first ${atMost} of `
  if (when.length === 0) return atMost === undefined ? [...syscalls] : [limit + syscalls.join(', ')]
  return syscalls.map(name => `${limit}${name} if ${when.map(one => conditionText(name, one)).join(' and ')}`)
}

/** Rules that follow each other and have the same action and reason make one block. */
function blocksOf(rules: readonly Rule[]): Block[] {
  const blocks: Block[] = []
  for (const rule of rules) {
    const [what, why] = [actionText(rule.action), rule.why ?? '']
    const last = blocks.at(-1)
    if (last && last.what === what && last.why === why) last.calls.push(...callsText(rule))
    else blocks.push({ what, why, calls: callsText(rule) })
  }
  return blocks
}

/** `prctl if option = A`, `prctl if option = B`: one entry with both values. */
function joined(calls: readonly string[]): string[] {
  const out: string[] = []
  for (const call of calls) {
    const [, head, value] = /^(\S+ if [^=≠<>&]+ = )(\S+)$/.exec(call) ?? []
    const last = out.at(-1)
    if (head !== undefined && last?.startsWith(head) && !last.includes(' and '))
      out[out.length - 1] = `${last} or ${value}`
    else out.push(call)
  }
  return out
}

function blockText({ what, why, calls }: Block, width: number): string {
  const head =
    why === '' ? `  ${what}` : `  ${what.padEnd(COLUMN)}${wrap(why, COLUMN + 2, width).trimStart()}`
  return `${head}\n${wrap(joined(calls).join(', '), 6, width)}`
}

function tierText({ tier }: ResolvedPaths): string {
  if (tier === 'silent') return 'the kernel denies at native speed'
  return tier === 'named' ? 'a tracer reports each denial' : 'in the tier that the runner has'
}

function pathsText(paths: ResolvedPaths, width: number): string {
  const lists = Object.entries(pathLists(paths)).filter(([key]) => key !== 'stat' || !paths.statAll)
  const rows = lists.map(
    ([key, patterns]) => `  ${KEYS[key as keyof typeof KEYS]}\n${wrap(patterns.join(', '), 6, width)}`,
  )
  const all = paths.statAll ? ['  The attributes of every file may be asked for.'] : []
  return [
    `Files, ${tierText(paths)}:`,
    ...rows,
    ...all,
    `  Any other use: ${actionText(paths.denied)}.`,
  ].join('\n')
}

/** The text of a policy for a terminal of `width` columns. */
export function policyText(policy: ResolvedPolicy, title: string, width: number): string {
  const { rules, otherwise, paths } = policy
  const calls = blocksOf(rules).map(block => blockText(block, width))
  return [
    `Policy ${title}`,
    'Calls; of the rules for a call, the first that matches decides:',
    ...calls,
    `  ${actionText(otherwise).padEnd(COLUMN)}every other call`,
    paths ? pathsText(paths, width) : 'Files are not restricted.',
    '',
  ].join('\n')
}
