/** Presets of interpreters and virtual machines: `python3`, `node` and `java`. */
import type { Policy, PresetName } from '../policy.ts'
import { DEVICES, ITSELF, LIBRARIES, LOADERS, MACHINE, SETTINGS, SINKS, WORK } from './files.ts'
import { NO_NETWORK, ORDINARY_RULES } from './ordinary.ts'

/** `read` and `execute`: what the language needs in addition to what all programs need. */
function language(name: PresetName, read: readonly string[], execute: readonly string[]): Policy {
  return {
    name,
    rules: [...NO_NETWORK, ...ORDINARY_RULES],
    otherwise: { kind: 'kill' },
    paths: {
      read: [...read, ...LIBRARIES, ...DEVICES, ...ITSELF, ...MACHINE, ...SETTINGS],
      write: [...WORK, ...SINKS],
      execute: ['{program}', ...execute, ...LOADERS],
    },
  }
}

export const PYTHON3: Policy = language(
  'python3',
  ['/usr/share/python3/', '/usr/share/python-wheels/', '/etc/python3/', '/etc/python3.*/*'],
  ['/usr/bin/python3', '/usr/bin/python3.*', '/usr/local/bin/python3', '/usr/local/bin/python3.*'],
)

export const NODE: Policy = language(
  'node',
  ['/usr/share/nodejs/', '/usr/share/node_modules/', '/usr/include/node/'],
  ['/usr/bin/node', '/usr/bin/nodejs', '/usr/local/bin/node'],
)

export const JAVA: Policy = language(
  'java',
  ['/usr/share/java/', '/usr/share/javazi-1.8/', '/etc/java-*/**'],
  ['/usr/bin/java', '/usr/lib/jvm/'],
)
