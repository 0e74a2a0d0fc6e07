/**
 * `--explain`: which rule denied which call, and the option that would allow it. Pure: the run is
 * over, and nothing here changes its outcome.
 */
import type { Violation } from '../../job/ending.ts'
import type { AnyResult } from '../../job/result.ts'

const EXECUTES = new Set(['execve', 'execveat', 'uselib'])

/** Calls that read a file, a directory or their attributes. Others change something. */
const READS =
  /^(stat|lstat|newfstatat|statx|access|faccessat2?|readlink(at)?|chdir|statfs|l?getxattr|l?listxattr|inotify_add_watch|name_to_handle_at|file_getattr)$/

const OPENS = /^(open|openat|openat2)$/
const TO_WRITE = /\bO_(WRONLY|RDWR|CREAT|TRUNC|TMPFILE)\b/

function optionFor({ syscall, args }: Violation): string {
  if (EXECUTES.has(syscall)) return '--allow-exec'
  const reads = OPENS.test(syscall) ? !TO_WRITE.test(args) : READS.test(syscall)
  return reads ? '--allow-read' : '--allow-write'
}

/** As a shell takes it. */
const quoted = (path: string): string =>
  /^[\w@%+=:,./-]+$/.test(path) ? path : `'${path.replaceAll("'", String.raw`'\''`)}'`

const ruleFor = (syscall: string): string =>
  JSON.stringify({ extends: 'default', rules: [{ syscalls: [syscall], action: { kind: 'allow' } }] })

function explain(denied: Violation): string {
  const { syscall, args, path, rule } = denied
  const call = `${syscall}(${args}) was denied`
  const why = rule === undefined ? '' : ` by: ${rule}`
  return path === undefined || rule === undefined
    ? `${call}${why}. To allow it, use a policy file such as ${ruleFor(syscall)}`
    : `${call}${why}. To allow it: ${optionFor(denied)} ${quoted(path)}`
}

/** The lines for a person. Equal denials are told once. */
export function explainDenials({ violation, denials, moreDenials = 0, ok }: AnyResult): string[] {
  const all = [...(denials ?? []), ...(violation ? [violation] : [])]
  const lines = [...new Set(all.map(explain))]
  if (moreDenials > 0) lines.push(`${moreDenials} more calls were denied after these.`)
  if (lines.length > 0 || ok) return lines
  return denials
    ? ['No denied call was reported.']
    : ['This runner reports only the denied call that ends a program; --runner ptrace reports others too.']
}
