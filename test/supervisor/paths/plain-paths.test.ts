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
import { realPathsNow } from '#glassbox/supervisor/paths/plain-paths.js'
import { realPath } from '#glassbox/supervisor/paths/real-path.js'

const top = realpathSync(mkdtempSync(join(tmpdir(), 'glassbox-plain-')))
after(() => rmSync(top, { recursive: true, force: true }))

const below = (name: string): string => join(top, name)
const PATHS = ['directory', 'directory/file', 'missing', 'directory/missing/deep', 'link', 'link/file'].map(
  below,
)

/** What is remembered gives the answers of realPath(), twice. */
function assertAnswers(): void {
  for (let time = 1; time <= 2; time++) {
    const real = realPathsNow(PATHS)
    for (const path of PATHS) assert.equal(real(path), realPath(path), `${path}, time ${time}`)
  }
}

beforeEach(() => {
  rmSync(top, { recursive: true, force: true })
  mkdirSync(below('directory'), { recursive: true })
  mkdirSync(below('other'))
  writeFileSync(below('directory/file'), '')
  symlinkSync('other', below('link'))
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
  assert.equal(realPathsNow([])(below('link')), below('other'))
})

test('looking opens nothing that stays open', () => {
  const open = (): number => readdirSync('/proc/self/fd').length
  const before = open()
  for (let i = 0; i < 20; i++) realPathsNow(PATHS)
  assert.equal(open(), before)
})

test('more paths than a plan has slots are all looked at', () => {
  const many = Array.from({ length: 150 }, (_, index) => below(`many-${index}`))
  for (const path of many) mkdirSync(path)
  realPathsNow(many)
  const last = many.at(-1) ?? ''
  rmSync(last, { recursive: true })
  symlinkSync('other', last)
  const real = realPathsNow(many)
  assert.deepEqual(
    many.map(path => real(path)),
    many.map(path => realPath(path)),
  )
})
