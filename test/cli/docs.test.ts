/** docs/cli.md is what the table of options says. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const path = (name: string): string => fileURLToPath(new URL(`../../../${name}`, import.meta.url))

test('docs/cli.md is up to date', () => {
  const text = execFileSync(process.execPath, [path('scripts/generate-cli-docs.mjs'), '--print'], {
    encoding: 'utf8',
  })
  assert.equal(readFileSync(path('docs/cli.md'), 'utf8'), text, 'run: node scripts/generate-cli-docs.mjs')
})
