/**
 * The kernel's constants by their own names, from its UAPI headers. Sets of them, for printing:
 * `flags.ts`.
 */
export * from './generated/constants.ts'
