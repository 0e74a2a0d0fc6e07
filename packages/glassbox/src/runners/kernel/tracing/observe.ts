/** Puts the trace of a job on its world, and takes it off at the end. */
import type { VdsoClock } from '../../../kernel/mm/vdso/vdso-clock.ts'
import { SIGNAL } from '../../../kernel/task/signals/numbers.ts'
import { kernelSignal } from '../../../kernel/task/signals/send.ts'
import type { KernelWorld } from '../../../kernel/world/world.ts'
import type { SessionHooks } from '../../../trace/session.ts'
import type { Launched } from './launch-memory.ts'
import { WorldTrace } from './world-trace.ts'

export interface Observing {
  /** Throws what a handler has thrown. */
  end(): void
}

/**
 * Call it when the first program is loaded. Until `end`, every clock that a program reads is a
 * call, so that the trace shows it.
 */
export function observe(
  hooks: SessionHooks,
  world: KernelWorld,
  vdso: VdsoClock,
  job: Launched & { readonly follow: boolean },
): Observing {
  const { state } = world
  const { platform } = state
  const trace = new WorldTrace(
    hooks,
    {
      cancel: () => world.cancel(),
      leave: keep => {
        state.observer = undefined
        if (keep || !state.first) return
        for (const signal of [SIGNAL.SIGTERM, SIGNAL.SIGCONT]) kernelSignal(state.first, signal)
      },
      now: () => platform.now(),
      isBusy: () => platform.running > 0,
    },
    job.follow,
  )
  vdso.off()
  state.observer = trace
  const task = state.first?.leader
  if (task) trace.begin(task, job)
  return {
    end() {
      state.observer = undefined
      vdso.on()
      if (trace.failure) throw trace.failure.error
    },
  }
}
