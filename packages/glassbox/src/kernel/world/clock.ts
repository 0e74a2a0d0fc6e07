/** The clocks of a world that has the host's time. */
import type { Platform } from '../platform/platform.ts'
import type { Clock } from '../task/types.ts'

export function hostClock(platform: Platform): Clock {
  return {
    monotonic: () => platform.now(),
    realSeconds: () => Math.floor((performance.timeOrigin + performance.now()) / 1e3),
    realNanoseconds: () => Math.floor(((performance.timeOrigin + performance.now()) % 1e3) * 1e6),
  }
}
