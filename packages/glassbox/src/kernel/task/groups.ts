/** Process groups and sessions: setpgid(2), setsid(2), job control. */
import type { Process, WorldState } from './state.ts'

export function* membersOf(world: WorldState, group: number): Generator<Process> {
  for (const process of world.processes.values()) if (process.group === group) yield process
}

/**
 * Whether the group of the process is orphaned: no member has a parent in another group of the
 * same session, so no process would continue it after a stop. `without` counts as gone.
 */
export function isOrphaned(process: Process, without?: Process): boolean {
  for (const member of membersOf(process.world, process.group)) {
    const parent = member.parent
    if (member === without || member.ended || parent === undefined) continue
    if (parent.group !== process.group && parent.session === process.session && parent.tasks.size > 0)
      return false
  }
  return true
}

export function hasStopped(world: WorldState, group: number): boolean {
  for (const member of membersOf(world, group)) if (member.stopSignal !== 0 && !member.ended) return true
  return false
}

/** Whether a group with this id exists in the session. */
export function isGroupOf(world: WorldState, group: number, session: number): boolean {
  for (const member of membersOf(world, group)) if (member.session === session) return true
  return false
}
