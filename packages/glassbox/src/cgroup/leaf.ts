/**
 * Gives the children of a v2 group the controllers that they need. A group whose children have
 * controllers must have no process of its own ("no internal processes", cgroups(7)), but for the
 * root of a host. A service that starts in the group that it makes boxes in, as systemd and
 * containers have it, is in the way itself: so whatever is in there moves into a leaf below first.
 * What it moves is what was started in that group: this process, its parents and siblings, their
 * children.
 */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { GlassboxError } from '../errors.ts'
import { readOptional, writeControl } from './files.ts'
import type { Controller } from './hierarchy.ts'

/** Not of the names that a sweep removes. */
export const LEAF = 'glassbox.self'

/** Processes are born meanwhile. */
const TRIES = 20

const processesIn = (group: string): string[] =>
  (readOptional(join(group, 'cgroup.procs')) ?? '').split('\n').filter(Boolean)

/** Only the root of a hierarchy, as its host sees it, has none. */
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

/** Returns who could not be moved, with the reason. */
function moveIntoLeaf(base: string): string[] {
  const processes = processesIn(base)
  if (processes.length === 0) return []
  const leaf = join(base, LEAF)
  mkdirSync(leaf, { recursive: true })
  return processes.flatMap(pid => {
    // 0 would be this process.
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
  const who = failures.length === 0 ? 'processes that are born there' : failures.join(', ')
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
