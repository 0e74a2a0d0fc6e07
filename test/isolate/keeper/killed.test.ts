/**
 * Keepers and proxies that are killed at any moment, signals to the command, and many boxes at a
 * time. GLASSBOX_KILLS is the number of kills of each kind, which is small by default.
 */
import assert from 'node:assert/strict'
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { setTimeout as sleep } from 'node:timers/promises'
import { IsolateHost } from '../../support/isolate.js'
import { privileged } from '../../support/privilege.js'

const bin = fileURLToPath(new URL('../../../../packages/glassbox/bin/glassbox-isolate.js', import.meta.url))
const host = new IsolateHost()
const options = { skip: privileged }
const kills = Number(process.env['GLASSBOX_KILLS'] ?? 4)
const LONG = ['/bin/sh', '-c', '/bin/sleep 1000 & /bin/sleep 1000']
const metaFile = join(host.directory, 'meta')

interface Command {
  readonly child: ChildProcess
  readonly ended: Promise<{ code: number | null; signal: string | null; out: string; err: string }>
}

function start(words: readonly string[], extra: readonly 'pipe'[] = []): Command {
  const env = { ...process.env, GLASSBOX_ISOLATE_CONFIG: host.config }
  const child = spawn(process.execPath, [bin, ...words], { env, stdio: ['ignore', 'pipe', 'pipe', ...extra] })
  const texts = { out: '', err: '' }
  child.stdout?.on('data', chunk => (texts.out += String(chunk)))
  child.stderr?.on('data', chunk => (texts.err += String(chunk)))
  const ended = once(child, 'close').then(([code, signal]) => ({ code, signal, ...texts }))
  return { child, ended }
}

const runWords = (id: number, words: readonly string[] = []): string[] => [
  ...[`-b${id}`, '-p', `--meta=${metaFile}`, ...words, '--run', '--', ...LONG],
]

function ofUser(uid: number): string[] {
  return readdirSync('/proc').filter(name => {
    try {
      return /^\d+$/.test(name) && statSync(`/proc/${name}`).uid === uid
    } catch {
      return false
    }
  })
}

/** A limit for a host that is busy, not for what it takes. */
async function eventually(what: string, isSo: () => boolean): Promise<void> {
  for (let tries = 0; tries < 2000 && !isSo(); tries++) await sleep(5)
  assert.ok(isSo(), what)
}

const childrenOf = (pid: number): number[] => {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number)
  } catch {
    return []
  }
}

const random = (most: number): number => Math.floor(Math.random() * most)

test('a keeper that is killed leaves no process, and a box that can be used', options, async () => {
  const box = await host.box()
  const uid = host.userOf(box.id)
  for (let kill = 0; kill < kills; kill++) {
    const { child, ended } = start(runWords(box.id))
    if (kill % 2 === 0) await eventually('the program runs', () => ofUser(uid).length === 3)
    else await sleep(random(150))
    child.kill('SIGKILL')
    assert.equal((await ended).signal, 'SIGKILL')
    const next = await box.sh('ls -A', ['--wait'])
    assert.equal(next.code, 0, next.err)
    assert.deepEqual(ofUser(uid), [], 'the box was free only when its processes were dead')
  }
  assert.equal((await box.cleanup()).code, 0)
})

test('a proxy that is killed is a fault of the run, and nothing is left', options, async () => {
  const box = await host.box()
  const uid = host.userOf(box.id)
  for (let kill = 0; kill < kills; kill++) {
    const { child, ended } = start(runWords(box.id))
    const keeper = child.pid ?? 0
    if (kill % 2 === 0) await eventually('the program runs', () => ofUser(uid).length === 3)
    else await eventually('there is a proxy', () => childrenOf(keeper).length > 0)
    const [proxy = 0] = childrenOf(keeper)
    process.kill(proxy, 'SIGKILL')
    const { code, err } = await ended
    assert.equal(code, 2, err)
    assert.match(readFileSync(metaFile, 'utf8'), /^status:XX\nmessage:.+\n/m)
    assert.deepEqual(ofUser(uid), [])
    assert.equal(statSync(box.path()).uid, 0, 'the caller has the box back')
  }
  assert.equal((await box.sh('exit 0')).code, 0)
  assert.equal((await box.cleanup()).code, 0)
})

test('a proxy that is stopped does not keep a run from being interrupted', options, async () => {
  const box = await host.box()
  const { child, ended } = start(runWords(box.id))
  await eventually('the program runs', () => ofUser(host.userOf(box.id)).length === 3)
  const [proxy = 0] = childrenOf(child.pid ?? 0)
  process.kill(proxy, 'SIGSTOP')
  child.kill('SIGTERM')
  const { code, err } = await ended
  assert.deepEqual([code, err], [1, 'Interrupted\n'])
  assert.deepEqual(ofUser(host.userOf(box.id)), [])
  await box.cleanup()
})

