/** Rules of `--dir`: syntax, defaults, and what replaces what. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DirectoryRules, parseRule } from '#glassbox/isolate/front/directory-rules.js'
import type { DirectoryRule } from '#glassbox/isolate/types.js'

/** A rule as one line: where, from where, flags. */
function line(rule: DirectoryRule): string {
  const { inside, kind } = rule
  const source = kind === 'bind' ? rule.outside : kind === 'fs' ? rule.fileSystem : rule.store
  const flags = [
    rule.writable && 'rw',
    rule.noexec && 'noexec',
    rule.devices && 'dev',
    rule.maybe && 'maybe',
    kind === 'bind' && !rule.recursive && 'norec',
  ].filter(flag => flag !== false)
  return [`${inside} ${kind} ${source}`, ...flags].join(' ')
}

function lines(texts: readonly string[], withDefaults = true): string[] {
  const rules = new DirectoryRules()
  for (const text of texts) rules.add(text)
  return rules.active(withDefaults).map(line)
}

const DEFAULTS = [
  'box bind ./box rw',
  'bin bind /bin',
  'dev bind /dev dev norec',
  'dev/shm fs tmpfs rw',
  'lib bind /lib',
  'lib64 bind /lib64 maybe',
  'proc fs proc',
  'tmp tmp tmp rw',
  'usr bind /usr',
]

test('a box without rules of the caller has the defaults of isolate 2.6, in order', () => {
  assert.deepEqual(lines([]), DEFAULTS)
  assert.deepEqual(lines([], false), [])
})

const RULES: readonly (readonly [text: string, rule: string])[] = [
  ['/etc', 'etc bind /etc'],
  ['etc', 'etc bind /etc'],
  ['etc:noexec', 'etc bind /etc noexec'],
  ['///etc/alternatives:maybe:rw', 'etc/alternatives bind /etc/alternatives rw maybe'],
  ['/in=/srv/in', 'in bind /srv/in'],
  ['in=/a=b:rw', 'in bind /a=b rw'],
  ['x=./x:norec', 'x bind ./x norec'],
  ['/usr/bin/', 'usr/bin/ bind /usr/bin/'],
  ['sys=sysfs:fs', 'sys fs sysfs'],
  ['pts=devpts:fs:rw', 'pts fs devpts rw'],
  ['/dev/shm:tmp', 'dev/shm tmp :dev:shm rw'],
  ['gocache:tmp:noexec', 'gocache tmp gocache rw noexec'],
  ['.../x', '.../x bind /.../x'],
]

for (const [text, expected] of RULES) {
  test(`--dir=${text} is ${expected}`, () => {
    const { rule } = parseRule(text)
    assert.ok(rule)
    assert.equal(line(rule), expected)
  })
}

test('a rule takes the place of the older one, with all its flags', () => {
  const expected = [...DEFAULTS]
  expected[7] = 'tmp bind /home/j rw'
  expected[3] = 'dev/shm tmp :dev:shm rw'
  assert.deepEqual(lines(['/tmp=/home/j:rw', '/dev/shm:tmp', '/new', 'usr/=/x']), [
    ...expected,
    'new bind /new',
    'usr/ bind /x',
  ])
})

test('a removed rule is gone; given again, it is where it was', () => {
  assert.deepEqual(
    lines(['bin=', 'new=']),
    DEFAULTS.filter(each => !each.startsWith('bin')),
  )
  assert.deepEqual(lines(['bin=', 'x', 'bin=/y']), [...DEFAULTS.with(1, 'bin bind /y'), 'x bind /x'])
})

test('without the defaults, a default that the caller replaced stays where it was', () => {
  assert.deepEqual(lines(['x', 'box=./box:rw'], false), ['box bind ./box rw', 'x bind /x'])
})

const WRONG: readonly (readonly [text: string, reason: RegExp])[] = [
  ['', /directory inside the box is missing/],
  ['/', /directory inside the box is missing/],
  ['=/etc', /directory inside the box is missing/],
  ['./=/etc', /directory inside the box is missing/],
  ['a/../b=/etc', /must not contain \.\./],
  ['..', /must not contain \.\./],
  ['x=etc', /absolute path, or begin with \.\//],
  ['x=../y', /absolute path, or begin with \.\//],
  ['x=/y:', /unknown option ''/],
  ['x=/y:ro', /unknown option 'ro'/],
  ['x=/y:RW', /unknown option 'RW'/],
  ['x=ext4:fs', /must be one of proc, sysfs, tmpfs, devpts/],
  ['x:fs', /must be one of/],
  ['x=proc:fs:maybe', /no directory for maybe/],
  ['x=proc:fs:tmp', /exclude each other/],
  ['x:tmp:fs', /exclude each other/],
  ['x=/y:tmp', /has no source/],
  ['x=:tmp', /has no source/],
  ['x=:rw', /removes a directory has no options/],
]

for (const [text, reason] of WRONG) {
  test(`--dir=${text} is refused`, () => {
    assert.throws(
      () => parseRule(text),
      (error: Error & { kind?: string }) => {
        assert.equal(error.kind, 'usage')
        assert.ok(error.message.startsWith(`Invalid directory rule '${text}': `))
        assert.match(error.message, reason)
        return true
      },
    )
  })
}
