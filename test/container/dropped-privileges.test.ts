/**
 * A service that starts as root and gives up its privileges in the process. It is not dumpable
 * from then on, so its own files in /proc belong to root.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'

const library = new URL('../../../packages/glassbox/dist/library/index.js', import.meta.url)

const service = (drop: string): string => `import { openSync } from 'node:fs'
import { run } from ${JSON.stringify(library)}
${drop}
let own = 'writable'
try { openSync('/proc/self/oom_score_adj', 'w') } catch (error) { own = error.code }
const options = { files: { a: Buffer.from('x') }, collect: ['a'] }
const result = await run('sh', ['-c', 'id -u; cat /proc/self/oom_score_adj a'], options)
console.log(JSON.stringify({ own, status: result.status, stdout: result.stdout, files: Object.keys(result.files) }))`

const runService = (drop: string): unknown => {
  const args = ['--input-type=module', '-e', service(drop)]
  const { stdout, stderr, status } = spawnSync(process.execPath, args, { encoding: 'utf8', timeout: 60_000 })
  assert.equal(status, 0, stderr)
  return JSON.parse(stdout)
}

const skip = process.getuid?.() === 0 ? false : 'needs root, to give it up'
const result = { status: 'exited', stdout: '1000\n1000\nx', files: ['a'] }

test('a service that gave up root with setuid runs programs in a user namespace', { skip }, () => {
  const drop = 'process.setgroups([]); process.setgid(65534); process.setuid(65534)'
  assert.deepEqual(runService(drop), { own: 'EACCES', ...result }, 'its own files in /proc are not its own')
})

test('a service that never was root does so too', { skip }, () => {
  const { uid, gid } = { uid: 65534, gid: 65534 }
  const args = ['--input-type=module', '-e', service('')]
  const child = spawnSync(process.execPath, args, { encoding: 'utf8', uid, gid, timeout: 60_000 })
  assert.equal(child.status, 0, child.stderr)
  assert.deepEqual(JSON.parse(child.stdout), { own: 'writable', ...result })
})
