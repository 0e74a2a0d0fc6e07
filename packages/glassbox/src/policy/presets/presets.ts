/** The policies that glassbox brings along, by their names. */
import type { Policy, PresetName } from '../policy.ts'
import { DEFAULT_PRESET } from './default.ts'

export const PRESETS: Readonly<Record<PresetName, Policy>> = {
  default: DEFAULT_PRESET,
}
