/** What terminals ask of the processes of a world: groups, sessions, and signals to them. */
import { deviceNumber } from '../../fs/dev/devices.ts'
import type { Caller, Jobs } from '../../fs/terminal/jobs.ts'
import type { Terminals } from '../../fs/terminal/terminals.ts'
import { isOrphaned, membersOf } from '../groups.ts'
import { isIgnored, kernelSignal } from '../signals/send.ts'
import type { WorldState } from '../state.ts'

/** Of /dev/pts/N. */
const SLAVE_MAJOR = 136

/**
 * Gives the terminals of a root to a world: its sessions own them from now on.
 *
 * @example
 * attachTerminals(world, root.terminals)
 */
export function attachTerminals(world: WorldState, terminals: Terminals): void {
  terminals.attach(new WorldJobs(world))
  world.terminalOf = session => {
    const terminal = terminals.ofSession(session)
    return terminal && { device: deviceNumber(SLAVE_MAJOR, terminal.number), group: terminal.foreground }
  }
  world.onSessionEnd = session => terminals.sessionEnded(session)
}

class WorldJobs implements Jobs {
  readonly #world: WorldState

  constructor(world: WorldState) {
    this.#world = world
  }

  get caller(): Caller {
    const { process, credentials } = this.#world.current
    const { pid, group, session } = process
    return { pid, group, session, privileged: credentials.privileged }
  }

  ignores(signal: number): boolean {
    const { mask, process } = this.#world.current
    return mask.has(signal) || isIgnored(process, signal)
  }

  get orphaned(): boolean {
    return isOrphaned(this.#world.current.process)
  }

  sessionOf(group: number): number | undefined {
    for (const member of membersOf(this.#world, group)) if (!member.ended) return member.session
    return undefined
  }

  signalGroup(group: number, signal: number): void {
    for (const member of [...membersOf(this.#world, group)]) kernelSignal(member, signal)
  }

  signalProcess(pid: number, signal: number): void {
    const process = this.#world.processes.get(pid)
    if (process !== undefined) kernelSignal(process, signal)
  }
}
