/** Paths that are looked at again lead where they lead now, not where they led before. */
import assert from 'node:assert/strict'
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, beforeEach, test } from 'node:test'
import { RealPaths } from '#glassbox/supervisor/paths/plain-paths.js'
import { realPath } from '#glassbox/supervisor/paths/real-path.js'

const top = realpathSync(mkdtempSync(join(tmpdir(), 'glassbox-plain-')))
after(() => rmSync(top, { recursive: true, force: true }))

const below = (name: string): string => join(top, name)
const PATHS = ['directory', 'directory/file', 'missing', 'directory/missing/deep', 'link', 'link/file'].map(
  below,
)

let paths: RealPaths

const answers = (): string[] => PATHS.map(path => paths.of(path))

/**
 * What is remembered gives the answers of realPath(), twice; the first look says whether they
 * differ.
 */
function assertAnswers(): void {
  const before = answers()
  const hasChanged = paths.look()
  const expected = PATHS.map(path => realPath(path))
  assert.deepEqual(answers(), expected)
  assert.equal(hasChanged, String(before) !== String(expected))
  assert.equal(paths.look(), false)
  assert.deepEqual(answers(), expected)
}

beforeEach(() => {
  rmSync(top, { recursive: true, force: true })
  mkdirSync(below('directory'), { recursive: true })
  mkdirSync(below('other'))
  writeFileSync(below('directory/file'), '')
  symlinkSync('other', below('link'))
  paths = new RealPaths(PATHS)
  assertAnswers()
})

const CHANGES: Readonly<Record<string, () => void>> = {
  'a directory becomes a link': () => {
    renameSync(below('directory'), below('moved'))
    symlinkSync('moved', below('directory'))
  },
  'a directory becomes a link to the root': () => {
    renameSync(below('directory'), below('moved'))
    symlinkSync('/', below('directory'))
  },
  'a file becomes a link': () => {
    rmSync(below('directory/file'))
    symlinkSync('../other', below('directory/file'))
  },
  'what was missing is a link': () => symlinkSync('other', below('missing')),
  'what was missing is a link that leads nowhere': () => symlinkSync('nowhere', below('missing')),
  'what was missing is a directory': () => mkdirSync(below('missing')),
  'a part of what was missing is a link': () => symlinkSync('../other', below('directory/missing')),
  'a part of what was missing is a directory': () => mkdirSync(below('directory/missing')),
  'everything is gone': () => rmSync(below('directory'), { recursive: true }),
  'a link becomes a directory': () => {
    rmSync(below('link'))
    mkdirSync(below('link'))
  },
}

for (const [name, change] of Object.entries(CHANGES))
  test(`an answer is that of now: ${name}`, () => {
    change()
    assertAnswers()
  })

test('a path that was not named before is followed when it is asked for', () => {
  assert.equal(new RealPaths([]).of(below('link')), below('other'))
})

test('looking opens nothing that stays open', () => {
  const open = (): number => readdirSync('/proc/self/fd').length
  const before = open()
  for (let i = 0; i < 20; i++) new RealPaths(PATHS).look()
  assert.equal(open(), before)
})

test('more paths than a plan has slots are all looked at', () => {
  const many = Array.from({ length: 150 }, (_, index) => below(`many-${index}`))
  for (const path of many) mkdirSync(path)
  const all = new RealPaths(many)
  const last = many.at(-1) ?? ''
  rmSync(last, { recursive: true })
  symlinkSync('other', last)
  assert.equal(all.look(), true)
  assert.deepEqual(
    many.map(path => all.of(path)),
    many.map(path => realPath(path)),
  )
})
