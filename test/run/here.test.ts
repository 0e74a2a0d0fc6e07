/** The option `here`: the current directory, writable, under its own path. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmdirSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { createPool, openBox, run } from '#glassbox/index.js'
import { glassbox, printed } from '../support/command.js'
import { guard, needsRoot, root } from '../support/hostile.js'
import { temporaryDirectory } from '../support/temporary.js'

guard()

/** Changes to a private directory for one test. */
function project(context: TestContext): string {
  const before = process.cwd()
  const path = join(temporaryDirectory(context), 'project')
  mkdirSync(path, { mode: 0o700 })
  writeFileSync(join(path, 'file'), 'mine\n')
  process.chdir(path)
  context.after(() => process.chdir(before))
  return path
}

const SCRIPT = 'pwd; cat file; echo new > made'

for (const [name, uses] of [
  ['run()', async (): Promise<string> => (await run('sh', ['-c', SCRIPT], { here: true })).stdout],
  [
    'a box',
    async (): Promise<string> => {
      await using box = await openBox({ here: true })
      return (await box.run('sh', ['-c', SCRIPT])).stdout
    },
  ],
  [
    'a pool',
    async (): Promise<string> => {
      await using pool = await createPool({ size: 1, here: true })
      return (await pool.run('sh', ['-c', SCRIPT])).stdout
    },
  ],
  ['the command', async (): Promise<string> => glassbox(['run', '--here', '--', 'sh', '-c', SCRIPT]).out],
] as const)
  test(`${name} starts in the current directory, and can write to it [C8, C9]`, async context => {
    const path = project(context)
    assert.equal(await uses(), `${path}\nmine\n`)
    assert.equal(readFileSync('made', 'utf8'), 'new\n')
    assert.equal(statSync('made').uid, process.getuid?.())
    assert.equal(statSync('.').mode & 0o777, 0o700)
  })

test('a working directory and a bind of the caller take precedence, and programs there are found', async context => {
  const path = project(context)
  writeFileSync('tool', '#!/bin/sh\npwd\ntouch made\n', { mode: 0o755 })
  assert.equal((await run('./tool', [], { here: true })).stdout, `${path}\n`)
  assert.ok(existsSync('made'))
  assert.equal((await run('pwd', [], { here: true, cwd: '/tmp' })).stdout, '/tmp\n')
  assert.equal((await run('pwd', [], { here: false })).stdout, '/box\n')
  const binds = [{ source: path, target: path }]
  const { stderr } = await run('touch', ['other'], { here: true, binds })
  assert.match(stderr, /Read-only file system/)
})

test('nothing above the current directory is shown', async context => {
  project(context)
  const { stdout } = await run('sh', ['-c', 'ls -A ..; cat ../../*/*'], { here: true })
  assert.equal(stdout, 'project\n')
})

/** Directories that are refused, and the reason. */
const REFUSED: readonly (readonly [directory: string, why: RegExp, env?: Record<string, string>])[] = [
  ['/', /The current directory, \/, cannot be shown writable: it is the root of the host\./],
  ['HOME', /it is your home directory, with your keys and settings\. .*use a bind: --bind/],
  ['ABOVE', /it contains your home directory/],
  ...['/tmp', '/usr', '/etc', '/etc/ssl', '/proc', '/dev/shm', '/sys'].map(
    path => [path, new RegExp(`cannot be shown under its own path: a box has its own ${path}\\.`)] as const,
  ),
]

test('the root, the home directory, what a box has itself, and what is not yours: one sentence', context => {
  const top = temporaryDirectory(context)
  const home = join(top, 'home/me')
  mkdirSync(home, { recursive: true })
  const names: Readonly<Record<string, string>> = { HOME: home, ABOVE: join(top, 'home') }
  for (const [name, why] of REFUSED) {
    const cwd = names[name] ?? name
    const words = ['run', '--here', '--', 'touch', 'glassbox-was-here']
    const { code, out, err } = glassbox(words, { cwd, env: names[name] ? { HOME: home } : {} })
    // For an ordinary user, some of them are refused because they are not his.
    if (!root && /you may not write/.test(err)) continue
    assert.deepEqual([code, out], [125, ''], cwd)
    assert.match(err, why)
    assert.equal(err.trim().split('\n').length, 1, 'one line')
    assert.equal(existsSync(join(cwd, 'glassbox-was-here')), false)
  }
})

test('a directory of another user, and one that was removed, are refused', { skip: needsRoot }, context => {
  const top = temporaryDirectory(context)
  chmodSync(top, 0o755)
  const at = (directory: string): string => {
    const { out, err } = printed(
      `import { run } from library
      process.chdir(${JSON.stringify(directory)})
      await run('true', [], { here: true }).then(
        ({ status }) => console.log(status), ({ option, message }) => console.log(option, message))`,
      true,
    )
    assert.equal(err, '')
    return out
  }
  assert.match(
    at(top),
    /^here The current directory, \S+, cannot be shown writable: you may not write to it \(EACCES\); it belongs to user 0\.$/m,
  )
  const shared = join(top, 'shared')
  mkdirSync(shared)
  chmodSync(shared, 0o777)
  assert.equal(at(shared), 'exited\n', 'but a directory of another user that all may write is shown')
  const gone = join(shared, 'gone')
  mkdirSync(gone)
  chownSync(gone, 65_534, 65_534)
  const script = 'cd "$1" && rmdir "$1" && shift && exec "$@"'
  const words = ['run', '--here', '--', 'true']
  const command = new URL('../../../packages/glassbox/bin/glassbox.js', import.meta.url).pathname
  const { stderr } = spawnSync('sh', ['-c', script, 'sh', gone, process.execPath, command, ...words], {
    encoding: 'utf8',
  })
  assert.match(stderr, /--here: The current directory cannot be shown: it was removed\./)
  assert.throws(() => rmdirSync(gone), { code: 'ENOENT' })
})

test('the ptrace runner has no such option, and says what to use', async context => {
  project(context)
  await assert.rejects(async () => run('true', [], { here: true, runner: 'ptrace' }), {
    option: 'here',
    hint: /--allow-write/,
  })
})
