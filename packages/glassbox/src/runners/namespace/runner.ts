/**
 * The namespace runner: boxes of kernel namespaces and cgroups, with an init of ours above the
 * program.
 */
import type { Runner } from '../runner.ts'
import { planText } from './plan-text.ts'
import { NamespaceSandbox } from './sandbox.ts'

export const namespaceRunner: Runner = {
  name: 'namespace',
  open: spec => NamespaceSandbox.open(spec),
  plan: planText,
}
