/**
 * Whether a program may have left something outside of its private directory, where the clean-up
 * of a pool does not look. It cannot if its policy lets it write below the working directory only,
 * and if it may not send anything to a process outside.
 */
import type { ResolvedBox } from '../../job/resolved.ts'
import { ACCESS, type PathRule, type ResolvedPolicy } from '../../policy/resolved.ts'

/** Devices without contents of their own; a program's session has no terminal to write to. */
const WITHOUT_CONTENTS = new Set(['/dev/null', '/dev/zero', '/dev/full', '/dev/tty'])

const isHarmless = ({ access, path }: PathRule): boolean =>
  (access & ACCESS.write) === 0 ||
  path === '{work}' ||
  path.startsWith('{work}/') ||
  WITHOUT_CONTENTS.has(path)

/**
 * Whether the policy lets a program write below its working directory only. `undefined`: the
 * preset `default`, which does.
 */
export const writesOnlyInside = (policy: ResolvedPolicy | null | undefined): boolean =>
  policy === undefined || (policy?.paths?.rules.every(isHarmless) ?? false)

/** Whether nothing can be left outside of the private directory. */
export function leavesNothingOutside(
  { net }: Pick<ResolvedBox, 'net'>,
  policy: ResolvedPolicy | null | undefined,
): boolean {
  return net !== 'host' && writesOnlyInside(policy)
}
