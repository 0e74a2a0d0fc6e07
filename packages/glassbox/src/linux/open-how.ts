/** What openat2(2) takes, apart from the layouts that are printed: most uses need no more. */

/** sizeof(struct open_how), which is an argument of the call. */
export const OPEN_HOW_BYTES = 24
