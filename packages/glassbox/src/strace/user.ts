/** -u: a name of /etc/passwd, or UID:GID. */
import { readFileSync } from 'node:fs'
import { UsageError } from './usage-error.ts'

interface User {
  readonly uid: number
  readonly gid: number
  readonly groups: readonly number[]
}

const rows = (file: string): string[][] =>
  readFileSync(file, 'utf8')
    .split('\n')
    .map(line => line.split(':'))

export function userOf(text: string): User {
  const pair = /^(\d+):(\d+)$/.exec(text)
  if (pair) return { uid: Number(pair[1]), gid: Number(pair[2]), groups: [] }
  const row = rows('/etc/passwd').find(([name]) => name === text)
  if (!row) throw new UsageError(`Cannot find user '${text}'`)
  const gid = Number(row[3])
  const groups = rows('/etc/group').filter(([, , , members = '']) => members.split(',').includes(text))
  return { uid: Number(row[2]), gid, groups: [gid, ...groups.map(group => Number(group[2]))] }
}
