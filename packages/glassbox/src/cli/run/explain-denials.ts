/**
 * `--explain`: which rule denied which call, and the option that would allow it. The run is over,
 * and nothing here changes its outcome.
 */
import { existsSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Violation } from '../../job/ending.ts'
import type { AnyResult } from '../../job/result.ts'
import { quoted } from './shell-words.ts'

/** The option that grants what a key of a policy's paths grants. */
const OPTIONS: Readonly<Record<string, string>> = {
  read: '--allow-read',
  list: '--allow-read',
  stat: '--allow-read',
  write: '--allow-write',
  execute: '--allow-exec',
}

/** The next run has other process ids, so an option for one of them would be of no use. */
const OF_A_PROCESS = /^\/proc\/\d+(\/|$)/

/** A rule that is lacking. Otherwise it is a reason in words, and no rule would help. */
const OF_A_KEY = /^\w+: /

/** Calls that make or remove a name, which is a right to its directory. */
const CHANGES_NAMES = /^(mkdir|rmdir|unlink|rename|link|symlink|mknod)/

/**
 * The option for what a call lacks, such as `read: /etc/passwd`; `undefined` if there is none. A
 * file that does not exist can be granted by its directory only.
 */
function optionFor(syscall: string, rule: string): string | undefined {
  const [, key = '', path = ''] = /^(\w+): (\/.*)$/s.exec(rule) ?? []
  const option = OF_A_PROCESS.test(path) ? undefined : OPTIONS[key]
  const byDirectory = key === 'write' && (CHANGES_NAMES.test(syscall) || !existsSync(path))
  return option && `${option} ${quoted(byDirectory ? dirname(path) : path)}`
}

/** A policy file that allows the call and is otherwise what `base` is: a preset, or a file. */
const policyFor = (syscall: string, base: string): string =>
  JSON.stringify({ extends: base, rules: [{ syscalls: [syscall], action: { kind: 'allow' } }] })

function explain({ syscall, args, rule }: Violation, base: string): string {
  const call = `denied: ${syscall}(${args})`
  if (rule === undefined) return `${call}. To allow it, use a policy file such as ${policyFor(syscall, base)}`
  if (!OF_A_KEY.test(rule)) return `${call}: ${rule}`
  const option = optionFor(syscall, rule)
  const lacks = `${call}, for lack of "${rule}"`
  return option === undefined ? lacks : `${lacks}. To allow it: ${option}`
}

/** The lines for a person. Equal denials are printed once. `policy`: that of the run, as named. */
export function explainDenials(
  { violation, denials, moreDenials = 0, ok }: AnyResult,
  policy = 'default',
): string[] {
  const all = [...(denials ?? []), ...(violation ? [violation] : [])]
  const lines = [...new Set(all.map(each => explain(each, policy)))]
  if (moreDenials > 0) lines.push(`${moreDenials} more calls were denied after these.`)
  if (lines.length > 0 || ok) return lines
  return denials
    ? ['No denied call was reported.']
    : ['This runner reports only the denied call that ends a program; --runner ptrace reports others too.']
}
