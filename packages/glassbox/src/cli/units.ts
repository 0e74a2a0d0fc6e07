/** Prints durations and sizes for a person at a terminal. Pure. */
import { UNLIMITED } from '../options/units.ts'

const trim = (value: number): string => value.toFixed(value < 10 ? 2 : 1).replace(/\.?0+$/, '')

/** `18 ms`, `1.5 s`. */
export function formatDuration(ms: number): string {
  if (ms === Infinity) return UNLIMITED
  return ms < 1000 ? `${trim(ms)} ms` : `${(ms / 1000).toFixed(3).replace(/\.?0+$/, '')} s`
}

/** `7.9 MiB`. */
export function formatSize(bytes: number): string {
  if (bytes === Infinity) return UNLIMITED
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  let value = bytes
  let unit = 0
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024
    unit++
  }
  return `${trim(value)} ${units[unit]}`
}