test('with --cg, a killed keeper leaves a group that the next call uses', options, async t => {
  const id = host.newBox()
  const made = await host.call([`-b${id}`, '--cg', '--init'])
  if (made.code !== 0) return t.skip(made.err)
  const { child, ended } = start(['--cg', ...runWords(id)])
  await eventually('the program runs', () => ofUser(host.userOf(id)).length === 3)
  child.kill('SIGKILL')
  await ended
  const next = await host.call([`-b${id}`, '--cg', '--wait', '--run', '--', '/bin/true'])
  assert.equal(next.code, 0, next.err)
  assert.equal((await host.call([`-b${id}`, '--cg', '--cleanup'])).code, 0)
  assert.deepEqual(host.groupsOf(id), [])
})

test('the command: TERM interrupts, SEGV is a fault, USR1, USR2 and PIPE are ignored', options, async () => {
  const box = await host.box()
  const uid = host.userOf(box.id)
  const signaled = async (...signals: NodeJS.Signals[]) => {
    const { child, ended } = start(runWords(box.id))
    await eventually('the program runs', () => ofUser(uid).length === 3)
    for (const signal of signals) child.kill(signal)
    const { code, err } = await ended
    return { code, err, meta: readFileSync(metaFile, 'utf8').split('\n').slice(0, 3) }
  }
  const term = await signaled('SIGUSR1', 'SIGUSR2', 'SIGPIPE', 'SIGTERM')
  assert.deepEqual(term, {
    ...{ code: 1, err: 'Interrupted\n' },
    meta: ['exitsig:15', 'status:SG', 'message:Interrupted'],
  })
  const fault = 'Sandbox keeper received fatal signal 11'
  const segv = await signaled('SIGSEGV')
  assert.deepEqual(segv, { code: 2, err: `${fault}\n`, meta: ['status:XX', `message:${fault}`, 'killed:1'] })
  await box.cleanup()
})

test(
  '--inherit-fds hands over the descriptors of the caller; otherwise they are closed',
  options,
  async () => {
    const box = await host.box()
    const words = (more: string[]) => [
      `-b${box.id}`,
      '-s',
      ...more,
      '--run',
      '--',
      '/bin/sh',
      '-c',
      'echo handed >&3',
    ]
    for (const [more, text] of [
      [['--inherit-fds'], 'handed\n'],
      [[], ''],
    ] as const) {
      const { child, ended } = start(words([...more]), ['pipe'])
      let got = ''
      child.stdio[3]?.on('data', chunk => (got += String(chunk)))
      const { code } = await ended
      assert.equal(got, text)
      assert.equal(code, text === '' ? 1 : 0)
    }
    await box.cleanup()
  },
)

test('--open-files=0 leaves the limit of the caller, which Node raises for itself', options, async () => {
  const box = await host.box()
  const call = `${process.execPath} ${bin} -b${box.id} -s -n0 --run -- /bin/sh -c 'ulimit -Sn'`
  const env = { ...process.env, GLASSBOX_ISOLATE_CONFIG: host.config }
  const out = execFileSync('/bin/sh', ['-c', `ulimit -Sn 321; ${call}; exit $?`], { env, encoding: 'utf8' })
  assert.equal(out, '321\n')
  await box.cleanup()
})

test('--tty-hack: the program has the terminal, and the keeper takes it back', options, async () => {
  const box = await host.box()
  const inside = "cut -d ' ' -f 5,8 /proc/self/stat"
  const call = `${process.execPath} ${bin} -b${box.id} -p -E PATH=/bin --tty-hack --run -- /bin/sh -c "${inside}"`
  const env = { ...process.env, GLASSBOX_ISOLATE_CONFIG: host.config, SHELL: '/bin/sh' }
  const child = spawn('script', ['-qec', `${call}; ${inside}`, '/dev/null'], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let out = ''
  child.stdout.on('data', chunk => (out += String(chunk)))
  await once(child, 'close')
  const [program = '', , after = ''] = out.split('\r\n')
  assert.equal(program, '2 2', out)
  const [group, foreground] = after.split(' ')
  assert.equal(group, foreground, out)
  await box.cleanup()
})

test('fifty boxes at a time do not disturb each other', options, async () => {
  const boxes = await Promise.all(Array.from({ length: 50 }, () => host.box()))
  const ended = await Promise.all(
    boxes.map((box, index) => {
      const script = `echo ${index} > file; [ $(id -u) = ${host.userOf(box.id)} ] && cat file; exit ${index}`
      return host.call([`-b${box.id}`, '-p', '-E', 'PATH=/bin', '--run', '--', '/bin/sh', '-c', script])
    }),
  )
  for (const [index, { out, err }] of ended.entries()) {
    assert.equal(out, `${index}\n`)
    assert.match(err, index === 0 ? /^OK / : new RegExp(`^Exited with error status ${index}\n$`))
  }
  for (const box of boxes) assert.equal((await box.cleanup()).code, 0)
  assert.deepEqual(
    boxes.filter(box => existsSync(box.path())),
    [],
  )
})
