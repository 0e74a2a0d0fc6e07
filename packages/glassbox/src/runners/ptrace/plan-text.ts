/**
 * The launch plan of a job as text: every system call that the launcher of the program would make,
 * in strace's notation. Starts nothing.
 */
import type { Cgroup } from '../../cgroup/group.ts'
import { kernelLimits } from '../../cgroup/host.ts'
import type { Job } from '../../job/job.ts'
import { printPlan } from '../../plan/print.ts'
import { disassemble } from '../../seccomp/disassemble.ts'
import { programPlan } from '../../supervisor/start/program-plan.ts'
import type { SandboxSpec } from '../runner.ts'
import { baseDirectory, PREFIX } from '../private/directory.ts'
import { exampleOwner } from '../private/identity.ts'
import { plannedGroup } from './group.ts'
import { programOf } from './program.ts'

/**
 * The name of the private directory, and the user id that is derived from it, are random. The text
 * has `ID` and the first id instead. A ruleset is a descriptor, so the text has its rules.
 */
export function planText({ box }: SandboxSpec, job: Job): string {
  const work = `${baseDirectory()}/${PREFIX}ID/box`
  const owner = exampleOwner()
  const cgroup = plannedGroup(job, owner)
  const { program, wall } = programOf(job, box, { work, owner }, cgroup !== undefined)
  const plan = programPlan({ ...program, stdio: [0, 1, 2], ruleset: undefined })
  const grants = (wall?.grants ?? []).map(({ text, path }) => `${text} → ${path}\n`).join('')
  const rules = wall ? `\n/* the Landlock ruleset, ABI ${wall.abi} */\n${grants}` : ''
  const group = cgroup ? groupText(cgroup, job) : ''
  return `${group}${printPlan(plan)}${rules}\n/* the filter */\n${disassemble(program.filter)}`
}

/** What this process writes to make the group; the program joins it first of all. */
function groupText(cgroup: Cgroup, { limits }: Job): string {
  const lines = cgroup.parts.flatMap(part => [
    `mkdir ${part.directory}`,
    ...cgroup
      .firstWrites(part, kernelLimits(limits))
      .map(({ file, value }) => `  ${value} → ${part.directory}/${file}`),
  ])
  return `/* the cgroup of the program, which it joins first */\n${lines.join('\n')}\n\n`
}
