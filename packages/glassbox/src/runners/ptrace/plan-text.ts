/**
 * The launch plan of a job as text: every system call that the launcher of the program would make,
 * in strace's notation. Starts nothing.
 */
import type { Job } from '../../job/job.ts'
import { printPlan } from '../../plan/print.ts'
import { disassemble } from '../../seccomp/disassemble.ts'
import { programPlan } from '../../supervisor/start/program-plan.ts'
import type { SandboxSpec } from '../runner.ts'
import { baseDirectory, PREFIX } from './directory.ts'
import { exampleOwner } from './identity.ts'
import { programOf } from './program.ts'

/**
 * The name of the private directory, and the user id that is derived from it, are random. The text
 * has `ID` and the first id instead. A ruleset is a descriptor, so the text has its rules.
 */
export function planText({ box }: SandboxSpec, job: Job): string {
  const work = `${baseDirectory()}/${PREFIX}ID/box`
  const { program, wall } = programOf(job, box, { work, owner: exampleOwner() })
  const plan = programPlan({ ...program, stdio: [0, 1, 2], ruleset: undefined })
  const grants = (wall?.grants ?? []).map(({ text, path }) => `${text} → ${path}\n`).join('')
  const rules = wall ? `\n/* the Landlock ruleset, ABI ${wall.abi} */\n${grants}` : ''
  return `${printPlan(plan)}${rules}\n/* the filter */\n${disassemble(program.filter)}`
}
