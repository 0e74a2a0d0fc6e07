/** The CPU's cycle counter beside a clock: native/guest.c. */
import { addon } from './addon.ts'

export { VDSO_PATH } from './addon.ts'

/** Stores the counter, and the nanoseconds of CLOCK_MONOTONIC at that moment. */
export const readCycles = (out: BigUint64Array): void => addon().readCycles(out)
