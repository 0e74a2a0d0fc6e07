/** Grants that are opened by a plan have the files that the matcher finds. */
import assert from 'node:assert/strict'
import { fstatSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, renameSync, rmSync } from 'node:fs'
import { symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, beforeEach, test } from 'node:test'
import { Matcher } from '#glassbox/landlock/matches.js'
import { addGrants } from '#glassbox/landlock/open-grants.js'
import type { Grant } from '#glassbox/landlock/types.js'

const top = realpathSync(mkdtempSync(join(tmpdir(), 'glassbox-grants-')))
after(() => rmSync(top, { recursive: true, force: true }))
const below = (name: string): string => join(top, name)

const grantOf = (kind: Grant['kind'], path: string): Grant => ({
  ...{ text: path, kind, path },
  rights: { file: 1, directory: 1 },
})
const NAMES = ['directory', 'directory/file', 'missing', 'link', 'link/file', 'magic']
const GRANTS = (['exact', 'tree'] as const).flatMap(kind => [
  ...NAMES.map(name => grantOf(kind, below(name))),
  ...['/proc/cpuinfo', '/proc/sys', '/proc/net', '/proc/self', '/proc', '/usr/bin', '/dev/null'].map(path =>
    grantOf(kind, path),
  ),
])

const describe = ({ kind, path }: Grant, fd: number): string => {
  const { ino, dev } = fstatSync(fd)
  return `${kind} ${path} ${dev}:${ino}`
}

function byMatcher(grants: readonly Grant[]): string[] {
  const matcher = new Matcher()
  const found: string[] = []
  try {
    for (const grant of grants) matcher.forEach(grant, fd => found.push(describe(grant, fd)))
  } finally {
    matcher.close()
  }
  return found
}

function byPlan(): { readonly opened: string[]; readonly left: Grant[] } {
  const opened: string[] = []
  const left = addGrants(-1, GRANTS, (grant, fd, { isDirectory, device }) => {
    const stat = fstatSync(fd, { bigint: true })
    assert.deepEqual([isDirectory, device], [stat.isDirectory(), stat.dev], grant.path)
    opened.push(describe(grant, fd))
    return 0
  })
  return { opened, left }
}

function assertSame(): void {
  const { opened, left } = byPlan()
  assert.deepEqual([...opened, ...byMatcher(left)].toSorted(), byMatcher(GRANTS).toSorted())
}

beforeEach(() => {
  rmSync(top, { recursive: true, force: true })
  mkdirSync(below('directory'), { recursive: true })
  mkdirSync(below('other'))
  writeFileSync(below('directory/file'), '')
  symlinkSync('other', below('link'))
  symlinkSync('/proc/self/fd/0', below('magic'))
  assertSame()
})

test('grants that were seen before are opened by a plan', () => {
  const { opened, left } = byPlan()
  assert.ok(opened.some(text => text.includes('/directory/file ')))
  assert.ok(opened.some(text => text.includes('/proc/cpuinfo ')))
  // What may be about this process, and what leads there by a link, is left.
  for (const path of ['/proc/self', '/proc/net', '/proc', below('magic')])
    assert.ok(
      left.some(grant => grant.path === path),
      path,
    )
})

const CHANGES: Readonly<Record<string, () => void>> = {
  'another directory has the name': () => {
    renameSync(below('directory'), below('moved'))
    mkdirSync(below('directory'))
  },
  'a file became a directory': () => {
    rmSync(below('directory/file'))
    mkdirSync(below('directory/file'))
  },
  'a directory became a file': () => {
    rmSync(below('directory'), { recursive: true })
    writeFileSync(below('directory'), '')
  },
  'a directory became a magic link': () => {
    rmSync(below('directory'), { recursive: true })
    symlinkSync('/proc/self/cwd', below('directory'))
  },
  'what was missing is there': () => mkdirSync(below('missing')),
  'everything is gone': () => rmSync(below('directory'), { recursive: true }),
}

for (const [name, change] of Object.entries(CHANGES))
  test(`the files are those of now: ${name}`, () => {
    change()
    assertSame()
  })

test('a grant that cannot be used is left, and nothing stays open', () => {
  const open = (): number => readdirSync('/proc/self/fd').length
  const before = open()
  const left = addGrants(-1, GRANTS, () => undefined)
  assert.deepEqual(left.length >= 10, true)
  assert.throws(() =>
    addGrants(-1, GRANTS, () => {
      throw new Error('no rule')
    }),
  )
  assert.equal(open(), before)
})
