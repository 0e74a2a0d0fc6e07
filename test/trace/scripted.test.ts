/**
 * Every output of the strace command, driven by a source that is a script: what they show comes
 * from the subject that they were told of, and from nowhere else.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { straceOptions } from '#glassbox/cli/strace/options.js'
import type { StraceOptions } from '#glassbox/strace/options.js'
import { strace, type Result } from '#glassbox/strace/command.js'
import { temporaryDirectory } from '../support/temporary.js'
import {
  type Facts,
  type FakeDescriptor,
  ScriptedTracee,
  scriptedSource,
  type Teller,
} from './support/scripted-source.js'

const [READ, OPENAT, KILL, SENDTO, EXECVE] = [0, 257, 62, 44, 59]
const AT_FDCWD = 0xffff_ff9cn

const link = (text: string): { readonly target: Uint8Array } => ({ target: Buffer.from(text) })
const facts: Facts = {
  tid: 7,
  pid: 7,
  comm: 'hero',
  commandLine: ['/bin/hero', '--fly high'],
  cwd: '/nowhere/on/this/host',
  cpuTimeNs: 1_500_000_000,
  descriptors: new Map<number, FakeDescriptor>([
    [-100, link('/nowhere/on/this/host')],
    [3, { ...link('/made/up'), isDeleted: true }],
    [4, { ...link('/dev/made-up'), device: () => ({ type: 'char' as const, major: 7, minor: 9 }) }],
    [
      5,
      {
        ...link('socket:[42]'),
        socket: () => ({
          protocol: 'TCP',
          inode: 42n,
          netlinkProtocol: () => undefined,
          ends: () => ({
            family: 'inet' as const,
            local: Uint8Array.of(10, 0, 0, 1),
            localPort: 80,
            remote: Uint8Array.of(10, 0, 0, 2),
            remotePort: 4321,
          }),
        }),
      },
    ],
    [6, { ...link('anon_inode:[pidfd]'), process: () => 8 }],
  ]),
}

/**
 * A program that opens, reads, sends and signals; and a child of it that executes something else.
 */
function play(teller: Teller): void {
  const hero = new ScriptedTracee(facts)
  const child = new ScriptedTracee({
    ...facts,
    tid: 8,
    pid: 8,
    comm: 'sidekick',
    commandLine: ['/bin/sidekick'],
  })
  teller.started(hero)
  const first = teller.enter(hero, EXECVE, [hero.put('/bin/hero'), 0n, 0n])
  teller.executed(hero)
  teller.leave(hero, first, 0n)
  teller.call(hero, OPENAT, [AT_FDCWD, hero.put('file'), 0n], 3n)
  hero.put('data')
  teller.call(hero, READ, [3n, 0x1000n, 4n], 4n)
  teller.call(hero, READ, [4n, 0x1000n, 4n], -5n)
  hero.put('hi')
  teller.call(hero, SENDTO, [5n, 0x1000n, 2n, 0n, 0n, 0n], 2n)
  teller.call(hero, READ, [6n, 0x1000n, 4n], -22n)
  teller.child(hero, child)
  teller.executed(child)
  teller.call(hero, KILL, [8n, 0n], 0n)
  teller.exited(child, 1)
  teller.exited(hero, 3)
}

interface Told {
  readonly text: string
  readonly result: Result
}

async function told(context: TestContext, words: readonly string[]): Promise<Told> {
  const path = join(temporaryDirectory(context), 'out')
  const options = straceOptions(['-o', path, ...words, '/bin/true']) as StraceOptions
  const result = await strace(options, scriptedSource(play, { exitCode: 3 }))
  return { text: readFileSync(path, 'utf8'), result }
}

test('text: paths, devices, sockets, pidfds and names are those of the subject', async t => {
  const { text, result } = await told(t, ['-f', '-yy', '-Y', '-q'])
  assert.deepEqual(result, { code: 3 })
  assert.deepEqual(text.split('\n'), [
    '7    <strace> execve("/bin/hero", NULL, NULL) = 0',
    '7    <hero> openat(AT_FDCWD</nowhere/on/this/host>, "file", O_RDONLY) = 3</made/up>(deleted)',
    '7    <hero> read(3</made/up>(deleted), "data", 4) = 4',
    '7    <hero> read(4</dev/made-up<char 7:9>>, 0x1000, 4) = -1 EIO (Input/output error)',
    '7    <hero> sendto(5<TCP:[10.0.0.1:80->10.0.0.2:4321]>, "hi", 2, 0, NULL, 0) = 2',
    '7    <hero> read(6<pid:8>, 0x1000, 4)   = -1 EINVAL (Invalid argument)',
    '7    <hero> kill(8<sidekick>, 0)        = 0',
    '8    <sidekick> +++ exited with 1 +++',
    '7    <hero> +++ exited with 3 +++',
    '',
  ])
})

test('JSON, the process tree, the files and peers, and the summary are made of the same script', async t => {
  const json = (await told(t, ['-f', '--json'])).text
  const events = json
    .trim()
    .split('\n')
    .map(line => JSON.parse(line) as { type: string; name?: string; args?: Record<string, unknown> })
  assert.deepEqual(
    events.map(({ type }) => type).join(' '),
    ['start exec syscall syscall syscall syscall syscall syscall start exec syscall exit exit'].join(' '),
  )
  assert.deepEqual(events.find(({ name }) => name === 'openat')?.args, {
    dirfd: -100,
    path: 'file',
    flags: ['O_RDONLY'],
  })

  const tree = (await told(t, ['-f', '--tree'])).text
  assert.match(tree, /^7 \/bin\/hero "--fly high" \[exit 3, 1\.500 s CPU, 0\.\d+ s\]$/m)
  assert.match(tree, /^└─ 8 \/bin\/sidekick \[exit 1, 1\.500 s CPU, 0\.\d+ s\]$/m)

  const stats = (await told(t, ['-f', '--stats'])).text
  assert.match(stats, /1 +0 +0\.001000 \/nowhere\/on\/this\/host\/file$/m)
  assert.match(stats, /1 +4 +0\.001000 \/made\/up$/m)
  assert.match(stats, /1 +2 +0\.001000 TCP 10\.0\.0\.2:4321$/m)

  const summary = (await told(t, ['-f', '-c'])).text
  assert.match(summary, / 3 +2 read$/m)
  assert.match(summary, / 7 +2 total$/m)
})

test('-P selects by the paths of the subject', async t => {
  const { text } = await told(t, ['-P', '/made/up', '-y', '-e', 'quiet=exit'])
  assert.equal(text, 'read(3</made/up>(deleted), "data", 4)   = 4\n')
})
