/**
 * The copy of the host's configuration: what goes into it, that it is made once and is never
 * stale, and that neither another user nor another process can give a process a copy of its own
 * making.
 */
import assert from 'node:assert/strict'
import { execFile, spawn, spawnSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { configurationIn } from '#glassbox/rootfs/configuration/kept.js'
import { ownership } from '#glassbox/rootfs/configuration/packages.js'
import { openPlace, places } from '#glassbox/rootfs/configuration/place.js'
import { root } from '../support/hostile.js'
import { temporaryDirectory } from '../support/temporary.js'

const modulePath = fileURLToPath(
  new URL('../../../packages/glassbox/dist/rootfs/configuration/kept.js', import.meta.url),
)

function place(context: TestContext): string {
  // In memory: a copy is more than a thousand files.
  const directory = join(temporaryDirectory(context, '/dev/shm'), 'place')
  mkdirSync(directory, { mode: 0o700 })
  return directory
}

const copiesIn = (directory: string): string[] => readdirSync(directory).filter(name => name.includes('.'))

/** A module that uses a place, and then what `rest` says. */
const using = (directory: string, rest: string): readonly string[] => [
  '--input-type=module',
  '-e',
  `import { configurationIn } from ${JSON.stringify(modulePath)}
   import * as fs from 'node:fs'
   const place = ${JSON.stringify(directory)}
   ${rest}`,
]

test('a copy is made once, and used again', context => {
  const directory = place(context)
  const first = configurationIn(directory, [])
  assert.equal(configurationIn(directory, []).path, first.path)
  assert.equal(copiesIn(directory).length, 1)
  assert.ok(existsSync(`${first.path}/etc/ld.so.cache`))
  assert.ok(!existsSync(`${first.path}/etc/shadow`))
  assert.deepEqual(readFileSync(`${first.path}/etc/passwd`, 'utf8'), '', 'each box has its own')
  const other = configurationIn(directory, ['/etc/passwd-of-nobody'])
  assert.notEqual(other.path, first.path, 'other names, another copy')
  assert.equal(configurationIn(directory, []).path, first.path)
})

test('processes that begin at once all get a whole copy, and one of them is kept', async context => {
  const directory = place(context)
  const report =
    "const { path } = configurationIn(place, []); console.log(fs.statSync(path + '/etc/ld.so.cache').size)"
  const runs = Array.from({ length: 3 }, () =>
    promisify(execFile)(process.execPath, using(directory, report)).then(({ stdout }) => Number(stdout)),
  )
  for (const size of await Promise.all(runs)) assert.ok(size > 0)
  // The next one that is made removes what nobody uses any more.
  unlinkSync(join(directory, 'etc'))
  const { path } = configurationIn(directory, [])
  assert.deepEqual(
    copiesIn(directory).map(name => join(directory, name, 'tree')),
    [path],
  )
})

test('a copy is not removed while a process uses it, and is when that has ended', async context => {
  const directory = place(context)
  const hold = 'console.log(configurationIn(place, []).path); setInterval(() => {}, 1e6)'
  const holder = spawn(process.execPath, using(directory, hold), { stdio: ['ignore', 'pipe', 'inherit'] })
  const held = await new Promise<string>(resolve =>
    holder.stdout.once('data', data => resolve(String(data).trim())),
  )
  const renew = (): string => {
    unlinkSync(join(directory, 'etc'))
    return execFileText(using(directory, 'console.log(configurationIn(place, []).path)'))
  }
  assert.notEqual(renew(), held)
  assert.ok(existsSync(`${held}/etc/ld.so.cache`), 'it is used')
  const ended = new Promise(resolve => holder.once('exit', resolve))
  holder.kill('SIGKILL')
  await ended
  renew()
  assert.ok(!existsSync(held), 'its process was killed, and the next one has removed it')
})

const execFileText = (words: readonly string[]): string =>
  spawnSync(process.execPath, words, { encoding: 'utf8' }).stdout.trim()

test('what is damaged, or no copy at all, is replaced', context => {
  const directory = place(context)
  const whole = configurationIn(directory, []).path
  const damage: Readonly<Record<string, () => void>> = {
    'a manifest that is not JSON': () =>
      writeFileSync(join(directory, readlinkSync(join(directory, 'etc')), 'manifest.json'), '{'),
    'a link to nowhere': () => relink('etc.AAAAAA'),
    'a link out of the place': () => relink('../evil'),
  }
  const relink = (target: string): void => {
    unlinkSync(join(directory, 'etc'))
    symlinkSync(target, join(directory, 'etc'))
  }
  mkdirSync(join(directory, '../evil/tree/etc'), { recursive: true })
  for (const [name, damaging] of Object.entries(damage)) {
    damaging()
    const { path } = configurationIn(directory, [])
    assert.notEqual(path, whole, name)
    assert.ok(path.startsWith(`${directory}/etc.`), name)
    assert.ok(existsSync(`${path}/etc/ld.so.cache`), name)
  }
})

test('a directory that others could have filled is no place', context => {
  const base = temporaryDirectory(context)
  const refused = (name: string, why: RegExp): void => {
    const opened = openPlace(join(base, name))
    assert.match('why' in opened ? opened.why : 'used', why, name)
  }
  mkdirSync(join(base, 'real'), { mode: 0o700 })
  symlinkSync('real', join(base, 'link'))
  refused('link', /not a directory/)
  writeFileSync(join(base, 'file'), '')
  refused('file', /not a directory/)
  for (const mode of [0o755, 0o770, 0o1777, 0o701]) {
    const name = `mode-${mode.toString(8)}`
    mkdirSync(join(base, name))
    chmodSync(join(base, name), mode)
    refused(name, /other users may look into it/)
  }
  if (root) {
    mkdirSync(join(base, 'theirs'), { mode: 0o700 })
    chownSync(join(base, 'theirs'), 65_534, 65_534)
    refused('theirs', /another user/)
  }
  const made = openPlace(join(base, 'new/place'))
  assert.deepEqual(made, { path: join(base, 'new/place') }, 'the control: one that is made here')
})

test('memory comes first, then the user’s own cache, and no relative directory', () => {
  const env = { XDG_RUNTIME_DIR: '/dev/shm/run', XDG_CACHE_HOME: '/home/u/cache', HOME: '/home/u' }
  assert.deepEqual([...places(1000, env)].slice(0, 2), ['/dev/shm/glassbox.1000', '/home/u/cache/glassbox'])
  assert.equal([...places(1000, { XDG_RUNTIME_DIR: '/dev/shm' })][0], '/dev/shm/glassbox')
  assert.equal([...places(1000, { HOME: '/home/u' })][1], '/home/u/.cache/glassbox')
  const relative = [...places(1000, { XDG_RUNTIME_DIR: 'run', XDG_CACHE_HOME: 'cache', HOME: '/home/u' })]
  assert.deepEqual(relative.slice(0, 2), ['/dev/shm/glassbox.1000', '/var/tmp/glassbox.1000'])
  assert.ok(
    ![...places(0, env)].some(path => path.startsWith('/dev/shm/run')),
    'root keeps nothing of a user',
  )
})

/** Everything is done in a mount namespace with an /etc of its own. */
const CHANGES = `
  const look = () => configurationIn(place, []).path
  const has = (path, name) => { try { return fs.readFileSync(path + name, 'utf8') } catch { return undefined } }
  const outcomes = {}
  // Whoever may write to a directory of a program could do this.
  fs.writeFileSync('/etc/fonts/readable', 'a')
  fs.writeFileSync('/etc/fonts/group', 'secret', { mode: 0o640 })
  fs.writeFileSync('/etc/fonts/key', '-----BEGIN RSA PRIVATE KEY-----\\nsecret')
  fs.writeFileSync('/etc/fonts/password.txt', 'secret')
  fs.writeFileSync('/etc/unknown', 'secret')
  fs.writeFileSync('/etc/fonts/set-id', '#!/bin/sh')
  fs.chmodSync('/etc/fonts/set-id', 0o6755)
  fs.symlinkSync('/etc/shadow', '/etc/fonts/link')
  fs.symlinkSync('/root', '/etc/fonts/directory')
  fs.mkdirSync('/etc/fonts/closed', { mode: 0o700 })
  fs.writeFileSync('/etc/fonts/closed/file', 'secret')
  const first = look()
  outcomes.names = fs.readdirSync(first + '/etc/fonts').filter(name => !name.startsWith('conf') && !name.startsWith('fonts'))
  outcomes.link = fs.readlinkSync(first + '/etc/fonts/link')
  outcomes.mode = (fs.lstatSync(first + '/etc/fonts/set-id').mode & 0o7777).toString(8)
  outcomes.unknown = fs.existsSync(first + '/etc/unknown')
  outcomes.again = look() === first
  fs.writeFileSync('/etc/fonts/readable', 'b') // in place: no directory changes
  outcomes.edited = has(look(), '/etc/fonts/readable')
  fs.chmodSync('/etc/fonts/readable', 0o600)
  outcomes.closed = has(look(), '/etc/fonts/readable') ?? 'hidden'
  fs.writeFileSync('/etc/fonts/new', 'new')
  outcomes.added = has(look(), '/etc/fonts/new')
  fs.unlinkSync('/etc/fonts/new')
  outcomes.removed = has(look(), '/etc/fonts/new') ?? 'removed'
  console.log(JSON.stringify(outcomes))`

const ISOLATED =
  'mount -t tmpfs -o mode=755 none /mnt && cp -a /etc/. /mnt/ 2>/dev/null; mkdir -p /mnt/fonts && mount --bind /mnt /etc && exec "$@"'

test('only what everyone may read goes into a copy, and a change on the host is seen', context => {
  const directory = place(context)
  const words = [...(root ? [] : ['-r']), '-m', '--propagation', 'private', 'sh', '-c', ISOLATED, 'sh']
  const node = [process.execPath, ...using(directory, CHANGES)]
  const { status, stdout, stderr } = spawnSync('unshare', [...words, ...node], { encoding: 'utf8' })
  if (status !== 0 && !root) return context.skip(`needs user namespaces: ${stderr}`)
  assert.equal(status, 0, stderr)
  const outcomes = JSON.parse(stdout) as Record<string, unknown>
  const { names, ...rest } = outcomes
  assert.deepEqual(names, ['directory', 'link', 'readable', 'set-id'])
  assert.deepEqual(rest, {
    link: '/etc/shadow', // it leads nowhere in a box
    mode: '755',
    unknown: false,
    again: true,
    edited: 'b',
    closed: 'hidden',
    added: 'new',
    removed: 'removed',
  })
})

test('a service’s package shows nothing, one that two packages own is shown', context => {
  const lists = temporaryDirectory(context)
  const write = (name: string, paths: readonly string[]): void =>
    writeFileSync(join(lists, `${name}.list`), `/.\n${paths.join('\n')}\n`)
  write('tool', ['/etc', '/etc/tool', '/etc/tool/conf', '/etc/both', '/etc/both/tool', '/usr/bin/tool'])
  const unit = '/lib/systemd/system/server.service'
  write('server', ['/etc', '/etc/server', '/etc/server/conf', '/etc/both', '/etc/both/server', unit])
  const { shows } = ownership({ lists, usr: '/nonexistent' })
  const answers = ['tool', 'tool/conf', 'both', 'both/tool', 'server', 'both/server', 'tool/made-later'].map(
    name => shows(`/etc/${name}`),
  )
  assert.deepEqual(answers, [true, true, true, true, false, false, undefined])
})

test('without dpkg the links below /usr say what is shown, besides common names', context => {
  const directory = temporaryDirectory(context)
  mkdirSync(join(directory, 'usr/lib/thing'), { recursive: true })
  symlinkSync('/etc/thing/settings', join(directory, 'usr/lib/thing/settings'))
  symlinkSync('/var/lib/thing/data/x', join(directory, 'usr/lib/thing/data'))
  const { shows } = ownership({ lists: join(directory, 'none'), usr: join(directory, 'usr') })
  for (const path of ['/etc/thing', '/var/lib/thing', '/etc/ssl', '/etc/services', '/etc/ld.so.cache'])
    assert.equal(shows(path), true, path)
  for (const path of ['/etc/other', '/etc/init.d']) assert.equal(shows(path), undefined, path)
})
