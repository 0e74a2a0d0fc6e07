/**
 * The limits that refuse something by an error or a signal, and the signs of that: no kernel
 * counter tells of such a refusal. A sign proves nothing, because the host's own limits give the
 * same errors. So it changes no verdict, and every text that is made from it says "may". Pure.
 */
import type { Limits } from './options.ts'
import type { DiskUse, PossibleLimit, RefusingLimit } from './possible-limit.ts'
import type { AnyResult } from './result.ts'

export interface Signs {
  readonly result: Pick<AnyResult, 'status' | 'ok' | 'signal' | 'memoryBytes' | 'measuredBy'>
  readonly limits: Required<Limits>
  readonly disk?: DiskUse | undefined
  /** What the program wrote to stderr, as far as it is known. */
  readonly text: string
}

interface Row {
  readonly kind: RefusingLimit
  readonly limit: (signs: Signs) => number | undefined
  /** What of the ending itself is a sign. */
  readonly seen?: (signs: Signs) => string | false
  /** What programs write about the error. */
  readonly says: RegExp
  /** Whether the text is a sign in this case. Default: always. */
  readonly listens?: (signs: Signs) => boolean
}

const isFull = (
  kind: 'diskBytes' | 'diskFiles',
  what: string,
): Pick<Row, 'seen' | 'limit' | 'says' | 'listens'> => ({
  limit: ({ disk }) => disk?.[kind],
  seen: ({ disk }) =>
    disk?.full.includes(kind) === true && `at the end a writable directory had no ${what} left`,
  says: /No space left on device|\bENOSPC\b/,
  // If the one is used up, the other was not the reason.
  listens: ({ disk }) => disk?.full.length === 0,
})

/** An error in the words of strerror(3), and as the name that some runtimes print. */
const ROWS: readonly Row[] = [
  {
    kind: 'openFiles',
    limit: ({ limits }) => limits.openFiles,
    says: /Too many open files|\bEMFILE\b/,
  },
  { kind: 'diskBytes', ...isFull('diskBytes', 'byte') },
  { kind: 'diskFiles', ...isFull('diskFiles', 'file') },
  {
    kind: 'fileSizeBytes',
    limit: ({ limits }) => limits.fileSizeBytes,
    seen: ({ result }) => result.signal === 'SIGXFSZ' && 'SIGXFSZ ended the program',
    says: /File too large|\bEFBIG\b/,
  },
  {
    kind: 'stackBytes',
    limit: ({ limits }) => limits.stackBytes,
    // A stack that is used up was in memory: without as much memory it was something else.
    seen: ({ result, limits }) =>
      result.signal === 'SIGSEGV' &&
      result.memoryBytes >= limits.stackBytes &&
      'SIGSEGV ended the program, which had used as much memory',
    says: /[Ss]tack[ _][Oo]verflow|overflowed its stack/,
  },
  {
    kind: 'processes',
    limit: ({ limits }) => limits.processes,
    says: /(fork|thread|clone|spawn)[^\n]*(Resource temporarily unavailable|\bEAGAIN\b)/i,
    // A cgroup counts refusals, and then the verdict is process-limit.
    listens: ({ result }) => result.measuredBy.processes === 'rlimit',
  },
]

function signOf({ seen, says, listens }: Row, signs: Signs): string | undefined {
  const sight = seen?.(signs)
  if (sight) return sight
  const found = (listens?.(signs) ?? true) && says.exec(signs.text)?.[0]
  return found ? `stderr says "${found}"` : undefined
}

/**
 * The limits that may have refused something to a program that failed by itself. Empty if a limit
 * is the verdict, and for programs that succeeded.
 *
 * @example
 * possibleLimits({ result, limits, text: result.stderr })[0]?.kind // 'openFiles'
 */
export function possibleLimits(signs: Signs): readonly PossibleLimit[] {
  const { status, ok } = signs.result
  if (ok || (status !== 'exited' && status !== 'signaled')) return []
  return ROWS.flatMap(row => {
    const limit = row.limit(signs)
    const sign = limit === undefined || limit === Infinity ? undefined : signOf(row, signs)
    return sign === undefined || limit === undefined ? [] : [{ kind: row.kind, limit, sign }]
  })
}
