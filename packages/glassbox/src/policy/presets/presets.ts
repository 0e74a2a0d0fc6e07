/** The policies that glassbox brings along, by their names. */
import type { Policy, PresetName } from '../policy.ts'
import { DEFAULT_PRESET } from './default.ts'
import { JAVA, NODE, PYTHON3 } from './languages.ts'
import { COMPILER, SHELL } from './tools.ts'

export const PRESETS: Readonly<Record<PresetName, Policy>> = {
  default: DEFAULT_PRESET,
  python3: PYTHON3,
  node: NODE,
  java: JAVA,
  compiler: COMPILER,
  shell: SHELL,
}
