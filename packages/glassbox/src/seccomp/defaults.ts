// temporary stand-in
import type { Policy } from './policy.ts'
export const DEFAULT_POLICY: Policy = { rules: [], otherwise: { kind: 'allow' } }
