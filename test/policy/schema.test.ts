/** The published JSON Schema is what the tables of kinds say. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { allSyscalls } from '#glassbox/linux/syscalls.js'
import { policySchema } from '#glassbox/policy/files/schema.js'

const file = new URL('../../../packages/glassbox/schema/policy.schema.json', import.meta.url)
const published = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>

test('the published schema is current; else run: node scripts/policy/generate-schema.mjs', () => {
  assert.deepEqual(published, JSON.parse(JSON.stringify(policySchema())))
})

test('it knows every key and every call, and no action that JSON cannot have', () => {
  const { properties } = published as { properties: Record<string, { items?: never; properties?: object }> }
  assert.deepEqual(Object.keys(properties), ['$schema', 'name', 'extends', 'rules', 'otherwise', 'paths'])
  assert.deepEqual(Object.keys(properties['paths']?.properties ?? {}), [
    ...['read', 'write', 'execute', 'list', 'stat', 'tier', 'denied'],
  ])
  const text = JSON.stringify(published)
  for (const { name } of allSyscalls()) assert.ok(text.includes(`"${name}"`), name)
  assert.ok(text.includes('"const":"kill"') && !text.includes('"const":"decide"'))
})
