/**
 * The command's own server and client. The server is killed at random moments, with clients in
 * every phase of a call: no process of theirs is left, they end with exit code 2 and status XX or
 * as if nothing had happened, and the next server takes over.
 */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'

const privileged = process.geteuid?.() === 0 ? false : 'only root can run isolate'
const packageDirectory = fileURLToPath(new URL('../../../../packages/glassbox/', import.meta.url))
const client = join(packageDirectory, 'prebuilds/isolate-linux-x64')
const command = join(packageDirectory, 'bin/glassbox-isolate.js')
const directory = mkdtempSync(join(tmpdir(), 'glassbox-killed-'))
after(() => rmSync(directory, { recursive: true, force: true }))
const config = join(directory, 'config')
writeFileSync(
  config,
  `box_root = ${directory}/boxes\nlock_root = ${directory}/locks\nfirst_uid = 200000\nfirst_gid = 200000\n`,
)
/** In the place of the ordinary command: the server had done nothing. */
const ORDINARY = join(directory, 'ordinary')
writeFileSync(ORDINARY, '#!/bin/sh\nexit 77\n', { mode: 0o755 })
const env = {
  PATH: process.env['PATH'],
  GLASSBOX_ISOLATE_CONFIG: config,
  GLASSBOX_ISOLATE_SOCKET: join(directory, 'server', 'socket'),
}

/** In the command line of every program of these tests. */
const MARK = String(100_000 + process.pid)

async function serve(): Promise<ChildProcess> {
  const child = spawn(process.execPath, [command, '--server=2'], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [text] = await once(child.stdout, 'data')
  assert.match(String(text), /^Listening at /)
  return child
}

const isolate = (...words: readonly string[]) => spawnSync(client, words, { env, encoding: 'utf8' })

/** Programs of a box that are alive. */
function programs(): string[] {
  return readdirSync('/proc').filter(pid => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes(`sleep\0${MARK}`)
    } catch {
      return false
    }
  })
}

async function untilNoPrograms(): Promise<void> {
  for (let round = 0; programs().length > 0; round++) {
    assert.ok(round < 500, `these are left: ${programs().join(' ')}`)
    await new Promise(resolve => setTimeout(resolve, 20))
  }
}

const LOST = 'The server of isolate was lost during the call\n'
const ROUNDS = 10
const CLIENTS = 10
const LATEST_MS = 60

test('a hundred calls lose their server at random moments', { skip: privileged }, async t => {
  let lost = 0
  for (let round = 0; round < ROUNDS; round++) {
    const server = await serve()
    t.after(() => server.kill('SIGKILL'))
    const ended = Array.from({ length: CLIENTS }, async (_, id) => {
      const meta = join(directory, `meta${id}`)
      await new Promise(resolve => setTimeout(resolve, Math.random() * LATEST_MS))
      if (server.killed) return
      const words = [`-b${id}`, '--wait', `-M${meta}`]
      const settings = { env: { ...env, GLASSBOX_ISOLATE_COMMAND: ORDINARY } }
      for (const call of [['--init'], ['--run', '--', '/bin/sleep', MARK]]) {
        const child = spawn(client, [...words, ...call], { ...settings, stdio: ['ignore', 'ignore', 'pipe'] })
        let err = ''
        child.stderr.on('data', text => (err += text))
        const [code] = await once(child, 'close')
        if (code === 0 && call[0] === '--init') continue
        if (code === 77) return
        lost++
        assert.deepEqual([code, err], [2, LOST])
        assert.equal(readFileSync(meta, 'utf8'), `status:XX\nmessage:${LOST}`)
        return
      }
    })
    await new Promise(resolve => setTimeout(resolve, LATEST_MS / 2 + Math.random() * LATEST_MS))
    server.kill('SIGKILL')
    await once(server, 'close')
    await Promise.all(ended)
    await untilNoPrograms()
  }
  assert.ok(lost > 0, 'the control: some calls have lost their server')
})

