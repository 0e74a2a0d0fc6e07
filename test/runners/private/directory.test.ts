/**
 * The private directory of a sandbox: whom it belongs to, that no two sandboxes share it, and that
 * it is gone at the end, whatever a program has put into it and however Node ends.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { openBox, run } from '#glassbox/index.js'
import { sweepDirectories } from '#glassbox/runners/private/sweep.js'
import { ownTemporary } from '../../support/temporary.js'

const library = new URL('../../../../packages/glassbox/dist/library/index.js', import.meta.url).href
const runner = 'ptrace'
/** A shell, and the programs that it starts. */
const policy = { extends: 'default', paths: { execute: ['/usr/bin/'] } } as const
const isRoot = process.getuid?.() === 0
const directories = (base: string): string[] =>
  readdirSync(base).filter(name => /^glassbox-[0-9a-f]{7}$/.test(name))

/** A service in a process of its own, which prints a line and goes on. */
function service(base: string, text: string): ReturnType<typeof spawn> {
  const code = `import { openBox, run } from ${JSON.stringify(library)}\n${text}`
  return spawn(process.execPath, ['--input-type=module', '-e', code], {
    env: { ...process.env, TMPDIR: base },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
}

test('it is private, and belongs to the user of the programs', async context => {
  const base = ownTemporary(context)
  const box = await openBox({ runner })
  try {
    const [name = ''] = directories(base)
    const work = join(base, name, 'box')
    const { stdout } = await box.run('sh', ['-c', 'pwd; id -u; echo x > file'], { policy })
    const [cwd, uid] = stdout.trim().split('\n')
    assert.equal(cwd, work)
    const { mode, uid: owner } = statSync(work)
    assert.equal(mode & 0o777, 0o700)
    assert.equal(owner, Number(uid))
    assert.equal(statSync(join(work, 'file')).uid, owner)
    if (isRoot) assert.ok(owner > 0x70000000, `an id of its own: ${owner}`)
    else assert.equal(owner, process.getuid?.())
  } finally {
    await box.close()
  }
  assert.deepEqual(readdirSync(base), [])
})

test('20 programs at a time have 20 directories, and as root 20 user ids', async context => {
  const base = ownTemporary(context)
  const runs = Array.from({ length: 20 }, (_, index) =>
    run('sh', ['-c', `echo ${index} > mine; sleep 0.2; cat mine; pwd; id -u`], { runner, policy }),
  )
  const results = await Promise.all(runs)
  const lines = results.map(({ stdout }) => stdout.trim().split('\n'))
  assert.deepEqual(
    lines.map(([mine]) => Number(mine)),
    results.map((_, index) => index),
  )
  assert.equal(new Set(lines.map(([, cwd]) => cwd)).size, 20)
  assert.equal(new Set(lines.map(([, , uid]) => uid)).size, isRoot ? 20 : 1)
  assert.deepEqual(readdirSync(base), [])
})

test('what is hard to remove is removed', async context => {
  const base = ownTemporary(context)
  const script = `
mkdir -p closed/inner; echo x > closed/inner/file; chmod 500 closed/inner; chmod 000 closed
mkfifo pipe; ln -s /etc/passwd link; printf x > "$(printf 'a\\nb')"
i=0; while [ $i -lt 300 ]; do mkdir deeeeeeeeeeeeeeeeep && cd deeeeeeeeeeeeeeeeep; i=$((i+1)); done
chmod 000 "$TMPDIR"`
  const { status, stderr } = await run('sh', ['-c', script], { runner, policy })
  assert.equal(status, 'exited', stderr)
  assert.deepEqual(readdirSync(base), [])
  assert.ok(existsSync('/etc/passwd'))
})

test('a process that exits with an open box leaves nothing', async context => {
  const base = ownTemporary(context)
  const child = service(
    base,
    `const box = await openBox({ runner: 'ptrace', files: { 'a/b': 'x' } })
     box.run('sleep', ['30'], { policy: null }).catch(() => {})
     await new Promise(resolve => setTimeout(resolve, 500))
     process.exit(3)`,
  )
  const [code] = await once(child, 'exit')
  assert.equal(code, 3)
  // A program that was still alive may have kept it from being removed; then the next start does.
  await sweepDirectories(base)
  assert.deepEqual(readdirSync(base), [])
})

test('what a killed process left is swept by the next one, and nothing else', async context => {
  const base = ownTemporary(context)
  const text = `const box = await openBox({ runner: 'ptrace', files: { 'a/b': 'x' } })
    const handle = box.run('sh', ['-c', 'echo on; sleep 30'], { policy: null })
    for await (const line of handle) console.log(line)`
  const [killed, living] = [service(base, text), service(base, text)]
  await Promise.all([killed, living].map(child => once(child.stdout ?? child, 'data')))
  assert.equal(directories(base).length, 2)
  const gone = once(killed, 'exit')
  killed.kill('SIGKILL')
  await gone
  // Not made by glassbox, although they look alike.
  writeFileSync(join(base, 'glassbox-0123456'), '')
  mkdirSync(join(base, 'glassbox-other'))
  assert.equal(directories(base).length, 3)
  assert.equal(await sweepDirectories(base), 1)
  assert.deepEqual(await sweepDirectories(base), 0)
  assert.equal(directories(base).length, 2, 'that of the living process, and the file')
  const ended = once(living, 'exit')
  living.kill('SIGTERM')
  await ended
  await sweepDirectories(base)
  assert.deepEqual(readdirSync(base).toSorted(), ['glassbox-0123456', 'glassbox-other'])
})

test('a TMPDIR that cannot be used is an error that names it', async context => {
  const base = ownTemporary(context)
  process.env['TMPDIR'] = join(base, 'missing')
  await assert.rejects(
    async () => run('true', [], { runner }),
    ({ code, message, hint }: { code: string; message: string; hint: string }) =>
      code === 'ERR_GLASSBOX_SYSTEM' && message.includes(join(base, 'missing')) && hint.includes('TMPDIR'),
  )
})
