/**
 * Comparisons with strace 6.1, which lacks the names that Linux 6.2 and later have added
 * (scripts/linux/newer.txt). A line of ours may differ from strace's in these names alone: with
 * each of them turned back into the number that strace shows, both lines are equal.
 */
import { readFileSync } from 'node:fs'

const ROOT = new URL('../../../../', import.meta.url)

const tableLines = (name: string): readonly string[] =>
  readFileSync(new URL(`scripts/linux/${name}`, ROOT), 'utf8')
    .split('\n')
    .filter(line => /^\w/.test(line))

const newerLines = tableLines('newer.txt').filter(line => !line.startsWith('ioctl '))

/** By set: newer names with their numbers. */
const SETS: ReadonlyMap<string, ReadonlyMap<string, bigint>> = new Map(
  newerLines.map(line => [
    /^\w+/.exec(line)?.[0] ?? '',
    new Map(
      [...line.matchAll(/ (\w+)=(\w+)/g)].map(([, name = '', value = '']) => [name, BigInt(value)] as const),
    ),
  ]),
)

const NUMBERS: ReadonlyMap<string, bigint> = new Map([...SETS.values()].flatMap(set => [...set]))

/** Names that are newer than strace 6.1: it has numbers in their place. */
export const NEWER_NAMES: ReadonlySet<string> = new Set(NUMBERS.keys())

/** Comments of numbers without a name in sets that are newer as a whole: 6.1 writes none. */
const NEWER_COMMENTS = new Set(
  tableLines('sets.txt').flatMap(line => /^\w+ \S+ - \? (\w+_)\?\?\?$/.exec(line)?.[1] ?? []),
)

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')

/** Numbers of so many digits are replaced by this before texts are compared, support/strace.ts. */
const REPLACED = 'ADDR'

/** A number as any base of strace spells it. */
const spellings = (value: bigint, replaced: boolean): string =>
  replaced
    ? REPLACED
    : [
        ...(value > 0xfffffn ? [REPLACED] : []),
        ...[`0x${value.toString(16)}`, `0${value.toString(8)}`, `${value}`, `${BigInt.asIntN(32, value)}`],
      ].join('|')

/** A type of mapping stands in front of the flags, as a number of its own. */
const TYPES = SETS.get('map_type') ?? new Map<string, bigint>()

/** The same, for flags behind a type that 6.1 does not know. */
function olderType(type: string, flags: readonly string[]): string {
  const number = `(?:${spellings(TYPES.get(type) ?? 0n, false)})(?: /\\* MAP_\\?{3} \\*/)?`
  return flags.length === 0 ? number : `${number}\\|${olderText(flags.join('|'))}`
}

/** What strace 6.1 may have in place of one value: names and numbers with `|` between. */
function olderText(value: string): string {
  const parts = value.split('|')
  const [first = '', ...others] = parts
  if (TYPES.has(first)) return olderType(first, others)
  const isNumber = (part: string): boolean => part === REPLACED || /^\d\w*$/.test(part)
  const isOlder = (part: string): boolean => !isNumber(part) && !NUMBERS.has(part)
  const number = parts.reduce(
    (sum, part) => sum | (/^\d\w*$/.test(part) ? BigInt(part) : (NUMBERS.get(part) ?? 0n)),
    0n,
  )
  const rest = `(?:${spellings(number, parts.includes(REPLACED))})(?: /\\* \\w+_\\?{3} \\*/)?`
  const older = parts.filter(isOlder).map(escaped)
  if (older.length === 0) return `(?:${rest}|\\w+_\\?{3})`
  // The number stands behind the names, and in front of what is no bit: 5<<MFD_HUGE_SHIFT.
  const before = parts.slice(
    0,
    parts.findLastIndex(part => !isOlder(part)),
  )
  if (number === 0n) return older.join('\\|')
  const behind = [...older, rest].join('\\|')
  older.splice(before.filter(isOlder).length, 0, rest)
  return `(?:${older.join('\\|')}|${behind})`
}

const NAMES = /(?:\b\w+(?:<<\w+)?\|)*\b[A-Z][A-Z0-9]*_\w+(?:\|\w+(?:<<\w+)?)*/g
const COMMENT = / \/\* (\w+_)\?\?\? \*\//g
/** Shown as well where a newer bit asks for it. */
const ALSO = /, stx_mnt_id=\w+/g

/**
 * Where a value selects what the others are: 6.1 shows the others in its own way where it does not
 * know the value. With the set of the value.
 */
