/**
 * The plan of the house in docs/architecture.md: every folder stands in it, and every file that it
 * names is there.
 */
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../../', import.meta.url))
const sources = join(root, 'packages/glassbox/src')
const page = (name: string): string => readFileSync(join(root, 'docs', name), 'utf8')

test('the table of folders names every folder of the sources', () => {
  const table = page('architecture.md')
    .split('\n')
    .filter(line => line.startsWith('| `'))
    .map(line => line.split('|')[1])
    .join(' ')
  const folders = readdirSync(sources, { withFileTypes: true }).filter(entry => entry.isDirectory())
  const missing = folders.map(({ name }) => `\`${name}/\``).filter(name => !table.includes(name))
  assert.deepEqual(missing, [])
})

/** Where a path on these pages may begin. */
const BASES = [root, join(root, 'packages/glassbox'), sources]

for (const name of ['architecture.md', 'performance.md']) {
  test(`every file that ${name} names is there`, () => {
    const paths = [...page(name).matchAll(/`((?:[\w-]+\/)+[\w.-]*)`/g)].map(([, path = '']) => path)
    assert.ok(paths.length > 4, 'the control: there are some')
    assert.deepEqual(
      paths.filter(path => !BASES.some(base => existsSync(join(base, path)))),
      [],
    )
  })
}
