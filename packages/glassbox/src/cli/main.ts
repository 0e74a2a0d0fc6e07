/**
 * The command with all its subcommands. What is installed starts from a bundle for each of them
 * instead (scripts/build-bundles.mjs): reading some two hundred modules takes longer than all that
 * most commands do.
 */
import { type Commands, start } from './start.ts'

export const COMMANDS: Commands = {
  run: () => import('./run.ts'),
  strace: () => import('./strace.ts'),
  doctor: () => import('./doctor.ts'),
  completion: () => import('./completion.ts'),
}

export const main = (words: readonly string[]): Promise<void> => start(COMMANDS, words)
