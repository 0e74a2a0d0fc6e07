/**
 * The command with all its subcommands. The installed command starts from one bundle per
 * subcommand instead (scripts/build-bundles.mjs), because loading about two hundred modules takes
 * longer than most commands run.
 */
import { type Commands, start } from './start.ts'

export const COMMANDS: Commands = {
  run: () => import('./run.ts'),
  strace: () => import('./strace.ts'),
  doctor: () => import('./doctor.ts'),
  policy: () => import('./policy.ts'),
  kernel: () => import('./kernel.ts'),
  isolate: () => import('./isolate.ts'),
  completion: () => import('./completion.ts'),
}

export const main = (words: readonly string[]): Promise<void> => start(COMMANDS, words)
