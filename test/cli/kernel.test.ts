/** `glassbox kernel syscalls`, and the page of the docs that is made from the same table. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { glassbox } from '../support/command.js'

const path = (name: string): string => fileURLToPath(new URL(`../../../${name}`, import.meta.url))

interface Call {
  readonly nr: number
  readonly name: string
  readonly support: 'full' | 'partial' | 'none'
  readonly missing?: string
}

test('lists every call, and says what is missing of those that are served in part', () => {
  const { out, code } = glassbox(['kernel', 'syscalls', '--json'])
  assert.equal(code, 0)
  const calls = JSON.parse(out) as Call[]
  assert.ok(calls.length > 350)
  const of = (name: string): Call | undefined => calls.find(call => call.name === name)
  assert.equal(of('read')?.support, 'full')
  assert.ok(calls.some(({ support }) => support === 'none'))
  for (const { name, support, missing } of calls)
    assert.equal(support === 'partial', missing !== undefined, name)
  assert.match(glassbox(['kernel', 'syscalls']).out, /^ {2}0 read +yes$/m)
})

test('refuses what it does not know in one sentence', () => {
  const { err, code } = glassbox(['kernel', 'calls'])
  assert.equal(code, 125)
  assert.match(err, /^glassbox: glassbox kernel has no subcommand calls\. Use glassbox kernel syscalls\.$/m)
  assert.equal(glassbox(['kernel']).code, 125)
  assert.equal(glassbox(['kernel', 'syscalls', 'read']).code, 125)
})

test('docs/kernel-syscalls.md is made from the table', () => {
  const script = path('scripts/generate-kernel-docs.mjs')
  const text = execFileSync(process.execPath, [script, '--print'], { encoding: 'utf8' })
  assert.equal(readFileSync(path('docs/kernel-syscalls.md'), 'utf8'), text, `run: node ${script}`)
})
