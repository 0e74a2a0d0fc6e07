/**
 * Why Node could not start a worker, as an error that says what to do. Workers of traces,
 * supervisors and kernels share it.
 */
import { GlassboxError } from '../errors.ts'
import { systemError } from './gate.ts'
import { ERRNO } from '../linux/errno.ts'

/**
 * `thread`: what the worker is, such as `the thread of a tracer`. Undefined: the worker has
 * started, and this is another error.
 *
 * @example
 * worker.on('error', error => fail(workerStartError(error, 'the thread of a tracer') ?? error))
 */
export function workerStartError(error: unknown, thread: string): GlassboxError | undefined {
  const { code, message, syscall } = (error ?? {}) as Partial<NodeJS.ErrnoException>
  if (syscall === 'uv_cwd')
    return new GlassboxError(
      'ERR_GLASSBOX_SYSTEM',
      `Node.js cannot start ${thread}: the current directory of this process does not exist any more.`,
      { cause: error, hint: 'Go to a directory that exists, by process.chdir(), or start again there.' },
    )
  if (code !== 'ERR_WORKER_INIT_FAILED') return undefined
  // Only the message says why: it ends with the errno.
  const name = /E[A-Z]+$/.exec(message ?? '')?.[0]
  if (name === undefined || !(name in ERRNO)) return undefined
  return systemError('clone', ERRNO[name as keyof typeof ERRNO], thread, error)
}
