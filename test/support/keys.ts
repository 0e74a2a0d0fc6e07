/**
 * Keys that outlive their box. The kernel keeps the keyring of a user id for good, and with it what
 * a program under no filter put there; nobody finds it again, since its user id is used by no other
 * box at that time. A test whose guests leave keys removes them.
 */
import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { program } from './programs.js'

/** User ids of boxes begin here (container/identity.ts). */
const FIRST_BOX_USER = 0x70000000

/** What every user that ever looked has: the keyring of the user and the one of its sessions. */
const KEYRINGS = 2

function usersWithProcesses(): Set<string> {
  const users = new Set<string>()
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue
    try {
      users.add(/^Uid:\t(\d+)/m.exec(readFileSync(`/proc/${name}/status`, 'utf8'))?.[1] ?? '')
    } catch {
      // It ended meanwhile.
    }
  }
  return users
}

/** Removes the keys of users of boxes that have ended. Needs root. */
export function removeKeysOfEndedBoxes(): void {
  const living = usersWithProcesses()
  for (const [, user = '', keys] of readFileSync('/proc/key-users', 'utf8').matchAll(
    /^\s*(\d+):\s*\d+ (\d+)\//gm,
  ))
    if (Number(user) >= FIRST_BOX_USER && Number(keys) > KEYRINGS && !living.has(user))
      spawnSync(program('meet'), ['key', 'clear', user])
}
