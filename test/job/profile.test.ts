/** Profiles: how they are read, what they extend, and how options beside them take precedence. */
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { loadProfile, type Profile, PROFILES, type RunOptions } from '#glassbox/index.js'
import { DEFAULT_ENV } from '#glassbox/job/box-layout.js'
import { profileSchema } from '#glassbox/job/profiles/kinds.js'
import { readProfile } from '#glassbox/job/profiles/profile.js'
import { checkBox, checkCommand, checkRun } from '#glassbox/run/check.js'
import { checkPool } from '#glassbox/pool/options.js'
import { temporaryDirectory } from '../support/temporary.js'

const file = new URL('../../../packages/glassbox/schema/profile.schema.json', import.meta.url)

test('the published schema is current; else run: node scripts/profile/generate-schema.mjs', () => {
  const published: unknown = JSON.parse(readFileSync(file, 'utf8'))
  assert.deepEqual(published, JSON.parse(JSON.stringify(profileSchema())))
})

for (const name of ['build', 'judge', 'agent'] as const)
  test(`the profile ${name} has options that every call takes`, () => {
    const { box, terms } = checkRun({ profile: name, here: false })
    assert.equal(terms.limits.openFiles, PROFILES[name].limits?.openFiles)
    assert.equal(box.net, PROFILES[name].net)
    assert.equal(checkPool({ size: 1, profile: name, here: false }).box.diskFiles, PROFILES[name].diskFiles)
    assert.equal(checkBox({ profile: name, here: false }).diskBytes, PROFILES[name].diskBytes)
    assert.equal(checkCommand({ profile: name }).terms.limits.memoryBytes, PROFILES[name].limits?.memoryBytes)
  })

const BASE: Profile = {
  net: 'host',
  hostname: 'base',
  limits: { memoryBytes: '64M', cpuTimeMs: '1.5s', processes: 'unlimited' },
  env: { A: 'base', B: 'base' },
  binds: [{ source: '/usr' }, { source: '/opt', target: '/one' }],
  etc: ['one'],
  diskBytes: '1g',
}

/** What a call gives beside the profile, and what then counts. */
const CASES: readonly (readonly [name: string, given: RunOptions, picks: Record<string, unknown>])[] = [
  ['nothing', {}, { net: 'host', memory: 2 ** 26, cpu: 1500, processes: Infinity, disk: 2 ** 30 }],
  ['another value', { net: 'none', diskBytes: 4096 }, { net: 'none', disk: 4096 }],
  ['undefined', { net: undefined } as unknown as RunOptions, { net: 'host' }],
  ['one limit', { limits: { cpuTimeMs: 7 } }, { cpu: 7, memory: 2 ** 26 }],
  ['a variable', { env: { B: 'mine', C: 'mine' } }, { env: { A: 'base', B: 'mine', C: 'mine' } }],
  ['no variable', {}, { env: { ...DEFAULT_ENV, A: 'base', B: 'base' } }],
  ['a bind', { binds: [{ source: '/srv', target: '/two' }] }, { binds: ['/two', '/usr', '/one'] }],
  ['a bind in the same place', { binds: [{ source: '/srv', target: '/one' }] }, { binds: ['/one', '/usr'] }],
  ['names of /etc', { etc: ['two'] }, { etc: ['/etc/one', '/etc/two'] }],
]

for (const [name, given, picks] of CASES)
  test(`beside a profile, ${name} takes precedence`, () => {
    const { box, terms } = checkRun({ profile: BASE, ...given })
    const found: Readonly<Record<string, unknown>> = {
      ...{ net: box.net, disk: box.diskBytes, memory: terms.limits.memoryBytes, cpu: terms.limits.cpuTimeMs },
      ...{ processes: terms.limits.processes, env: { ...terms.env }, etc: box.etc },
      binds: box.binds.map(({ target }) => target),
    }
    for (const [key, value] of Object.entries(picks)) assert.deepEqual(found[key], value, key)
  })

test('a profile takes precedence over what it extends, at any depth', () => {
  const middle: Profile = { extends: BASE, limits: { memoryBytes: '1GiB' }, env: { B: 'middle' } }
  const top: Profile = { extends: middle, net: 'none', binds: [{ source: '/srv', target: '/one' }] }
  const { limits, env, net, hostname, binds } = readProfile(top, 'profile')
  assert.deepEqual([net, hostname, limits?.memoryBytes, limits?.cpuTimeMs], ['none', 'base', 2 ** 30, 1500])
  assert.deepEqual({ ...env }, { A: 'base', B: 'middle' })
  assert.deepEqual(
    binds?.map(({ source }) => source),
    ['/srv', '/usr'],
  )
})

const CYCLE: { extends?: unknown } = {}
CYCLE.extends = { extends: CYCLE }

