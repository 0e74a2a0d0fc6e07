/**
 * The host beside the kernel runner: a directory that the host swaps for a link while a guest
 * walks, device nodes and set-id programs in binds, and the death of Node.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { openBox, run } from '#glassbox/index.js'
import { temporaryDirectory } from '../../support/temporary.js'

const runner = 'kernel'

test('a directory that the host swaps for a link leads nowhere else', async t => {
  const place = temporaryDirectory(t)
  const [shown, secret] = [join(place, 'shown'), join(place, 'secret')]
  for (const path of [shown, secret, join(shown, 'sub')]) mkdirSync(path, { recursive: true })
  writeFileSync(join(shown, 'sub/file'), 'open\n')
  writeFileSync(join(secret, 'file'), 'secret\n')
  symlinkSync(secret, join(shown, 'link'))
  // The control: on the host the link leads to the secret.
  assert.equal(readFileSync(join(shown, 'link/file'), 'utf8'), 'secret\n')
  await using box = await openBox({ runner, binds: [{ source: shown, target: '/shown', writable: true }] })
  const enough = new AbortController()
  const swaps = (async () => {
    const [sub, link, other] = ['sub', 'link', 'other'].map(name => join(shown, name)) as [
      string,
      string,
      string,
    ]
    while (!enough.signal.aborted) {
      renameSync(sub, other)
      renameSync(link, sub)
      await sleep(1)
      renameSync(sub, link)
      renameSync(other, sub)
      await sleep(1)
    }
  })()
  const line =
    'for ((i = 0; i < 2000; i++)); do read -r x < /shown/sub/file && echo $x; done 2> /dev/null | sort -u'
  const { stdout } = await box.run('bash', ['-c', line], {
    limits: { wallTimeMs: 60_000, cpuTimeMs: 60_000 },
  })
  enough.abort()
  await swaps
  assert.match(stdout, /^(open\n)?$/)
})

test('`..` above a bind is the box', async t => {
  const place = temporaryDirectory(t)
  mkdirSync(join(place, 'shown'))
  writeFileSync(join(place, 'secret'), 'secret\n')
  const bind = { source: join(place, 'shown'), target: '/shown' }
  const words = [
    '-c',
    'cat /shown/../secret; cd /shown && cat ../secret; ls ../shown; ls /proc/self/fd/../cwd/..',
  ]
  const { stdout } = await run('sh', words, { runner, binds: [bind] })
  assert.doesNotMatch(stdout, /secret/)
})

test('a set-id program of a bind gives no other user', async t => {
  const place = temporaryDirectory(t)
  copyFileSync('/usr/bin/id', join(place, 'id'))
  chmodSync(join(place, 'id'), 0o6755)
  const binds = [{ source: place, target: '/shown' }]
  await using box = await openBox({ runner, binds })
  assert.equal((await box.run('/shown/id')).stdout, (await box.run('id')).stdout)
})

/** The children of a process of Node that runs nothing else: its stubs. */
function stubsOf(pid: number): string[] {
  return readdirSync('/proc').filter(name => {
    try {
      const status = readFileSync(`/proc/${name}/status`, 'utf8')
      return /^\d+$/.test(name) && status.includes(`\nPPid:\t${pid}\n`)
    } catch {
      return false
    }
  })
}

test('no stub outlives Node, however that ends', async () => {
  const index = new URL('../../../../packages/glassbox/dist/index.js', import.meta.url).pathname
  const text = `import { run } from ${JSON.stringify(index)}; await run('sh', ['-c', 'while :; do :; done'], { runner: 'kernel' })`
  const node = spawn(process.execPath, ['--input-type=module', '-e', text], { stdio: 'ignore' })
  const pid = node.pid as number
  const ended = new Promise(resolve => node.once('exit', resolve))
  let found: string[] = []
  for (let tries = 0; tries < 200 && found.length === 0; tries++) {
    await sleep(50)
    found = stubsOf(pid)
  }
  assert.ok(found.length > 0, 'a stub runs')
  node.kill('SIGKILL')
  await ended
  const alive = (): string[] =>
    found.filter(each => {
      try {
        return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${each}/status`, 'utf8'))
      } catch {
        return false
      }
    })
  for (let tries = 0; tries < 100 && alive().length > 0; tries++) await sleep(50)
  assert.deepEqual(alive(), [])
})
