/** What of an address space belongs to guests: everything below the stub. */
import { STUB_CODE } from '../../../gate/guest.ts'

/** The first address that a guest cannot have. */
export const MAX_ADDRESS: number = STUB_CODE
