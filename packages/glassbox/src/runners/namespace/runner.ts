/**
 * The namespace runner: boxes made of kernel namespaces and cgroups, with glassbox's own init as
 * the parent of the program.
 */
import { isPrivileged } from '../../container/identity.ts'
import { InvalidOptionError } from '../../errors.ts'
import type { ResolvedBox } from '../../job/resolved.ts'
import type { Runner } from '../runner.ts'
import { checkHere } from '../root/binds/targets.ts'
import { callRulesOf } from './call-rules.ts'
import { checkEtc } from './etc-names.ts'
import { NamespaceSandbox } from './sandbox.ts'

/** Only a kernel of our own can ask functions of the caller. */
function refuseMounts({ mounts }: ResolvedBox): void {
  if (Object.keys(mounts).length === 0) return
  throw new InvalidOptionError(
    'mounts',
    'The namespace runner has no option mounts: the kernel of the host serves its file systems.',
    "Use runner: 'kernel', or copy files in.",
  )
}

/** So can only a kernel of our own keep the changes of a bind in memory. */
function refuseCopies({ binds }: ResolvedBox): void {
  const index = binds.findIndex(({ writable }) => writable === 'copy')
  if (index < 0) return
  throw new InvalidOptionError(
    `binds[${index}].writable`,
    "The namespace runner has no binds with writable: 'copy': only the kernel runner has them.",
    "Use runner: 'kernel', or copy the files in.",
  )
}

export const namespaceRunner: Runner = {
  name: 'namespace',
  showsHost: false,
  strangers: isPrivileged,
  check: (box, terms) => {
    if (box.here !== undefined) checkHere(box.here)
    checkEtc(box.etc)
    refuseMounts(box)
    refuseCopies(box)
    if (terms?.policy) callRulesOf(terms.policy)
  },
  open: spec => NamespaceSandbox.open(spec),
  // The text of plans needs all of decode/, which a run does not.
  plan: async (spec, job) => (await import('./plan-text.ts')).planText(spec, job),
}
