/** `glassbox strace`: shows the system calls of a program, with strace's options and output. */
import { GlassboxError } from '../errors.ts'
import { printable } from '../printable.ts'
import { PTRACE_SOURCE } from '../ptrace/source.ts'
import { strace } from '../strace/command.ts'
import { say } from '../strace/text/messages.ts'
import { dieBy } from '../strace/die.ts'
import { straceHelp } from './strace/help.ts'
import { straceOptions } from './strace/options.ts'
import { stderr, stdout } from './output.ts'

export const summary = 'Trace the system calls of a program, like strace.'

export function help(): string {
  return straceHelp()
}

export async function main(words: readonly string[]): Promise<number> {
  const warnings: string[] = []
  let options: ReturnType<typeof straceOptions> | undefined
  try {
    options = straceOptions(words, warnings)
    if (options === 'help') {
      stdout.write(straceHelp())
      return 0
    }
    if (options === 'version') {
      stdout.write('strace -- glassbox, with the options and the text of strace 6.1\n')
      return 0
    }
    const { code, signal } = options.box
      ? await (await import('./strace/in-kernel.ts')).traceInKernel(options)
      : await strace(options, PTRACE_SOURCE)
    if (signal !== undefined) dieBy(signal)
    return code
  } catch (error) {
    if (!(error instanceof GlassboxError) || error.code === 'ERR_GLASSBOX_INTERNAL') throw error
    // Those of sound options are printed when the trace begins.
    if (!options) for (const warning of warnings) say(warning)
    stderr.write(
      `strace: ${printable(error.message)}\n${error.hint === undefined ? '' : `${printable(error.hint)}\n`}`,
    )
    return 1
  }
}
