/** Ranges of subordinate ids, as subuid(5) and subgid(5) have them. */
import { IsolateError } from '../types.ts'
import { integer, NumberFault } from './numbers.ts'

export interface SubidRange {
  readonly first: number
  readonly count: number
}

/**
 * The first range of a user in the text of such a file. The user is named there, or stands as a
 * number. Throws IsolateError (internal) if there is none.
 */
export function subidRange(file: string, text: string, user: string, uid: number | undefined): SubidRange {
  for (const line of text.split('\n')) {
    const [owner = '', first = '', count = '', ...more] = line.trim().split(':')
    if (owner !== user && (uid === undefined || owner !== String(uid))) continue
    const range = more.length === 0 ? rangeOf(first, count) : undefined
    if (range) return range
    throw new IsolateError('internal', `Invalid range of ${user} in ${file}: ${line.trim()}`)
  }
  throw new IsolateError('internal', `No subordinate ids of ${user} in ${file}`)
}

/** The uid of a user in the text of /etc/passwd. */
export function uidOf(passwd: string, user: string): number | undefined {
  const [, , uid] =
    passwd
      .split('\n')
      .map(line => line.split(':'))
      .find(([name]) => name === user) ?? []
  return uid === undefined ? undefined : Number(uid)
}

function rangeOf(first: string, count: string): SubidRange | undefined {
  try {
    const range = { first: integer(first), count: integer(count) }
    return range.first > 0 && range.count > 0 ? range : undefined
  } catch (error) {
    if (error instanceof NumberFault) return undefined
    throw error
  }
}
