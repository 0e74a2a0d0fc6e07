/**
 * The options that this runner cannot honour, and why. They are refused if the caller gave them:
 * to ignore one would be a weaker promise than the caller asked for.
 */
import { InvalidOptionError } from '../../errors.ts'
import type { JobTerms } from '../../job/job.ts'
import type { ResolvedBox } from '../../job/resolved.ts'
import { checkMounts } from './mount-points.ts'
import { checkHere } from '../root/binds/targets.ts'

const DISK = [
  'the working directory is a directory of the host, whose size this runner cannot limit',
  'Use limits.fileSizeBytes for the size of each file, or the namespace runner.',
] as const

/** Throws InvalidOptionError. Starts nothing. */
export function check(box: ResolvedBox, terms: Partial<Pick<JobTerms, 'policy'>> = {}): void {
  if (box.here !== undefined) checkHere(box.here)
  checkMounts(box)
  if (box.net === 'host')
    throw new InvalidOptionError(
      'net',
      'The kernel runner has no network of the host: its programs reach nothing outside of their world.',
      'Leave it out, or use the namespace runner.',
    )
  for (const name of ['diskBytes', 'diskFiles'] as const)
    if (box[name] !== undefined)
      throw new InvalidOptionError(name, `The kernel runner has no option ${name}: ${DISK[0]}.`, DISK[1])
  if (terms.policy)
    throw new InvalidOptionError(
      'policy',
      'The kernel runner takes no policy: no system call of its programs reaches the host.',
      'Leave it out; what programs see of the host is decided by binds.',
    )
}
