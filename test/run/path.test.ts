/**
 * A bare name is found as execvp(3) finds it in the box: each case is asked twice, once by run()
 * and once by a program in the box that calls execvp.
 */
import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { openBox, run, type RunOptions } from '#glassbox/index.js'
import { temporaryDirectory } from '../support/temporary.js'

const tool = (text: string): string => `#!/bin/sh\necho ${text}\n`

/** Directories of the host: each has the program `tool`, or something that execvp passes over. */
function directories(context: TestContext): (name: string) => string {
  const base = temporaryDirectory(context)
  chmodSync(base, 0o755)
  const at = (name: string): string => join(base, name)
  const make = (name: string, file: string, mode: number): void => {
    mkdirSync(at(name), { recursive: true })
    writeFileSync(at(`${name}/${file}`), tool(name))
    chmodSync(at(`${name}/${file}`), mode)
  }
  make('one', 'tool', 0o755)
  make('two', 'tool', 0o755)
  make('plain', 'tool', 0o644)
  make('own', 'tool', 0o700)
  mkdirSync(at('directory/tool'), { recursive: true })
  mkdirSync(at('dangling'))
  symlinkSync(at('one/tool'), at('dangling/tool')) // the box does not show its end
  mkdirSync(at('inside'))
  symlinkSync('real', at('inside/tool'))
  writeFileSync(at('inside/real'), tool('inside'))
  chmodSync(at('inside/real'), 0o755)
  mkdirSync(at('system'))
  symlinkSync('/usr/bin/printenv', at('system/tool'))
  mkdirSync(at('loop'))
  symlinkSync('tool', at('loop/tool'))
  return at
}

const CASES: readonly { readonly binds: readonly string[]; readonly path: readonly string[] }[] = [
  { binds: ['one', 'two'], path: ['one', 'two'] },
  { binds: ['one', 'two'], path: ['two', 'one'] },
  { binds: ['two'], path: ['one', 'two'] },
  { binds: ['plain', 'two'], path: ['plain', 'two'] },
  { binds: ['directory', 'two'], path: ['directory', 'two'] },
  { binds: ['dangling', 'two'], path: ['dangling', 'two'] },
  { binds: ['dangling', 'one'], path: ['dangling', 'two'] },
  { binds: ['inside'], path: ['loop', 'inside'] },
  { binds: ['loop', 'two'], path: ['loop', 'two'] },
  { binds: ['system'], path: ['system'] },
]

/** Runs `tool` by execvp in the box, as Python does it. */
const EXECVP = 'import os; os.execvp("tool", ["tool", "PATH"])'

test('run() and execvp in the box run the same program', async context => {
  const at = directories(context)
  for (const { binds, path } of CASES) {
    const PATH = [...path.map(at), '/usr/local/bin', '/usr/bin', '/bin'].join(':')
    const options: RunOptions<'utf8'> = { binds: binds.map(name => ({ source: at(name) })), env: { PATH } }
    const [ours, theirs] = await Promise.all([
      run('tool', ['PATH'], options),
      run('/usr/bin/python3', ['-c', EXECVP], options),
    ])
    assert.equal(theirs.exitCode, 0, `${path.join()} control: ${theirs.stderr}`)
    assert.equal(ours.stdout, theirs.stdout, path.join())
  }
})

test('a program that only its owner may execute is passed over unless the box’s user is the owner', async context => {
  const at = directories(context)
  for (const writable of [false, true]) {
    const binds = [{ source: at('own'), writable }, { source: at('two') }]
    const env = { PATH: `${at('own')}:${at('two')}:/usr/bin` }
    const ours = await run('tool', [], { binds, env })
    const theirs = await run('/usr/bin/python3', ['-c', EXECVP], { binds, env })
    assert.equal(ours.stdout, theirs.stdout, `writable: ${writable} ${theirs.stderr}`)
    assert.notEqual(ours.stdout, '')
  }
})

test('names of the box hide those of the host, and relative directories are those of the box', async context => {
  const at = directories(context)
  const mine = {
    ls: { contents: tool('mine'), mode: 0o755 },
    'sub/ls': { contents: tool('sub'), mode: 0o755 },
  }
  const ls = async (PATH: string): Promise<string> =>
    (await run('ls', ['/box'], { files: mine, env: { PATH } })).stdout
  assert.equal(await ls('/box:/usr/bin'), 'mine\n')
  assert.equal(await ls('/box/sub:/box:/usr/bin'), 'sub\n')
  assert.equal(await ls('sub:/usr/bin'), 'sub\n')
  assert.equal(await ls(':/usr/bin'), 'mine\n')
  assert.equal(await ls('/usr/bin:/box'), 'ls\nsub\n')
  const binds = [{ source: at('one'), target: '/usr/local/bin' }]
  assert.equal((await run('tool', [], { binds })).stdout, 'one\n', 'a bind over a directory of the host')
  await using box = await openBox({ binds: [{ source: at('one') }] })
  assert.equal((await box.run('tool', [], { env: { PATH: `${at('one')}:/usr/bin` } })).stdout, 'one\n')
  await assert.rejects(async () => box.run('tool'), { code: 'ERR_GLASSBOX_PROGRAM_NOT_FOUND' })
})
