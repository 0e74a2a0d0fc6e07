/**
 * The kernel's constants by their own names, from its UAPI headers. `flags.ts` has the sets of
 * them that are printed.
 */
export * from './generated/constants.ts'
