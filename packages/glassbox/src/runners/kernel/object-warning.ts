/** What is said of a failed handler if its object has no `onError`. */
import { show } from '../../options/show.ts'

/** Emits a warning of Node's process; a program that goes on asking repeats it. */
export function glassboxWarning(target: string, operation: string, path: string, error: unknown): void {
  const why = error instanceof Error ? `${error.name}: ${error.message}` : show(error)
  process.emitWarning(
    `mounts[${JSON.stringify(target)}].${operation}(${JSON.stringify(path)}) failed: ${why}`,
    {
      code: 'GLASSBOX_MOUNT',
      detail: 'The program got EIO. An error with a code such as ENOENT is passed on to it instead.',
    },
  )
}
