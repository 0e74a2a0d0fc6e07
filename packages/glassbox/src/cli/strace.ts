/** `glassbox strace`: shows the system calls of a program, with strace's options and output. */
import { GlassboxError } from '../errors.ts'
import { printable } from '../printable.ts'
import { PTRACE_SOURCE } from '../ptrace/source.ts'
import { type Result, strace } from '../strace/command.ts'
import { dieBy } from '../strace/die.ts'
import type { StraceOptions } from '../strace/options.ts'
import { straceHelp } from './strace/help.ts'
import { straceOptions } from './strace/options.ts'
import { stderr, stdout } from './output.ts'

export const summary = 'Trace the system calls of a program, like strace.'

export function help(): string {
  return straceHelp()
}

/** Loaded when it is needed: it brings the runners. */
async function inKernel(options: StraceOptions): Promise<Result> {
  const [{ straceInKernel }, { reportLine }, { exitCodeOf }] = await Promise.all([
    import('../strace/in-kernel.ts'),
    import('./run/report.ts'),
    import('./exit-code.ts'),
  ])
  return straceInKernel(options, result =>
    result.limit ? { code: exitCodeOf(result), message: reportLine(result) } : undefined,
  )
}

export async function main(words: readonly string[]): Promise<number> {
  try {
    const options = straceOptions(words)
    if (options === 'help') {
      stdout.write(straceHelp())
      return 0
    }
    if (options === 'version') {
      stdout.write('strace -- glassbox, with the options and the text of strace 6.1\n')
      return 0
    }
    const { code, signal } = options.box ? await inKernel(options) : await strace(options, PTRACE_SOURCE)
    if (signal !== undefined) dieBy(signal)
    return code
  } catch (error) {
    if (!(error instanceof GlassboxError) || error.code === 'ERR_GLASSBOX_INTERNAL') throw error
    stderr.write(
      `strace: ${printable(error.message)}\n${error.hint === undefined ? '' : `${printable(error.hint)}\n`}`,
    )
    return 1
  }
}
