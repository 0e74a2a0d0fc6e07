/**
 * Carries the trace of a job in the kernel thread: loads the handlers, runs the world with them,
 * and posts the end to the port of the trace, which it owns.
 */
import { GlassboxError } from '../../../errors.ts'
import type { WorldEnd } from '../../../kernel/world/world.ts'
import { carry } from '../../../trace/carrier.ts'
import type { SessionHooks } from '../../../trace/session.ts'
import type { TraceSpec } from '../wire.ts'

const SIGNAL_BITS = 0x7f

/**
 * `run`: starts the world, tells the hooks of it, and resolves with its end. Rejects as it does,
 * or because the handlers could not be loaded: then `run` is not called.
 */
export async function carryTraced(
  { data, port }: TraceSpec,
  run: (hooks: SessionHooks) => Promise<WorldEnd>,
): Promise<WorldEnd> {
  let end: WorldEnd | undefined
  let failure: { readonly error: unknown } | undefined
  try {
    await carry(port, data, (_spec, hooks) => ({
      async run() {
        try {
          end = await run(hooks)
        } catch (error) {
          failure = { error }
          throw error
        }
        const signal = end.status & SIGNAL_BITS
        return signal === 0 ? { exitCode: (end.status >> 8) & 0xff } : { signal }
      },
    }))
  } finally {
    port.close()
  }
  if (failure) throw failure.error
  if (end) return end
  // The trace says why.
  throw new GlassboxError('ERR_GLASSBOX_INTERNAL', 'The trace of the program could not begin.')
}
