// temporary stand-in by the lead, replaced by the seccomp helper
import type { Policy } from './policy.ts'
export function compilePolicy(_p: Policy): Uint8Array { return new Uint8Array([6,0,0,0,0,0,0xff,0x7f]) }
