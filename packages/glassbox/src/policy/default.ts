/**
 * The policy of boxes for which the caller gives none. It is apart from `resolve.ts`, which loads
 * the checks and presets of all other policies.
 */
import { DEFAULT_POLICY } from '../seccomp/defaults.ts'
import type { ResolvedPolicy } from './resolved.ts'

/** `DEFAULT_POLICY`, resolved. */
export const DEFAULT_RESOLVED: ResolvedPolicy = {
  name: undefined,
  rules: DEFAULT_POLICY.rules,
  otherwise: DEFAULT_POLICY.otherwise,
  paths: undefined,
  needsTracer: undefined,
}
