/**
 * Enables controllers for the children of a v2 group. A group whose children have controllers must
 * have no process of its own ("no internal processes", cgroups(7)), except the root of a host.
 * Under systemd and in containers, the service starts in the same group in which it makes boxes.
 * So all processes of that group are moved into a leaf group below it first: this process, and
 * also the parents, siblings and children that are in the same group.
 */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { GlassboxError } from '../errors.ts'
import { readOptional, writeControl } from './files.ts'
import type { Controller } from './hierarchy.ts'

/** The name of the leaf group. It has no GROUP_PREFIX, so a sweep leaves it alone. */
export const LEAF = 'glassbox.self'

/** New processes may start in the group between the move and the write. */
const TRIES = 20

const processesIn = (group: string): string[] =>
  (readOptional(join(group, 'cgroup.procs')) ?? '').split('\n').filter(Boolean)

/** Only the root of a hierarchy, as the host sees it, has no `cgroup.type`. */
const isRoot = (group: string): boolean => !existsSync(join(group, 'cgroup.type'))

export function enableControllers(base: string, controllers: readonly Controller[]): void {
  const path = join(base, 'cgroup.subtree_control')
  const enabled = (readOptional(path) ?? '').split(/\s+/)
  const missing = controllers.filter(name => name !== 'cpuacct' && !enabled.includes(name))
  if (missing.length === 0) return
  const text = missing.map(name => `+${name}`).join(' ')
  if (isRoot(base)) writeControl(path, text)
  else enableBelow(base, path, text)
}

function enableBelow(base: string, path: string, text: string): void {
  for (let attempt = 1; ; attempt++) {
    const failures = moveIntoLeaf(base)
    try {
      writeControl(path, text)
      return
    } catch (error) {
      const busy = (error as GlassboxError).errno === EBUSY
      if (!busy) throw error
      if (attempt === TRIES) throw stuckError(base, failures, error)
    }
  }
}

const EBUSY = 16

/**
 * Moves the processes of `base` into the leaf. Returns those that could not be moved, with the
 * reason.
 */
function moveIntoLeaf(base: string): string[] {
  const processes = processesIn(base)
  if (processes.length === 0) return []
  const leaf = join(base, LEAF)
  mkdirSync(leaf, { recursive: true })
  return processes.flatMap(pid => {
    // Writing 0 would move this process.
    if (pid === '0') return ['a process of another PID namespace']
    try {
      writeFileSync(join(leaf, 'cgroup.procs'), pid)
      return []
    } catch (error) {
      return [`process ${pid} (${(error as NodeJS.ErrnoException).code})`] // it may have ended
    }
  })
}

function stuckError(base: string, failures: readonly string[], cause: unknown): GlassboxError {
  const who = failures.length === 0 ? 'processes that keep starting there' : failures.join(', ')
  return new GlassboxError(
    'ERR_GLASSBOX_CGROUP',
    `Could not give the groups in ${base} their controllers: ${who} could not be moved to ${join(base, LEAF)}`,
    {
      path: base,
      errno: EBUSY,
      cause,
      hint: 'Set GLASSBOX_CGROUP to a group that has no process of its own.',
    },
  )
}