const SELECTING: readonly (readonly [before: RegExp, set: string])[] = [
  [/^[gs]etsockopt\([^,]*, (?:SOL_SOCKET|0x1)\b[^,]*, /, 'so_option'],
  [/^[gs]etsockopt\([^,]*, (?:SOL_TCP|0x6)\b[^,]*, /, 'tcp_option'],
  [/^fcntl(?:64)?\([^,]*, /, 'fcntl_cmd'],
  [/^io_uring_register\([^,]*, /, 'uring_register'],
  [/^prctl\(/, 'prctl'],
  [/^arch_prctl\(/, 'arch_prctl'],
  [/^bpf\(/, 'bpf_cmd'],
  [/^ptrace\(/, 'ptrace'],
  [/^landlock_add_rule\([^,]*, /, 'landlock_rule'],
]

/** The start of a line up to a newer value that selects the rest. */
function selection(line: string): { readonly before: string; readonly value: string } | undefined {
  for (const [pattern, set] of SELECTING) {
    const before = pattern.exec(line)?.[0]
    const value = before === undefined ? undefined : /^\w+/.exec(line.slice(before.length))?.[0]
    if (before === undefined || value === undefined) continue
    const newer = SETS.get(set) ?? new Map<string, bigint>()
    if (newer.has(value)) return { before, value }
    if (/^\d/.test(value) && [...newer.values()].includes(BigInt(value))) return { before, value }
  }
  return undefined
}

function selectedOther(ours: string, theirs: string): boolean {
  const selected = selection(ours)
  return (
    selected !== undefined &&
    new RegExp(`^${escaped(selected.before)}${olderText(selected.value)}\\b`).test(theirs)
  )
}

/** Fields of structs that 6.1 does not show, or for which it has `...`. */
const FIELDS =
  /, (?:handled_access_net|stx_subvol|stx_atomic_write_unit_min|stx_dio_read_offset_align)=[^{}]*(?=\})/g

/** Options of TIPC, whose values 6.1 shows as bytes. */
const VALUES = /^[gs]etsockopt\([^,]*, (?:0x10f|SOL_TIPC)\b/

/** Structs of which 6.1 reads less, so that only ours may end behind its memory. */
const UNREAD = /^landlock_create_ruleset\(0x\w+, /

/** The column of the result moves with the names before it. */
const unaligned = (line: string): string => line.replace(/\) += /, ') = ')

/** The texts that 6.1 may have for what is newer in a line, by their places in ours. */
function replacements(ours: string): readonly { at: number; length: number; older: string }[] {
  const names = [...ours.matchAll(NAMES)].flatMap(({ 0: text, index }) => {
    if (!text.split('|').some(part => NUMBERS.has(part))) return []
    // Another type of message has another body.
    if (ours.slice(0, index).endsWith('nlmsg_type='))
      return [{ at: index, length: ours.length - index, older: `${olderText(text)}, .*` }]
    return [{ at: index, length: text.length, older: olderText(text) }]
  })
  const comments = [...ours.matchAll(COMMENT)].flatMap(({ 0: text, 1: prefix = '', index }) =>
    NEWER_COMMENTS.has(prefix) ? [{ at: index, length: text.length, older: `(?:${escaped(text)})?` }] : [],
  )
  const fields = [...ours.matchAll(FIELDS)].map(({ 0: text, index }) => ({
    at: index,
    length: text.length,
    older: '(?:, \\.\\.\\.)?',
  }))
  const also = [...ours.matchAll(ALSO)].map(({ 0: text, index }) => ({
    at: index,
    length: text.length,
    older: `(?:${escaped(text)})?`,
  }))
  return [...fields, ...also, ...names, ...comments].toSorted((a, b) => a.at - b.at)
}

/** Whether the lines differ only where ours has what strace 6.1 does not know. */
export function sameButNewer(ourLine: string, theirLine: string): boolean {
  const [ours, theirs] = [unaligned(ourLine), unaligned(theirLine)]
  if (ourLine === theirLine || selectedOther(ours, theirs)) return true
  if (VALUES.test(ours) && VALUES.test(theirs)) return true
  if (UNREAD.test(ours) && theirs.startsWith('landlock_create_ruleset({handled_access_fs=')) return true
  let pattern = ''
  let end = 0
  for (const { at, length, older } of replacements(ours)) {
    if (at < end) continue
    pattern += escaped(ours.slice(end, at)) + older
    end = at + length
  }
  return pattern !== '' && new RegExp(`^${pattern}${escaped(ours.slice(end))}$`).test(theirs)
}

/** Pairs of lines that differ in more than newer names, as text for an assertion. */
export function differing(ours: readonly string[], theirs: readonly string[]): readonly string[] {
  const longer = ours.length > theirs.length ? ours : theirs
  return longer.flatMap((_, index) =>
    sameButNewer(ours[index] ?? '', theirs[index] ?? '')
      ? []
      : [`ours    ${ours[index]}\nstrace  ${theirs[index]}`],
  )
}
