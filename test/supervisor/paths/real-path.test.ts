/** Where the paths of rules lead to. */
import assert from 'node:assert/strict'
import { mkdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { ownName, realPath } from '#glassbox/supervisor/paths/real-path.js'
import { RulePaths } from '#glassbox/supervisor/paths/rule-paths.js'
import { temporaryDirectory } from '../../support/temporary.js'
import { callText } from '../support/call-text.js'
import { pathRule as rule } from '../../support/path-rule.js'
import { decided } from '../support/decided.js'

test('links are followed as far as the path exists', context => {
  const top = realpathSync(temporaryDirectory(context))
  mkdirSync(`${top}/a`)
  symlinkSync('a', `${top}/link`)
  assert.equal(realPath(`${top}/link`), `${top}/a`)
  assert.equal(realPath(`${top}/link/none/deep`), `${top}/a/none/deep`)
  assert.equal(realPath('/'), '/')
  assert.equal(realPath('/none'), '/none')
})

test('`/proc/self` stays what it is, also behind a link', () => {
  assert.equal(realPath('/proc/self/status'), '/proc/self/status')
  assert.equal(realPath('/proc/thread-self'), '/proc/thread-self')
  assert.equal(realPath('/dev/fd'), '/proc/self/fd')
  assert.equal(ownName('/proc/12/status', 12), '/proc/self/status')
  assert.equal(ownName('/proc/12', 12), '/proc/self')
  assert.equal(ownName('/proc/123/status', 12), undefined)
})

test('links in directories that programs write are not followed', context => {
  const top = realpathSync(temporaryDirectory(context))
  for (const name of ['work', 'data', 'host']) mkdirSync(`${top}/${name}`)
  symlinkSync('../host', `${top}/work/link`)
  symlinkSync('../host', `${top}/data/link`)
  symlinkSync('work', `${top}/way`)
  const paths = new RulePaths([rule('write', `${top}/data`)], `${top}/way`)
  const pathOf = (path: string): string => paths.of(path)
  assert.equal(pathOf(`${top}/way/link`), `${top}/work/link`)
  assert.equal(pathOf(`${top}/data/link/x`), `${top}/data/link/x`)
  assert.equal(pathOf(`${top}/way`), `${top}/work`)
  assert.equal(new RulePaths([], undefined).of(`${top}/data/link/x`), `${top}/host/x`)
})

test('a link that an earlier program made grants nothing to the next one', context => {
  const top = realpathSync(temporaryDirectory(context))
  for (const name of ['work', 'host']) mkdirSync(`${top}/${name}`)
  writeFileSync(`${top}/host/file`, '', { mode: 0o600 })
  symlinkSync('../host', `${top}/work/out`)
  const rules = [rule('write', `${top}/work/out`)]
  const calls = [`chmod,s:${top}/work/out/file,0644`].map(callText)
  assert.deepEqual(decided(context, calls, { rules, work: `${top}/work` }).lines, ['-13'])
  // The control: where programs do not write, a link counts as the file that it leads to.
  assert.deepEqual(decided(context, calls, { rules }).lines, ['0'])
})

test('a rule about `/proc/self` grants the own entries, and a denial suggests it', context => {
  const calls = ['getpid', 'open,s:/proc/self/status,0', 'open,s:/proc/thread-self/status,0'].map(callText)
  const granted = decided(context, calls, { rules: [rule('read', '/proc/self')] })
  assert.deepEqual(granted.lines.slice(1), ['3', '4'])
  const { lines, denied } = decided(context, calls, {})
  assert.equal(denied[0], `/proc/${lines[0]}/status; read: /proc/self/status`)
})
