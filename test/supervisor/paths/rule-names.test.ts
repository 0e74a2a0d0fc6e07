/** A judge that looks only at the rules that matter judges as one that looks at all of them. */
import assert from 'node:assert/strict'
import { mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { ACCESS, type PathRule } from '#glassbox/policy/resolved.js'
import type { PathDecisions } from '#glassbox/supervisor/contract.js'
import type { Judge } from '#glassbox/supervisor/paths/judge.js'
import { judgeWhenAsked, ruleNames } from '#glassbox/supervisor/paths/rule-names.js'
import { temporaryDirectory } from '../../support/temporary.js'

const ACCESSES = Object.values(ACCESS)

test('a judge of few questions answers as one of all, also after a path leads elsewhere', context => {
  const top = temporaryDirectory(context)
  const below = (name: string): string => join(top, name)
  for (const name of ['read', 'write', 'other', 'work']) mkdirSync(below(name))
  writeFileSync(below('read/file'), '')
  symlinkSync('read', below('link'))
  // A program could have made it.
  symlinkSync('../other', below('write/out'))
  symlinkSync('../read', below('work/out'))
  const rule = (kind: PathRule['kind'], path: string, access: number): PathRule => ({
    ...{ text: path, kind, path: below(path), access },
  })
  const rules = [
    rule('tree', 'link', ACCESS.read),
    rule('tree', 'write', ACCESS.write),
    rule('tree', 'write/out', ACCESS.execute),
    rule('exact', 'work/out', ACCESS.read),
    rule('level', 'other', ACCESS.list),
    rule('glob', 'read/*.txt', ACCESS.execute),
    rule('exact', 'missing', ACCESS.stat),
  ]
  const paths: PathDecisions = { rules, work: below('work'), statAll: false, denied: { kind: 'kill' } }
  const names = [
    '',
    'link',
    'read',
    'read/file',
    'read/a.txt',
    'write/new',
    'write/out/x',
    'other',
    'other/x',
  ]
    .concat(['missing', 'missing/x', 'work/out', 'elsewhere', 'elsewhere/file'])
    .map(below)
  const answers = (judge: Judge): unknown[] =>
    names.flatMap(name => ACCESSES.map(access => [name, access, judge.match(name, access)]))
  const before = answers(judgeWhenAsked(paths))
  assert.deepEqual(before, answers(ruleNames(paths).judge))
  assert.ok(before.length > 0)

  renameSync(below('read'), below('elsewhere'))
  symlinkSync('elsewhere', below('read'))
  const after = answers(judgeWhenAsked(paths))
  assert.deepEqual(after, answers(ruleNames(paths).judge))
  assert.notDeepEqual(after, before)
})
