/**
 * The memory figure tells the program's own memory and page cache apart, on both versions of
 * cgroups. Without a cgroup there is one figure.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { type RunResult, run } from '#glassbox/index.js'
import { guard } from '../support/hostile.js'
import { temporaryDirectory } from '../support/temporary.js'
import { MiB } from './support/repeat.js'

const world = guard()
const watched = ({ measuredBy }: RunResult): boolean => measuredBy.memory === 'init'

/** Takes the pages of a file out of the page cache, if its file system lets go of them. */
const evict = (path: string): unknown =>
  spawnSync('dd', [`of=${path}`, 'oflag=nocache', 'conv=notrunc,fdatasync', 'count=0'], { stdio: 'ignore' })

test('a file that is read is no memory of the program’s own, in the page cache or not [MM-03, E]', async context => {
  const directory = temporaryDirectory(context)
  chmodSync(directory, 0o755)
  const source = join(directory, 'file')
  writeFileSync(source, Buffer.alloc(48 * MiB, 1))
  const options = { binds: [{ source, target: '/file' }] }
  const read = async (): Promise<RunResult> => run('cat', ['/file'], { ...options, stdout: 'ignore' })
  const warm = await read()
  evict(source)
  const cold = await read()
  if (watched(warm)) {
    assert.deepEqual([warm.ownMemoryBytes, warm.pageCacheBytes], [undefined, undefined])
    return
  }
  if (cold.memoryBytes < 40 * MiB) {
    context.skip('the file system keeps the pages of the file')
    return
  }
  const { ownMemoryBytes = NaN, pageCacheBytes = NaN } = cold
  assert.ok(Math.abs(ownMemoryBytes - (warm.ownMemoryBytes ?? NaN)) <= 2 * MiB, `${ownMemoryBytes}`)
  assert.ok(pageCacheBytes >= 40 * MiB && pageCacheBytes <= cold.memoryBytes, `${pageCacheBytes}`)
  // What counts against the limit is as before.
  assert.ok(cold.memoryBytes >= pageCacheBytes)
})

test('memory that is freed before files are read, tmpfs files and page cache are told apart [MM-03, E]', async context => {
  const one = await world.run('hold', ['self', '100'], { limits: { memoryBytes: 400 * MiB } })
  if (watched(one)) {
    context.skip('needs a cgroup')
    return
  }
  assert.ok((one.ownMemoryBytes ?? 0) >= 100 * MiB, `${one.ownMemoryBytes}`)
  const files = await run('dd', ['if=/dev/zero', 'of=/tmp/x', 'bs=1M', 'count=50'])
  assert.ok((files.ownMemoryBytes ?? 0) >= 50 * MiB, 'a file in tmpfs is the program’s own memory')
  assert.ok((files.pageCacheBytes ?? NaN) < 8 * MiB)
})
