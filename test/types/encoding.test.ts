/**
 * The type of captured output where `encoding` may be left out, for callers who compile without
 * `exactOptionalPropertyTypes`, unlike this repository, and for those who compile with it.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { temporaryDirectory } from '../support/temporary.js'

const root = fileURLToPath(new URL('../../../', import.meta.url))

const CALLS = `import { type Box, type Pool, type RunHandle, type RunOptions, run } from 'LIBRARY'
declare const box: Box
declare const pool: Pool
type Both = RunHandle<string | Uint8Array>
const perhaps: { encoding?: 'buffer' } = {}
const typed: RunOptions<'buffer'> = { limits: {} }
export const ofRun: Both = run('x', [], perhaps)
export const ofBox: Both = box.run('x', [], perhaps)
export const ofPool: Both = pool.run('x', [], perhaps)
export const ofTyped: Both = run('x', [], typed)
export const text: RunHandle<string> = run('x', [], { limits: {} })
export const bytes: RunHandle<Uint8Array> = box.run('x', [], { encoding: 'buffer' })
// @ts-expect-error -- it may be text
export const noBytes: RunHandle<Uint8Array> = run('x', [], perhaps)
// @ts-expect-error -- it may be bytes
export const noText: RunHandle<string> = pool.run('x', [], perhaps)
`
/** The lines of CALLS whose encoding may be left out. */
const LEFT_OUT = [7, 8, 9, 10]

test('an encoding that may be left out gives either output, or is refused: never the wrong type', context => {
  const file = join(temporaryDirectory(context), 'calls.ts')
  writeFileSync(file, CALLS.replace('LIBRARY', join(root, 'packages/glassbox/dist/index.js')))
  const options = [
    ...['--ignoreConfig', '--noEmit', '--strict', '--skipLibCheck', '--target', 'es2022'],
    ...['--module', 'nodenext', '--types', 'node', '--typeRoots', join(root, 'node_modules/@types')],
  ]
  const wrongLines = (...more: string[]): number[] => {
    const words = [join(root, 'node_modules/typescript/bin/tsc'), ...options, ...more, file]
    const { stdout, stderr } = spawnSync(process.execPath, words, { encoding: 'utf8' })
    assert.equal(stderr, '')
    return [...stdout.matchAll(/calls\.ts\((\d+),/g)].map(([, line]) => Number(line))
  }
  assert.deepEqual(wrongLines(), [])
  assert.deepEqual(wrongLines('--exactOptionalPropertyTypes'), LEFT_OUT)
})
