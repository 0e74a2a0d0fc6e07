/**
 * What the compiler says of files: what came out can go in, and what is no file is refused.
 * Compiled is passed.
 */
import { test } from 'node:test'
import { expectTypeOf } from 'expect-type'
import type { Box, CollectedFile, DirectoryEntry, FileError, Pool, RunResult } from '#glassbox/index.js'
import { run } from '#glassbox/index.js'

/** Only its type is looked at: nothing below runs. */
declare const box: Box
declare const pool: Pool
declare const result: RunResult

/** A body that is compiled and never called. */
const compiled = (name: string, body: () => unknown): void => void test(name, () => void body)

compiled('what came out can go in as it is', () => {
  pool.run('./a', [], { files: result.files })
  run('./a', [], { files: { ...result.directories, ...result.files, 'in.txt': 'text' } })
  const file: CollectedFile | undefined = result.files['a']
  return file && box.writeFile('a', file)
})

compiled('contents of every kind, with and without a mode', () => {
  const bytes = new Uint8Array(1)
  const files = {
    a: bytes,
    b: bytes.buffer,
    c: { contents: 'x', mode: 0o755 },
    d: { file: new URL('file:///x') },
  }
  run('x', [], { files })
  run('x', [], { files: { e: { directory: true }, f: new Blob(['x']) } })
  return box.writeFile('a', bytes, { mode: 0o755 })
})

compiled('names to bring out, and where they go', async () => {
  run('x', [], { collect: ['a', 'b'] })
  run('x', [], { collect: { a: true, b: { file: '/tmp/b' } } })
  expectTypeOf(result.fileErrors['a']).toEqualTypeOf<FileError | undefined>()
  expectTypeOf(await box.readDirectory()).toEqualTypeOf<readonly DirectoryEntry[]>()
  expectTypeOf(await box.readFile('a', { maxBytes: 10 })).toEqualTypeOf<Uint8Array>()
})

compiled('what is no file is refused', () => {
  // @ts-expect-error -- contents
  run('x', [], { files: { a: { content: 'x' } } })
  // @ts-expect-error -- a number
  run('x', [], { files: { a: { contents: 'x', mode: '755' } } })
  // @ts-expect-error -- text or bytes
  run('x', [], { files: { a: 5 } })
  // @ts-expect-error -- a list
  run('x', [], { collect: 'out' })
  // @ts-expect-error -- true or { file }
  run('x', [], { collect: { a: false } })
  // @ts-expect-error -- an object
  return box.writeFile('a', 'x', 0o755)
})
