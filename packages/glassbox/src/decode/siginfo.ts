/**
 * siginfo_t alone, for traces that print signals before the first call: the command has it in a
 * bundle of its own, which is a fraction of the decoder (APART in scripts/build-bundles.mjs).
 */
export { siginfoText } from './process/signals.ts'
