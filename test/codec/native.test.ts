/** The codec beside the C compiler: fields of structs that a program filled. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { test } from 'node:test'
import { struct } from '#glassbox/codec/struct.js'
import type { StructName } from '#glassbox/linux/schema/layouts.js'
import { program } from '../support/programs.js'

const lines = execFileSync(program('structs'), { encoding: 'utf8' }).trim().split('\n')

const at = (value: unknown, path: string): unknown =>
  path.split('.').reduce<unknown>((inner, name) => (inner as Record<string, unknown>)[name], value)

test('every field is what C says, but for its sign', () => {
  let codec = struct('timespec')
  let value: unknown
  let fields = 0
  for (const line of lines) {
    if (line.startsWith(' ')) {
      const [name = '', text = ''] = line.trim().split(' ')
      const found = at(value, name)
      assert.ok(typeof found === 'number' || typeof found === 'bigint', `${codec.layout.name}.${name}`)
      // C widens a field by its own sign, the schema by the sign that it is printed with.
      const [ours, theirs] = [BigInt(found), BigInt(text)]
      const difference = ours > theirs ? ours - theirs : theirs - ours
      const isSame = difference === 0n || [8n, 16n, 32n, 64n].some(bits => difference === 1n << bits)
      assert.ok(isSame, `${codec.layout.name}.${name}: ${ours} is not ${theirs}`)
      fields++
      continue
    }
    const [name = '', size = '', hex = ''] = line.split(' ')
    codec = struct(name as 'timespec')
    assert.equal(codec.size, Number(size), name)
    const bytes = new Uint8Array(Buffer.from(hex, 'hex'))
    value = struct(name as StructName).read(new DataView(bytes.buffer))
    // What was read is written as it was.
    const again = new Uint8Array(bytes.length)
    codec.write(new DataView(again.buffer), 0, value as never)
    assert.deepEqual(struct(name as StructName).read(new DataView(again.buffer)), value, name)
  }
  assert.ok(fields > 210, `the control: ${fields} fields`)
})
