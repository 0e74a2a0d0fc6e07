/**
 * The namespace runner: boxes made of kernel namespaces and cgroups, with glassbox's own init as
 * the parent of the program.
 */
import { withSystemErrors } from '../../gate/gate.ts'
import type { Runner } from '../runner.ts'
import { planText } from './plan-text.ts'
import { NamespaceSandbox } from './sandbox.ts'

export const namespaceRunner: Runner = {
  name: 'namespace',
  open: spec => withSystemErrors(() => NamespaceSandbox.open(spec)),
  plan: planText,
}
