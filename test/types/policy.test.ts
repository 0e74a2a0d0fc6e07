/** The types of policies, as callers write them. */
import { expectTypeOf } from 'expect-type'
import { test } from 'node:test'
import {
  type Action,
  type DecideCall,
  DEFAULT_POLICY,
  denyCalls,
  type loadPolicy,
  type Policy,
  type PresetName,
  type Rule,
  type RunOptions,
} from '#glassbox/index.js'

test('a policy is a value, a preset by its name, or null', () => {
  type Given = NonNullable<RunOptions['policy']>
  expectTypeOf<PresetName>().toExtend<Given>()
  expectTypeOf<Policy>().toExtend<Given>()
  expectTypeOf<null>().toExtend<RunOptions['policy']>()
  expectTypeOf<'pyhton3'>().not.toExtend<Given>()
  expectTypeOf(denyCalls(['socket'], 'python3')).toEqualTypeOf<Policy>()
  expectTypeOf<ReturnType<typeof loadPolicy>>().resolves.toEqualTypeOf<Policy>()
})

test('the default policy is the base of others', () => {
  const mine: Rule = { syscalls: ['socket'], action: { kind: 'kill' } }
  const spread = { ...DEFAULT_POLICY, rules: [mine, ...DEFAULT_POLICY.rules] }
  expectTypeOf(spread).toExtend<Policy>()
  expectTypeOf({ extends: DEFAULT_POLICY, paths: { read: ['/srv/'] } }).toExtend<Policy>()
})

test('handlers see a call and answer at once or later', () => {
  const later: Action = { kind: 'decide', handler: async ({ pid }) => (pid > 1 ? 'allow' : 'kill') }
  const now: Action = { kind: 'decide', handler: ({ args }) => (args[0] === 1n ? 'kill' : { errno: 13 }) }
  expectTypeOf([later, now]).toExtend<Action[]>()
  expectTypeOf<() => 'maybe'>().not.toExtend<DecideCall>()
})
