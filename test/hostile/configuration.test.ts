/**
 * What a program can see of /etc and /var: nothing that not everyone on the host may read, and
 * nothing secret. The list of secrets here is a list of its own, not the product's.
 */
import assert from 'node:assert/strict'
import { lstatSync, readdirSync } from 'node:fs'
import { test } from 'node:test'
import { openBox, run } from '#glassbox/index.js'
import { checkEtc } from '#glassbox/runners/namespace/etc-names.js'
import { guard, root } from '../support/hostile.js'
import { printed } from '../support/command.js'

guard()

const SECRET =
  /^\/etc\/(shadow|gshadow|sudoers|ssh|ssl\/private|pam\.d|security|cron|apt|systemd|default|docker|NetworkManager|fstab|machine-id|sub[ug]id|krb5|environment|profile|gitconfig|npmrc|pip\.conf)|^\/var\/lib\/(dpkg|apt|systemd|docker|postgresql|private)|^\/var\/(log|mail|spool|backups)|\.key$|id_(rsa|ed25519)|htpasswd|\/\.?(netrc|pgpass)/

/** Made by the box itself. */
const OWN = new Set(['/etc/passwd', '/etc/group', '/etc/hosts', '/etc/nsswitch.conf', '/etc/resolv.conf'])

/** Prints everything below /etc and /var with its type; `find` does not follow links. */
const WALK = ['/etc', '/var', '-printf', String.raw`%y %p\n`]

const entries = (text: string): [kind: string, path: string][] =>
  text
    .trim()
    .split('\n')
    .map(line => [line.slice(0, 1), line.slice(2)])

/** Whether everyone may read the file, and enter all directories above it. */
function isForEveryone(path: string): boolean {
  const names = path.split('/').slice(1)
  return names.every((_, index) => {
    const stats = lstatSync(`/${names.slice(0, index + 1).join('/')}`, { throwIfNoEntry: false })
    if (!stats) return false
    return stats.isSymbolicLink() || (stats.mode & (stats.isDirectory() ? 1 : 4)) !== 0
  })
}

function assertHarmless(stdout: string): void {
  const all = entries(stdout)
  assert.ok(all.length > 50, 'the box shows something')
  for (const [kind, path] of all) {
    if (OWN.has(path)) continue
    assert.match(kind, /^[dfl]$/, path)
    assert.doesNotMatch(path, SECRET)
    // /var itself is made for the box.
    if (!['/etc', '/var', '/var/lib', '/var/cache'].includes(path))
      assert.ok(isForEveryone(path), `not everyone may read ${path}`)
  }
}

test('a walk through all that is visible of /etc and /var meets nothing secret', async () => {
  assertHarmless((await run('find', WALK)).stdout)
  assert.throws(() => assertHarmless('f /etc/shadow\n'.repeat(60)), 'the control')
})

test('an ordinary user’s box shows no more', { skip: root ? false : 'root becomes one here' }, () => {
  const { out, err } = printed(
    `import { run } from library
     console.log((await run('find', ${JSON.stringify(WALK)})).stdout)`,
    true,
  )
  assert.equal(err, '')
  assertHarmless(out)
})

test('with --etc names it shows no secret either', async () => {
  const showable = (name: string): boolean => {
    try {
      checkEtc([`/etc/${name}`])
      return true
    } catch {
      return false
    }
  }
  const etc = readdirSync('/etc').filter(showable)
  assert.ok(etc.length > 10)
  assertHarmless((await run('find', WALK, { etc })).stdout)
})

test('no program can change the copy that all boxes share', async () => {
  await using box = await openBox()
  const attempts = [
    'echo x > /etc/new',
    'echo x >> /etc/services',
    'rm -f /etc/services',
    'mv /etc/fonts /etc/other',
    'chmod 777 /etc /etc/services',
    'touch /etc/services',
    'ln /etc/services /tmp/services',
    'ln -s /box/evil /etc/evil',
    'mkdir /var/lib/new',
    'echo x > /etc/passwd',
    'echo x > /.glassbox/passwd',
    'echo x > /etc/ld.so.preload',
    'setfattr -n user.a -v b /etc/services',
  ]
  const before = await box.run('sh', ['-c', 'ls -laR /etc /var /.glassbox | md5sum'])
  for (const attempt of attempts) {
    const { exitCode } = await box.run('sh', ['-c', `${attempt} 2> /dev/null`])
    assert.notEqual(exitCode, 0, attempt)
  }
  const after = await run('sh', ['-c', 'ls -laR /etc /var | md5sum; cat /etc/services | wc -c'])
  assert.equal((await box.run('sh', ['-c', 'ls -laR /etc /var /.glassbox | md5sum'])).stdout, before.stdout)
  assert.match(after.stdout, /^[0-9a-f]{32} /)
  assert.ok(lstatSync('/etc/services').size > 0)
})

test('no link of the copy leads to a file of the host that is not shown', async () => {
  const find = ['/etc', '/var', '-type', 'l', '-printf', String.raw`%p\n`]
  const links = (await run('find', find)).stdout.trim().split('\n')
  assert.ok(links.length > 10)
  // Each is followed in the box: its end is a file there, or there is none.
  const { stdout } = await run('sh', ['-c', 'while read -r path; do readlink -f "$path"; done'], {
    stdin: links.join('\n'),
  })
  for (const end of stdout.trim().split('\n')) {
    assert.doesNotMatch(end, SECRET)
    const isOutside = /^\/(root|home|work|run)\//.test(end)
    if (isOutside) assert.equal((await run('test', ['-e', end])).exitCode, 1, end)
  }
})