/** Bad profiles, and the option and the words of the error. */
const BAD: readonly (readonly [profile: unknown, option: string, message: RegExp, hint?: RegExp])[] = [
  ['biuld', 'profile', /no profile called "biuld"/, /Did you mean build\?/],
  ['nothing', 'profile', /no profile called/, /build, judge, agent; loadProfile\(\)/],
  [7, 'profile', /Expected profile to be the name of a profile, or a profile, got 7/],
  [{ memory: '1g' }, 'profile.memory', /no key called memory/, /limits\.memoryBytes/],
  [{ limits: { mem: 1 } }, 'profile.limits.mem', /no limit called mem/, /memoryBytes/],
  [{ limits: { memoryBytes: '64' } }, 'profile.limits.memoryBytes', /64 has no unit/, /64MiB or 64B/],
  [{ limits: { memoryBytes: '0B' } }, 'profile.limits.memoryBytes', /not above zero/],
  [{ diskBytes: 'unlimited' }, 'profile.diskBytes', /at most/],
  [{ stdin: 'x' }, 'profile.stdin', /no key called stdin/, /belongs to each call/],
  [{ profile: 'build' }, 'profile.profile', /no key/, /Use extends/],
  [{ extends: 'nope' }, 'profile.extends', /no profile called "nope"/],
  [{ extends: { net: 'all' } }, 'profile.extends.net', /'none' or 'host'/],
  [{ policy: 'nope' }, 'profile.policy', /preset/],
  [{ binds: ['/usr'] }, 'profile.binds[0]', /a bind/],
  [CYCLE, 'profile.extends.extends', /extends itself/],
]

for (const [profile, option, message, hint] of BAD)
  test(`a bad profile is refused: ${option}, ${message.source}`, () => {
    for (const read of [checkRun, checkBox, checkCommand, checkPool])
      assert.throws(() => read({ profile }), {
        code: 'ERR_GLASSBOX_INVALID_OPTION',
        option,
        message,
        ...(hint && { hint }),
      })
  })

test('profiles of files: what they extend, relative paths, policies, and the line of an error', async context => {
  const top = temporaryDirectory(context)
  const at = (name: string): string => join(top, name)
  const write = (name: string, text: string): void => writeFileSync(at(name), text)
  write('base.json', '{ "extends": "judge", "binds": [{ "source": "data", "target": "/data" }] }')
  write(
    'mine.json',
    '{ "$schema": "x", "extends": "./base.json", "policy": "policy.json", "limits": { "openFiles": 7 } }',
  )
  write('policy.json', '{ "extends": "default" }')
  const { limits, binds, policy } = await loadProfile(at('mine.json'))
  assert.deepEqual([limits?.openFiles, limits?.processes], [7, PROFILES.judge.limits?.processes])
  assert.equal(binds?.[0]?.source, at('data'))
  assert.deepEqual(policy, { extends: 'default' })
  assert.equal(checkRun({ profile: await loadProfile(at('mine.json')) }).terms.limits.openFiles, 7)

  write('a.json', '{ "extends": "b.json" }')
  write('b.json', '{ "extends": "a.json" }')
  write('key.json', '{\n  "net": "none",\n  "limits": { "ram": 1 }\n}')
  write('value.json', '{\n\n  "diskBytes": "1X" }')
  write('gone.json', '{ "extends": "other.json" }')
  write('bad.json', '{\n  "net": }')
  write('list.json', '[]')
  write('rule.json', '{\n "policy": { "extends": "default",\n "rules": [{ "syscalls": ["foo"] }] } }')
  for (const [name, message] of [
    ['none.json', /^Cannot read the profile \S+\/none\.json: No such file or directory\.$/],
    ['a.json', /a\.json extends itself, by \S+\/a\.json → \S+\/b\.json → \S+\/a\.json\.$/],
    ['key.json', /key\.json:3: .*profile\.limits\.ram.* no limit called ram/],
    ['value.json', /value\.json:3: profile\.diskBytes: "1X" is not a valid value/],
    ['gone.json', /gone\.json:1: .*no profile called "other\.json"/],
    ['bad.json', /bad\.json:2: expected a value/],
    ['list.json', /list\.json:1: Expected profile to be/],
    ['rule.json', /rule\.json:3: .*foo/],
  ] as const)
    await assert.rejects(async () => loadProfile(at(name)), {
      code: 'ERR_GLASSBOX_INVALID_OPTION',
      option: 'file',
      message,
    })
})

test('the shipped profiles cannot be changed', () => {
  assert.ok(
    Object.isFrozen(PROFILES) &&
      Object.values(PROFILES).every(one => Object.isFrozen(one) && Object.isFrozen(one.limits)),
  )
})
