/**
 * Resolves a caller's policy: checks it, and joins it with the policies that it extends. The same
 * object gives the same resolved policy as long as its contents do not change, so a compiled
 * filter can be cached by the resolved policy.
 */
import { DEFAULT_POLICY } from '../seccomp/defaults.ts'
import { PRESET, validatePolicy } from './check.ts'
import { DEFAULT_RESOLVED } from './default.ts'
import { join } from './join.ts'
import type { PresetName } from './policy.ts'
import { PRESETS } from './presets/presets.ts'
import type { ResolvedPolicy } from './resolved.ts'

interface Known {
  readonly resolved: ResolvedPolicy
  /**
   * The contents of the caller's object when it was checked, as text. The caller may change the
   * object between two runs.
   */
  readonly text: string | undefined
}

const known = new WeakMap<object, Known>()
const presets = new Map<PresetName, ResolvedPolicy>()
const handlers = new WeakMap<object, string>()
let handlersSeen = 0

/** A name for a handler, which differs from that of every other handler. */
function handlerName(handler: object): string {
  const before = handlers.get(handler)
  if (before !== undefined) return before
  const name = `handler ${handlersSeen++}`
  handlers.set(handler, name)
  return name
}

/** What is frozen has a name, which is shorter than its text. */
const constants = new Map<unknown, string>([
  [DEFAULT_POLICY, 'the default policy'],
  ...DEFAULT_POLICY.rules.map((rule, index): [unknown, string] => [rule, `default rule ${index}`]),
])

/**
 * The policy as text, with bigints as `1n` and a number for each handler; `undefined` if the
 * object can no longer be serialized, for example because of a cycle.
 */
function textOf(policy: object): string | undefined {
  try {
    return JSON.stringify(policy, (_, value: unknown) => {
      if (typeof value === 'object') return constants.get(value) ?? value
      if (typeof value === 'bigint') return `${value}n`
      return typeof value === 'function' ? handlerName(value) : value
    })
  } catch {
    return undefined
  }
}

function resolvePreset(name: PresetName): ResolvedPolicy {
  const before = presets.get(name)
  if (before) return before
  const resolved = join(PRESETS[name], 'policy')
  presets.set(name, resolved)
  return resolved
}

/**
 * Returns the resolved policy. Text is the name of a preset. Throws InvalidOptionError, which
 * names the key below `path`, if the value is not a policy.
 */
export function resolvePolicy(value: unknown, path = 'policy'): ResolvedPolicy {
  if (typeof value === 'string') return resolvePreset(PRESET.read(value, path))
  if (value === DEFAULT_POLICY) return DEFAULT_RESOLVED
  if (typeof value !== 'object' || value === null) return join(validatePolicy(value, path), path)
  const before = known.get(value)
  if (before?.text !== undefined && textOf(value) === before.text) return before.resolved
  // Keep a copy: a compiled filter must not depend on later changes of the caller's object.
  const resolved = join(validatePolicy(value, path), path)
  known.set(value, { resolved, text: textOf(value) })
  return resolved
}
