/** What a run of the kernel runner does on the host, as text. */
import type { Job } from '../../job/job.ts'
import type { SandboxSpec } from '../runner.ts'

/** What a plan says of a bind, by its `writable`. */
const SAID: Readonly<Record<string, string>> = { true: ' (writable)', copy: ' (changed in memory only)' }

export async function planText({ box }: SandboxSpec, job: Job): Promise<string> {
  const binds = box.binds.map(
    ({ source, target, writable }) => `  ${source} → ${target}${SAID[String(writable)] ?? ''}`,
  )
  return [
    `A world of the kernel runner runs ${job.path}.`,
    'Its programs make no system call on the host. The kernel thread opens the host’s files for them, beneath:',
    '  the system directories, read-only, and a private directory as /box',
    ...binds,
    '',
  ].join('\n')
}
