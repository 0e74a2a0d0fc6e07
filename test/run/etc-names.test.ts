/**
 * The option `etc`: more names of /etc, and what is refused by name before anything is started.
 */
import assert from 'node:assert/strict'
import { chmodSync, lstatSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { openBox, run } from '#glassbox/index.js'
import { checkEtc } from '#glassbox/runners/namespace/etc-names.js'
import { boxed } from '../support/command.js'
import { needsRoot } from '../support/hostile.js'
import { temporaryDirectory } from '../support/temporary.js'

const refused = async (etc: unknown, message: RegExp, option = 'etc[0]'): Promise<void> =>
  assert.rejects(async () => run('true', [], { etc: etc as string[] }), {
    code: 'ERR_GLASSBOX_INVALID_OPTION',
    option,
    message,
  })

test('secrets, names that do not exist and paths elsewhere are refused in one sentence', async () => {
  for (const name of [
    'shadow',
    '/etc/shadow',
    'ssh',
    'ssl/private',
    'sudoers.d',
    'x/../shadow',
    'machine-id',
  ])
    await refused([name], /^Cannot show \/etc\/[\w./-]+ in a box: it is secret, or belongs to the host/)
  await refused(['no-such-name'], /: \/etc\/no-such-name does not exist\.$/)
  await refused(['services/x'], /: (\/etc\/services is not a directory|.*does not exist)\.$/)
  for (const value of ['..', '../root', '/root', '', '.', '/etc', 5, 'a\0b'])
    await refused([value], /^Expected etc\[0\] to be the name of a file or directory of \/etc/)
  await refused('services', /^Expected etc to be a list of names of \/etc/, 'etc')
  await assert.rejects(openBox({ etc: ['shadow'] }), { code: 'ERR_GLASSBOX_INVALID_OPTION' })
  const ptrace = run('true', [], { runner: 'ptrace', etc: ['services'] })
  await assert.rejects(async () => ptrace, { option: 'etc', message: /^The ptrace runner has no option etc/ })
})

test('the command names its own option', () => {
  const { code, err, out } = boxed(['--etc', 'shadow'], 'true')
  assert.equal(code, 125)
  assert.equal(out, '')
  assert.match(err, /^glassbox: --etc: Cannot show \/etc\/shadow in a box: it is secret, [^\n]*\n$/)
})

test('a name that no package owns is shown as far as everyone may read it', {
  skip: needsRoot,
}, async context => {
  const name = `glassbox-test-${process.pid}`
  const path = join('/etc', name)
  mkdirSync(path, { mode: 0o755 })
  context.after(() => rmSync(path, { recursive: true }))
  chmodSync(path, 0o755)
  writeFileSync(join(path, 'conf'), 'shown')
  writeFileSync(join(path, 'closed'), 'hidden', { mode: 0o600 })
  const look = `ls /etc/${name}; cat /etc/${name}/conf`
  assert.equal((await run('sh', ['-c', look])).exitCode, 1, 'not by default')
  assert.equal((await run('sh', ['-c', look], { etc: [name] })).stdout, 'conf\nshown')
  writeFileSync(join(path, 'conf'), 'edited')
  const edited = boxed(['--quiet', '--etc', name], 'cat', `/etc/${name}/conf`)
  assert.equal(edited.out, 'edited', 'the next process sees it')
  chmodSync(path, 0o700)
  await refused([name], /: not everyone may read \/etc\/glassbox-test-\d+\.$/)
})

test('a process does not keep a copy for every set of names', async () => {
  await run('true', [], { etc: ['services'] })
  const count = (): number => readdirSync('/proc/self/fd').length
  const names = readdirSync('/etc').filter(name => /^[a-f]/.test(name) && isShowable(`/etc/${name}`))
  const before = count()
  for (const name of names.slice(0, 12)) await run('true', [], { etc: [name] })
  assert.ok(count() <= before + 8, `${before} descriptors have become ${count()}`)
})

function isShowable(path: string): boolean {
  try {
    checkEtc([path])
    return true
  } catch {
    return false
  }
}

test('a bind may add a name to /etc or replace one, and the rest stays', async context => {
  const directory = temporaryDirectory(context)
  chmodSync(directory, 0o755)
  writeFileSync(join(directory, 'a'), 'of the caller')
  const source = join(directory, 'a')
  const kept = readdirSync('/etc/ssl').includes('certs') ? '/etc/ssl/certs' : '/etc/services'
  for (const target of ['/etc/new', '/etc/ssl/new', '/etc/new/below/it', '/var/new', '/etc/services']) {
    const script = `cat ${target}; test -e ${kept} && test -e /etc/ld.so.cache && id -un`
    const { stdout, stderr } = await run('sh', ['-c', script], { binds: [{ source, target }] })
    assert.equal(stdout, 'of the callerbox\n', `${target} ${stderr}`)
  }
  assert.ok(lstatSync(source).isFile())
})
