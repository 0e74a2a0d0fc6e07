/** Names of files judged by rules. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ACCESS, type PathRule } from '#glassbox/policy/resolved.js'
import { compileRules, missingRule, withIncluded } from '#glassbox/supervisor/paths/judge.js'
import { type Access, pathRule as rule } from '../../support/path-rule.js'

const RULES: readonly PathRule[] = [
  rule('read', '/usr'),
  rule('write', '/usr/local/work'),
  rule('read', '/etc/passwd', 'exact'),
  rule('read', '/etc/conf.d', 'level'),
  rule('execute', '/bin/sh', 'exact'),
  rule('list', '/srv'),
  rule('read', '/data/in-?.csv', 'glob'),
  rule('write', '/data/**/out/*.txt', 'glob'),
  rule('read', '/odd/a+b(*)', 'glob'),
  rule('stat', '/secret', 'exact'),
]

const REAL: Readonly<Record<string, string>> = { '/bin/sh': '/usr/bin/dash' }
const judge = compileRules(RULES, path => REAL[path] ?? path)

const granting = (name: string, access: Access): string | undefined => {
  const granted = judge.match(name, ACCESS[access])
  return typeof granted === 'string' ? granted : granted?.text
}

const TABLE: readonly (readonly [name: string, access: Access, granting: string | undefined])[] = [
  ['/usr', 'list', 'read: /usr'],
  ['/usr/lib/x/y', 'read', 'read: /usr'],
  ['/usr/lib', 'write', undefined],
  ['/usr/local/work/new', 'write', 'write: /usr/local/work'],
  ['/usr/local/workshop', 'write', undefined],
  ['/usrx', 'read', undefined],
  ['/etc/passwd', 'read', 'read: /etc/passwd'],
  ['/etc/passwd', 'write', undefined],
  ['/etc/passwd/x', 'read', undefined],
  ['/etc/passwd-', 'read', undefined],
  ['/etc', 'list', undefined],
  ['/etc', 'stat', 'ancestor'],
  ['/', 'stat', 'ancestor'],
  ['/', 'list', undefined],
  ['/etc/shadow', 'stat', undefined],
  ['/etc/conf.d', 'list', undefined],
  ['/etc/conf.d/a', 'read', 'read: /etc/conf.d'],
  ['/etc/conf.d/a/b', 'read', undefined],
  ['/usr/bin/dash', 'execute', 'execute: /bin/sh'],
  ['/bin/sh', 'execute', undefined],
  ['/bin/sh', 'stat', 'execute: /bin/sh'],
  ['/bin', 'stat', 'ancestor'],
  ['/usr/bin/cat', 'execute', undefined],
  ['/srv/a', 'list', 'list: /srv'],
  ['/srv/a', 'read', undefined],
  ['/srv/a', 'stat', 'list: /srv'],
  ['/data/in-1.csv', 'read', 'read: /data/in-?.csv'],
  ['/data/in-12.csv', 'read', undefined],
  ['/data/in-/.csv', 'read', undefined],
  ['/data/sub/in-1.csv', 'read', undefined],
  ['/data/out/a.txt', 'write', 'write: /data/**/out/*.txt'],
  ['/data/a/b/out/a.txt', 'write', 'write: /data/**/out/*.txt'],
  ['/data/a/out/b/a.txt', 'write', undefined],
  ['/odd/a+b(1)', 'read', 'read: /odd/a+b(*)'],
  ['/odd/aab(1)', 'read', undefined],
  ['/secret', 'stat', 'stat: /secret'],
  ['/secret', 'read', undefined],
]

for (const [name, access, expected] of TABLE)
  test(`${access} ${name}: ${expected ?? 'denied'}`, () => assert.equal(granting(name, access), expected))

test('a right includes the weaker ones', () => {
  const { read, write, execute, list, stat } = ACCESS
  assert.equal(withIncluded(write), write | read | list | stat)
  assert.equal(withIncluded(execute), execute | read | list | stat)
  assert.equal(withIncluded(list), list | stat)
  assert.equal(withIncluded(stat), stat)
})

test('`/` grants everything', () => {
  const all = compileRules([rule('read', '/')], path => path)
  assert.notEqual(all.match('/a/b', ACCESS.read), undefined)
  assert.notEqual(all.match('/', ACCESS.list), undefined)
})

test('names that JavaScript objects have grant nothing', () => {
  for (const name of ['/__proto__', '/constructor', '/usr/../etc/shadow'])
    assert.equal(granting(name, 'write'), undefined)
})

test('a name with a newline or with bytes that are no text is matched as a whole', () => {
  const lines = compileRules([rule('read', '/data/*.csv', 'glob')], path => path)
  assert.notEqual(lines.match('/data/a\nb.csv', ACCESS.read), undefined)
  assert.notEqual(lines.match('/data/\udc80.csv', ACCESS.read), undefined)
  assert.equal(lines.match('/data/a.csv\n', ACCESS.read), undefined)
})

test('the rule that is missing is written as in a policy', () => {
  assert.equal(missingRule('/etc/shadow', ACCESS.read), 'read: /etc/shadow')
  assert.equal(missingRule('/bin/su', ACCESS.execute), 'execute: /bin/su')
})
