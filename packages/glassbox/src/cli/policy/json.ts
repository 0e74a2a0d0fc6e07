/** JSON of policies for the command's output. */
import { jsonBits, policyJson } from '../../policy/files/to-json.ts'
import type { ResolvedPolicy } from '../../policy/resolved.ts'

/** A policy file with the same meaning. */
export const policyFileText = (policy: ResolvedPolicy): string =>
  `${JSON.stringify(policyJson(policy), jsonBits, 2)}\n`
