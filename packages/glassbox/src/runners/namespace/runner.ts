/**
 * The namespace runner: boxes made of kernel namespaces and cgroups, with glassbox's own init as
 * the parent of the program.
 */
import { withSystemErrors } from '../../gate/gate.ts'
import type { Runner } from '../runner.ts'
import { checkHere } from './binds/targets.ts'
import { callRulesOf } from './call-rules.ts'
import { NamespaceSandbox } from './sandbox.ts'

export const namespaceRunner: Runner = {
  name: 'namespace',
  showsHost: false,
  check: ({ here }, terms) => {
    if (here !== undefined) checkHere(here)
    if (terms?.policy) callRulesOf(terms.policy)
  },
  open: spec => withSystemErrors(() => NamespaceSandbox.open(spec)),
  // The text of plans needs all of decode/, which a run does not.
  plan: async (spec, job) => (await import('./plan-text.ts')).planText(spec, job),
}
