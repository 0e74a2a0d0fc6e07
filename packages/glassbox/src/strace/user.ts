/** -u: a user by name or number, with all groups, as at login. */
import { readFileSync } from 'node:fs'
import { fault } from './fault.ts'

export interface User {
  readonly uid: number
  readonly gid: number
  readonly groups: readonly number[]
}

const lines = (path: string): readonly (readonly string[])[] =>
  readFileSync(path, 'utf8')
    .split('\n')
    .filter(line => line !== '')
    .map(line => line.split(':'))

/** `NAME` or `UID:GID`. Throws errors in strace's words. */
export function userOf(text: string): User {
  const [, uid, gid] = /^(\d+):(\d+)$/.exec(text) ?? []
  if (uid !== undefined && gid !== undefined)
    return { uid: Number(uid), gid: Number(gid), groups: [Number(gid)] }
  if (process.getuid?.() !== 0) throw fault('You must be root to use the -u/--username option')
  const entry = lines('/etc/passwd').find(([name]) => name === text)
  if (!entry) throw fault(`Cannot find user '${text}'`)
  const group = Number(entry[3])
  const others = lines('/etc/group').flatMap(([, , id, members = '']) =>
    members.split(',').includes(text) ? [Number(id)] : [],
  )
  return { uid: Number(entry[2]), gid: group, groups: [...new Set([group, ...others])] }
}
