/**
 * The preset `default`: programs of C, C++, Rust, Go and Pascal, static and dynamic, with threads
 * and children. The only program that it lets execute is the program itself.
 */
import type { Policy } from '../policy.ts'
import { DEVICES, ITSELF, LIBRARIES, LOADERS, MACHINE, SINKS, WORK } from './files.ts'
import { NO_LOCAL_SERVICES, ORDINARY_RULES } from './ordinary.ts'

export const DEFAULT_PRESET: Policy = {
  name: 'default',
  rules: [...NO_LOCAL_SERVICES, ...ORDINARY_RULES],
  otherwise: { kind: 'kill' },
  paths: {
    read: [...LIBRARIES, ...DEVICES, ...ITSELF, ...MACHINE],
    write: [...WORK, ...SINKS],
    execute: ['{program}', ...LOADERS],
  },
}
