/**
 * What a program can do to others that use the same files: to neighbours in boxes, to the service,
 * and to the host.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, chownSync, mkdirSync, writeFileSync } from 'node:fs'
import { constants } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { openBox, run } from '#glassbox/index.js'
import { syscallNumber } from '#glassbox/linux/syscalls.js'
import { printed } from '../support/command.js'
import { guard, needsRoot, root, unboxed } from '../support/hostile.js'
import { program } from '../support/programs.js'
import { temporaryDirectory } from '../support/temporary.js'

const world = guard()
const { EINVAL, ENOSYS } = constants.errno

/** A file of the user whose programs are to be tried, in a directory that everybody may enter. */
function ownedFile(context: TestContext, ordinary: boolean): string {
  const directory = join(temporaryDirectory(context), 'files')
  mkdirSync(directory)
  chmodSync(join(directory, '..'), 0o755)
  const file = join(directory, 'file')
  writeFileSync(file, 'text')
  chmodSync(file, 0o644)
  if (ordinary && root) for (const path of [directory, file]) chownSync(path, 65534, 65534)
  return file
}

test('natively, a lease delays every process that opens the file [F1, control]', async context => {
  const file = ownedFile(context, false)
  const holder = spawn(program('lease'), [file, '2'], { stdio: ['ignore', 'pipe', 'ignore'] })
  await once(holder.stdout, 'data')
  const { status } = await run('cat', ['/file'], {
    binds: [{ source: file, target: '/file' }],
    limits: { wallTimeMs: 500 },
  })
  assert.equal(status, 'wall-time-limit')
  await once(holder, 'exit')
})

for (const { who, ordinary, skip } of [
  { who: 'root', ordinary: false, skip: needsRoot },
  { who: 'an ordinary user', ordinary: true, skip: false },
]) {
  test(`a program of ${who} takes no lease and no F_NOTIFY, read-only bind or not, policy or not [F1, NW-11]`, {
    skip,
  }, context => {
    const file = ownedFile(context, ordinary)
    const { out, err } = printed(
      `import { run } from library
      const file = ${JSON.stringify(file)}
      for (const writable of [false, true])
        for (const policy of [undefined, null, { rules: [], otherwise: { kind: 'allow' } }]) {
          const binds = [
            { source: file, target: '/file', writable },
            { source: ${JSON.stringify(program('lease'))}, target: '/lease' },
          ]
          const options = { binds, ...(policy === undefined ? {} : { policy }) }
          for (const args of [['/file', '0'], ['/box', '0', 'notify']])
            console.log((await run('/lease', args, options)).exitCode)
          // One that is the program's own.
          console.log((await run('sh', ['-c', ': > own; exec /lease own 0'], options)).exitCode)
        }`,
      ordinary,
    )
    assert.equal(out + err, `${EINVAL}\n`.repeat(18))
  })
}

test('sync has no effect in a box, and calls that must not succeed falsely fail [F16]', async context => {
  const calls = [`${syscallNumber('sync')}`, `${syscallNumber('syncfs')},0`, `${syscallNumber('fsync')},-1`]
  assert.deepEqual(unboxed(context, 'calls', calls).stdout.split('\n').slice(0, 1), ['0'])
  const { stdout } = await world.run('calls', calls)
  assert.equal(stdout, `0\n${ENOSYS}\n${constants.errno.EBADF}\n`)
})

test('a program that locks itself out of its working directory does not lock out the next [F12]', async () => {
  for (const ordinary of root ? [false, true] : [true]) {
    const { out, err } = printed(
      `import { openBox } from library
      const box = await openBox()
      console.log((await box.run('sh', ['-c', 'chmod 0 /box; ls /box'])).exitCode)
      await box.writeFile('file', 'well')
      console.log((await box.run('cat', ['file'])).stdout)
      console.log((await box.run('sh', ['-c', 'mkdir -m 0 barred; chmod 0 /box'])).exitCode)
      console.log((await box.run('pwd')).stdout.trim())
      console.log(Buffer.from(await box.readFile('file')).toString())
      await box.close()`,
      ordinary,
    )
    assert.equal(out + err, '2\nwell\n0\n/box\nwell\n', ordinary ? 'an ordinary user' : 'root')
  }
  await using box = await openBox()
  await box.run('sh', ['-c', 'chmod 0 /box'])
  const { stdout } = await box.run('stat', ['-c', '%a', '/box'])
  assert.equal(stdout, '755\n', 'its mode is the box’s')
})