test('a signal to the client ends its program, and the meta data are complete', {
  skip: privileged,
}, async t => {
  const server = await serve()
  t.after(() => server.kill('SIGKILL'))
  const meta = join(directory, 'meta-of-signal')
  assert.equal(isolate('-b5', '--init').status, 0)
  for (const [signal, number] of [
    ['SIGTERM', 15],
    ['SIGINT', 2],
  ] as const) {
    const child = spawn(client, ['-b5', `-M${meta}`, '--run', '--', '/bin/sleep', MARK], {
      env,
      stdio: 'ignore',
    })
    while (programs().length === 0) await new Promise(resolve => setTimeout(resolve, 5))
    child.kill(signal)
    assert.deepEqual(await once(child, 'close'), [1, null])
    assert.deepEqual(programs(), [])
    const text = readFileSync(meta, 'utf8')
    assert.match(text, new RegExp(`^exitsig:${number}\\nstatus:SG\nmessage:Interrupted\nkilled:1\ntime:.*\n`))
  }
  assert.equal(isolate('-b5', '--cleanup').status, 0)
  server.kill('SIGTERM')
  await once(server, 'close')
})

test('fifty boxes run side by side, and each program is in its own', { skip: privileged }, async t => {
  const server = await serve()
  t.after(() => server.kill('SIGKILL'))
  const ids = Array.from({ length: 50 }, (_, index) => 100 + index)
  const call = async (id: number, ...words: readonly string[]) => {
    const child = spawn(client, [`-b${id}`, ...words], { env, stdio: ['ignore', 'pipe', 'inherit'] })
    let out = ''
    child.stdout.on('data', text => (out += text))
    const [code] = await once(child, 'close')
    assert.equal(code, 0)
    return out
  }
  const each = (...words: readonly string[]) => Promise.all(ids.map(id => call(id, ...words)))
  await each('--init')
  // The FIFO ends for all of them at once.
  const script = 'exec 3< /all/go; echo $1 > own; read nothing <&3; cat own'
  const all = join(directory, 'all')
  mkdirSync(all)
  assert.equal(spawnSync('mkfifo', [join(all, 'go')]).status, 0)
  const go = openSync(join(all, 'go'), 'r+')
  const runs = Promise.all(
    ids.map(id =>
      call(
        id,
        '-s',
        '-p',
        '-EPATH=/bin',
        `-d/all=${all}`,
        '--run',
        '--',
        '/bin/sh',
        '-c',
        script,
        'sh',
        `${id}`,
      ),
    ),
  )
  const wrote = (id: number): boolean => existsSync(join(directory, 'boxes', `${id}`, 'box', 'own'))
  while (!ids.every(wrote)) await new Promise(resolve => setTimeout(resolve, 20))
  closeSync(go)
  assert.deepEqual(
    await runs,
    ids.map(id => `${id}\n`),
  )
  await each('--cleanup')
  server.kill('SIGTERM')
  await once(server, 'close')
})

test('the next server takes the place of a killed one, and its boxes', { skip: privileged }, async () => {
  const first = await serve()
  assert.equal(isolate('-b3', '--init').status, 0)
  first.kill('SIGKILL')
  await once(first, 'close')
  const second = await serve()
  const { status, stderr } = isolate('-b3', '--run', '--', '/bin/true')
  assert.deepEqual([status, stderr.replaceAll(/[\d.]+/g, 'N')], [0, 'OK (N sec real, N sec wall)\n'])
  assert.equal(isolate('-b3', '--cleanup').status, 0)
  second.kill('SIGTERM')
  assert.deepEqual(await once(second, 'close'), [0, null])
})

test('without a server, the client is the command: the same directory, the same box', {
  skip: privileged,
}, () => {
  const made = isolate('-b4', '--init')
  assert.deepEqual([made.status, made.stdout, made.stderr], [0, `${directory}/boxes/4\n`, ''])
  assert.equal(isolate('-b4', '--run', '--', '/bin/false').stderr, 'Exited with error status 1\n')
  assert.equal(isolate('-b4', '--cleanup').status, 0)
  const wrong = isolate('--nonsense')
  assert.deepEqual([wrong.status, wrong.stderr], [2, `${client}: unrecognized option '--nonsense'\n`])
})
