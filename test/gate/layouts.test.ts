/** What TypeScript knows of the structs of native/ is what the C compiler says. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const root = new URL('../../../', import.meta.url)
const generator = fileURLToPath(new URL('scripts/native/layouts.mjs', root))
const checkedIn = new URL('packages/glassbox/src/gate/generated/layouts.ts', root)
const compiler = process.env['CC'] ?? 'cc'
const hasCompiler = spawnSync(compiler, ['--version']).status === 0

test('the layouts that are checked in are those of the headers', {
  skip: hasCompiler ? false : `no C compiler: ${compiler}`,
}, () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [generator, '--print'], { encoding: 'utf8' })
  assert.equal(status, 0, stderr)
  assert.equal(stdout, readFileSync(checkedIn, 'utf8'), 'run: node scripts/native/layouts.mjs')
})
