/**
 * The namespace runner: boxes made of kernel namespaces and cgroups, with glassbox's own init as
 * the parent of the program.
 */
import type { Runner } from '../runner.ts'
import { callRulesOf } from './call-rules.ts'
import { planText } from './plan-text.ts'
import { NamespaceSandbox } from './sandbox.ts'

export const namespaceRunner: Runner = {
  name: 'namespace',
  showsHost: false,
  check: (_, terms) => {
    if (terms?.policy) callRulesOf(terms.policy)
  },
  open: spec => NamespaceSandbox.open(spec),
  plan: planText,
}
