/**
 * Checks a caller's policy at every depth, by tables of kinds. The result is a frozen copy in
 * which presets are still names. `resolve.ts` joins it with the policies that it extends.
 */
import { InvalidOptionError } from '../errors.ts'
import {
  isArray,
  type Hint,
  type JsonSchema,
  type Kind,
  list,
  type RecordKind,
  text,
  unexpected,
} from '../options/kind.ts'
import { isPlain, record } from '../options/record.ts'
import { DEFAULT_POLICY } from '../seccomp/defaults.ts'
import { nearest } from '../suggest.ts'
import { KERNEL_ACTION } from './action-kinds.ts'
import { checkForDeadRules } from './dead-rules.ts'
import { PATHS } from './path-kinds.ts'
import type { Policy, PresetName, Rule } from './policy.ts'
import { PRESETS } from './presets/presets.ts'
import { RULE } from './rule-kinds.ts'

/** A policy is nested in others at most so often. */
const DEEPEST = 32

const EXPECTED = 'a policy with rules, { rules, otherwise }'
const NOT_A_POLICY: Hint = value =>
  value === null
    ? 'Leave the policy out for the default.'
    : 'Use null for no filter, or leave it out for the default.'
const OTHERWISE_HINT = 'It says what happens to calls without a rule; or use extends.'

const NAME = text('text')

const rules = (of: Kind<Rule>): Kind<readonly Rule[]> => list(of, 'a list of rules')

const OF_DEFAULT: ReadonlySet<unknown> = new Set(DEFAULT_POLICY.rules)

/** Rules of the default policy may stand in the list behind rules that replace some of them. */
const RULES: Kind<readonly Rule[]> = {
  expected: rules(RULE).expected,
  schema: () => ({ type: 'array', items: RULE.schema?.() }),
  read: (value, path) => {
    const given: unknown[] = []
    const remembered: Kind<Rule> = {
      expected: RULE.expected,
      read: (one, place) => {
        given.push(one)
        return RULE.read(one, place)
      },
    }
    const read = rules(remembered).read(value, path)
    checkForDeadRules(read, path, index => OF_DEFAULT.has(given[index]))
    return read
  },
}

/** The name of a preset. The error for an unknown name suggests a similar one. */
export const PRESET: Kind<PresetName> = {
  expected: 'the name of a preset',
  read: (value, path) => {
    if (typeof value !== 'string') throw unexpected(path, PRESET.expected, value)
    if (Object.hasOwn(PRESETS, value)) return value as PresetName
    const names = Object.keys(PRESETS)
    const guess = nearest(value, names)
    throw new InvalidOptionError(
      path,
      `There is no preset called ${JSON.stringify(value.slice(0, 60))}.`,
      guess === undefined ? `The presets are ${names.join(', ')}.` : `Did you mean ${guess}?`,
    )
  },
}

/** What is known while a policy is checked. */
interface Nesting {
  /** The caller's objects around the place that is read. */
  readonly within: readonly object[]
  /** The copies of the caller's objects, so that a policy which is reached twice is one policy. */
  readonly copies: Map<object, Policy>
}

/** One policy that another one extends. */
function baseKind(nesting: Nesting): Kind<PresetName | Policy> {
  const expected = 'the name of a preset, or a policy'
  return {
    expected,
    read: (value, path) => {
      if (typeof value === 'string') return PRESET.read(value, path)
      if (!isPlain(value)) throw unexpected(path, expected, value)
      return policyKind(nesting).read(value, path)
    },
  }
}

/** In files, a base is the name of a preset, the name of another file, or a policy. */
const BASE_SCHEMA: JsonSchema = {
  anyOf: [
    { enum: Object.keys(PRESETS) },
    { type: 'string', pattern: '[/.]', description: 'A policy file, relative to this one.' },
    { $ref: '#' },
  ],
}

function extendsKind(nesting: Nesting): Kind<NonNullable<Policy['extends']>> {
  const one = baseKind(nesting)
  const several = list(one, 'a list of policies')
  return {
    expected: `${one.expected}, or a list of them`,
    schema: () => ({ anyOf: [BASE_SCHEMA, { type: 'array', items: BASE_SCHEMA, minItems: 1 }] }),
    read: (value, path) => (isArray(value) ? several : one).read(value, path),
  }
}

function checkNesting(value: object, { within }: Nesting, path: string): void {
  if (within.includes(value))
    throw new InvalidOptionError(path, `${path} is a policy that extends itself.`, 'Break the cycle.')
  if (within.length >= DEEPEST)
    throw new InvalidOptionError(path, `${path}: policies extend each other ${DEEPEST} times.`)
}

const table = (nesting: Nesting): RecordKind<Policy> =>
  record<Policy>({
    fields: {
      name: { kind: NAME, words: ['title', 'label'], about: 'For messages.' },
      extends: {
        kind: extendsKind(nesting),
        words: ['extend', 'base', 'parent', 'preset', 'inherits'],
        about: 'Policies that this one adds to. The rules here come before theirs.',
      },
      rules: {
        kind: RULES,
        words: ['syscalls', 'calls', 'seccomp'],
        about: 'Of the rules for a call, the first that matches decides.',
      },
      otherwise: {
        kind: KERNEL_ACTION,
        words: ['default', 'defaultAction', 'else'],
        about: 'What happens to calls that no rule matches.',
      },
      paths: {
        kind: PATHS,
        words: ['files', 'fs', 'filesystem', 'path'],
        about: 'Which files may be used. Without it, files are not restricted.',
      },
    },
    lacks: 'A policy has no key',
    expected: EXPECTED,
  })

function policyKind(nesting: Nesting): Kind<Policy> {
  const { within, copies } = nesting
  return {
    expected: EXPECTED,
    read: (value, path) => {
      if (!isPlain(value)) throw unexpected(path, EXPECTED, value, NOT_A_POLICY)
      const before = copies.get(value)
      if (before) return before
      checkNesting(value, nesting, path)
      const read = table({ copies, within: [...within, value] }).read(value, path)
      const bases = isArray(read.extends) ? read.extends.length : read.extends
      if (read.otherwise === undefined && !bases)
        throw unexpected(`${path}.otherwise`, KERNEL_ACTION.expected, undefined, OTHERWISE_HINT)
      copies.set(value, read)
      return read
    },
  }
}

/** Returns a frozen copy of the policy. Throws InvalidOptionError, which names key and value. */
export const validatePolicy = (policy: unknown, path = 'policy'): Policy =>
  policyKind({ within: [], copies: new Map() }).read(policy, path)

/** The table of a policy as JSON Schema. */
export const policyTableSchema = (): JsonSchema => table({ within: [], copies: new Map() }).schema?.() ?? {}
