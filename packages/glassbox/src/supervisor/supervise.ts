/**
 * Starts programs under supervisors, of which there are at most as many as CPUs. A supervisor
 * stays when its programs have ended, so that the next program need not wait for a worker to
 * start.
 */
import { availableParallelism } from 'node:os'
import type { StartProgram } from './contract.ts'
import { Supervisor } from './supervisor.ts'

let supervisors: Supervisor[] = []

/**
 * The supervisor for the next program: one without programs, or else a new one. A new one takes
 * longer to start than most programs run, so one that is warm is preferred to it.
 */
function choose(): Supervisor {
  supervisors = supervisors.filter(({ isDead }) => !isDead)
  const byLoad = supervisors.toSorted((a, b) => Number(b.isWarm) - Number(a.isWarm) || a.load - b.load)
  const [best] = byLoad
  if (best && (best.load === 0 || supervisors.length >= availableParallelism())) return best
  const added = new Supervisor()
  supervisors.push(added)
  return best?.isWarm ? best : added
}

/**
 * Starts a program; see the contract.
 *
 * @example
 * const program = await startProgram(spec, () => 'allow')
 * const { exit, usage } = await program.ended
 */
export const startProgram: StartProgram = async (spec, ask, begun) => choose().start(spec, ask, begun)
