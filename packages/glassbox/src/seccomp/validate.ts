// temporary stand-in
import type { Policy } from './policy.ts'
export function validatePolicy(p: unknown): Policy {
  return p as Policy
}
