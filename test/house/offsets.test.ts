/**
 * Where a field of a struct is stands in src/linux (scripts/linux/structs.txt and shapes.txt), and
 * src/codec reads it. This looks for offsets that are written as numbers elsewhere.
 */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import {
  ARCH_OFFSET,
  DATA_BYTES,
  highOffset,
  lowOffset,
  NUMBER_OFFSET,
  POINTER_OFFSETS,
} from '#glassbox/seccomp/data.js'
import { layoutOf, offsetOf } from '#glassbox/linux/schema/layouts.js'

const source = fileURLToPath(new URL('../../../packages/glassbox/src/', import.meta.url))

/** `view.getUint32(4, …)`, `view.getUint16(at + 6, …)`, `readWord(memory, value + 8n, …)`. */
const OFFSETS: readonly RegExp[] = [
  /\.[gs]et(?:Big)?(?:Uint|Int|Float)(?:8|16|32|64)\((?:\d+|[^(),]*\+ *\d+)\s*[,)]/,
  /\breadWord\([^,]+, [^,]*\+ *\d+n/,
]

/** Folders that do not print or check values of programs, and why they have offsets. */
const FOLDERS: Readonly<Record<string, string>> = {
  'linux/': 'the schema itself',
  'codec/': 'reads by the schema',
  'kernel/': 'answers calls at some hundred nanoseconds each; its own tests compare with C programs',
  'ptrace/': 'asks the host for sockets, before the schema is loaded',
  'supervisor/': 'performs calls of policies at some microseconds each',
  'rootfs/': 'asks the host for the time of one file',
  'unwind/': 'formats of ELF and DWARF, which are no structs of the kernel',
}

const FILES: Readonly<Record<string, string>> = {
  'plan/encode.ts': 'the halves of a number of 64 bits',
  'seccomp/bpf.ts': 'encodes instructions before each start, without the schema',
}

const found = (text: string): string[] =>
  text.split('\n').filter(line => OFFSETS.some(pattern => pattern.test(line)))

const names = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter(
  name => name.endsWith('.ts') && !Object.keys(FOLDERS).some(folder => name.startsWith(folder)),
)

test('no printer has offsets of its own', () => {
  assert.ok(names.length > 200)
  const having = names.filter(name => found(readFileSync(join(source, name), 'utf8')).length > 0)
  assert.deepEqual(having, Object.keys(FILES))
})

test('the control: offsets are found', () => {
  const lines = [
    'view.getUint32(4, true)',
    'view.getUint8(0)',
    'view.setBigUint64(at + 16, value, true)',
    'const length = readWord(context.memory, at + 8n, 8)',
  ]
  assert.deepEqual(found(lines.join('\n')), lines)
  assert.deepEqual(found('view.getUint32(offset, true)\nreadWord(memory, at, 4)'), [])
})

test('the offsets of seccomp are those of the schema', () => {
  const args = offsetOf('seccomp_data', 'args')
  assert.deepEqual(
    [
      NUMBER_OFFSET,
      ARCH_OFFSET,
      POINTER_OFFSETS.low,
      POINTER_OFFSETS.high,
      DATA_BYTES,
      lowOffset(0),
      lowOffset(1),
      highOffset(1),
    ],
    [
      offsetOf('seccomp_data', 'nr'),
      offsetOf('seccomp_data', 'arch'),
      offsetOf('seccomp_data', 'instruction_pointer'),
      offsetOf('seccomp_data', 'instruction_pointer') + 4,
      layoutOf('seccomp_data').size,
      args,
      args + 8,
      args + 12,
    ],
  )
})

test('no filter has offsets of seccomp_data of its own', () => {
  const own = /\b(?:offset: *\d|const \w+ = (?:8|12|16)\b.*seccomp_data)/
  const filters = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter(name =>
    /filter[^/]*\.ts$/.test(name),
  )
  assert.ok(filters.length > 2)
  assert.deepEqual(
    filters.filter(name => own.test(readFileSync(join(source, name), 'utf8'))),
    [],
  )
})
