/**
 * Numbers of the kernel stand in src/linux alone: elsewhere they are called by their names. This
 * looks for those that were most often written a second time.
 */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const source = fileURLToPath(new URL('../../../packages/glassbox/src/', import.meta.url))

const SUSPECTS: readonly (readonly [name: string, pattern: RegExp])[] = [
  ['AT_FDCWD', /\bAT_FDCWD\s*(?::\s*\w+\s*)?=\s*-100/],
  ['the type in a mode', /\bS_IF[A-Z]+\s*(?::\s*\w+\s*)?=\s*[0-9]/],
  ['the mask of the type in a mode', /\b(?:0o170000|0xf000)n?\b/],
  ['si_code of SIGCHLD', /\bCLD_[A-Z]+\s*(?::\s*\w+\s*)?=\s*[0-9]/],
  ['the bit of x32', /\bX32\w*\s*(?::\s*\w+\s*)?=\s*(?:0x40000000|1073741824|1 << 30)/],
  // int 0x80: a call of i386 by a literal number beside its name.
  ['a number of an i386 call', /\bi386\s*:\s*[0-9]+/],
]

const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter(
  name => name.endsWith('.ts') && !name.startsWith('linux/'),
)

const found = (name: string, text: string): string[] =>
  text
    .split('\n')
    .flatMap((line, index) =>
      SUSPECTS.filter(([, pattern]) => pattern.test(line)).map(([what]) => `${name}:${index + 1}: ${what}`),
    )

test('no file outside src/linux has a list of its own', () => {
  assert.ok(files.length > 300)
  assert.deepEqual(
    files.flatMap(name => found(name, readFileSync(join(source, name), 'utf8'))),
    [],
  )
})

test('the control: each suspect is found', () => {
  const samples = [
    'const AT_FDCWD = -100',
    'const S_IFDIR: number = 0x4000',
    'mode & 0o170000',
    'const CLD_EXITED = 1',
    'const X32_BIT = 0x40000000',
    '{ x86_64: 59, i386: 11 }',
  ]
  assert.deepEqual(
    samples.map(line => found('a', line).length),
    samples.map(() => 1),
  )
})
