/**
 * The options that this runner cannot honour, and why. They are refused if the caller gave them:
 * to ignore one would be a weaker promise than the caller asked for.
 */
import { InvalidOptionError, MissingFeatureError } from '../../errors.ts'
import type { JobTerms } from '../../job/job.ts'
import type { ResolvedBox } from '../../job/resolved.ts'
import { requireLandlock } from '../../landlock/abi.ts'

interface Lack {
  readonly why: string
  readonly instead: string
}

const DISK: Lack = {
  why: 'the working directory is a directory of the host, whose size this runner cannot limit',
  instead: 'Use limits.fileSizeBytes for the size of each file, or the namespace runner.',
}

const LACKS = {
  here: {
    why: 'programs see the files of the host under their own names',
    instead: 'Use cwd and policy.paths (--cwd, --allow-write), or the namespace runner.',
  },
  binds: {
    why: 'programs see the files of the host under their own names',
    instead: 'Grant them by policy.paths (--allow-read), copy them in, or use the namespace runner.',
  },
  mounts: {
    why: 'programs make their calls on the host, whose file systems they see',
    instead: "Use runner: 'kernel', or copy files in.",
  },
  etc: {
    why: 'programs see /etc of the host',
    instead: 'Grant its files by policy.paths (--allow-read), or use the namespace runner.',
  },
  hostname: {
    why: 'programs have the host name of the host',
    instead: 'Leave it out, or use the namespace runner.',
  },
  diskBytes: DISK,
  diskFiles: DISK,
} as const satisfies Partial<Record<keyof ResolvedBox, Lack>>

const isGiven = (value: unknown): boolean =>
  value !== undefined && !(typeof value === 'object' && value !== null && Object.keys(value).length === 0)

/** Throws InvalidOptionError or MissingFeatureError. Starts nothing. */
export function check(box: ResolvedBox, terms: Partial<Pick<JobTerms, 'policy' | 'trace'>> = {}): void {
  for (const [name, { why, instead }] of Object.entries(LACKS)) {
    if (isGiven(box[name as keyof typeof LACKS]))
      throw new InvalidOptionError(name, `The ptrace runner has no option ${name}: ${why}.`, instead)
  }
  if (terms.trace) throw noTrace()
  // Without a policy of the caller's, the preset applies, and it has paths.
  if (terms.policy !== null && (terms.policy === undefined || terms.policy.paths)) requireLandlock()
}

const noTrace = (): MissingFeatureError =>
  new MissingFeatureError(
    'trace',
    'The ptrace runner cannot trace its programs for you: it traces them itself, and a thread has only one tracer.',
    "Use runner: 'namespace' with trace, or trace() without a runner.",
  )
