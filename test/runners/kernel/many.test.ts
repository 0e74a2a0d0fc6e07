/**
 * Many short programs in one world, and many worlds in one sandbox: stubs, descriptors and memory
 * do not grow. GLASSBOX_SOAK sets how many programs (10 000 by hand).
 */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { openBox } from '#glassbox/index.js'

const MANY = Number(process.env['GLASSBOX_SOAK'] ?? 25)
const limits = { cpuTimeMs: Infinity, wallTimeMs: Infinity }

/** The stubs of this process, and its descriptors. */
function held(): { stubs: number; descriptors: number } {
  const stubs = readdirSync('/proc').filter(name => {
    try {
      return (
        /^\d+$/.test(name) &&
        readFileSync(`/proc/${name}/status`, 'utf8').includes(`\nPPid:\t${process.pid}\n`)
      )
    } catch {
      return false
    }
  })
  return { stubs: stubs.length, descriptors: readdirSync('/proc/self/fd').length }
}

test('short programs leave nothing behind', async () => {
  await using box = await openBox({ runner: 'kernel' })
  const loop = async (count: number): Promise<number> => {
    const line = `for ((i = 0; i < ${count}; i++)); do /bin/true; (:); echo x | cat > /dev/null; done; echo $i`
    const { stdout, memoryBytes } = await box.run('bash', ['-c', line], { limits })
    assert.equal(stdout, `${count}\n`)
    return memoryBytes
  }
  // How many of the loop's processes live at once depends on who is faster. Here more do, so that
  // the loop never needs another stub.
  await box.run('bash', ['-c', 'sleep 0.2 | sleep 0.2 | sleep 0.2 | sleep 0.2 | (sleep 0.2; :)'], { limits })
  const few = await loop(10)
  const before = held()
  const many = await loop(MANY)
  for (let world = 0; world < 5; world++) await box.run('true')
  const after = held()
  assert.equal(after.descriptors, before.descriptors)
  assert.ok(after.stubs <= before.stubs, `${before.stubs} stubs at first, then ${after.stubs}`)
  assert.ok(many < few + 2 ** 20, `${few} bytes at first, then ${many}`)
})
