/** Directory rules: what a box shows, with which flags, and what it does not show. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { IsolateHost } from '../../support/isolate.js'
import { privileged } from '../../support/privilege.js'

const host = new IsolateHost()
const options = { skip: privileged }

const shown = join(host.directory, 'shown')
mkdirSync(join(shown, 'below'), { recursive: true })
writeFileSync(join(shown, 'file'), 'text\n')
execFileSync('chmod', ['-R', '777', shown])

/** The options of each mount of the box, by its place in it: those of the mount alone. */
function mountsOf(mountinfo: string): Map<string, string[]> {
  const lines = mountinfo.trim().split('\n')
  return new Map(
    lines.map(line => {
      const [, , , , place = '', flags = ''] = line.split(' ')
      return [place, flags.split(',').filter(flag => flag !== 'relatime')]
    }),
  )
}

test('the default rules, with their flags', options, async () => {
  const box = await host.box()
  const { out } = await box.sh('cat /proc/self/mountinfo; ls -A / >&2; exit 0')
  const mounts = mountsOf(out)
  const closed = ['ro', 'nosuid', 'nodev']
  const open = ['rw', 'nosuid', 'nodev']
  const expected: [string, string[]][] = [
    ['/', closed],
    ['/box', open],
    ['/bin', closed],
    ['/dev', ['ro', 'nosuid']],
    ['/dev/shm', open],
    ['/lib', closed],
    ...(existsSync('/lib64') ? ([['/lib64', closed]] satisfies [string, string[]][]) : []),
    ['/proc', closed],
    ['/tmp', open],
    ['/usr', closed],
  ]
  assert.deepEqual(
    [...mounts].filter(([place]) => expected.some(([name]) => name === place)),
    expected,
  )
  assert.match(out, / \/proc .* proc proc \S*hidepid=(?:2|invisible)/)
  await box.cleanup()
})

test('a box has no /etc, and no file system of the host outside the rules', options, async () => {
  const box = await host.box()
  const { out } = await box.sh('echo /*; ls -A /root /home /etc 2>/dev/null; ls -A /dev/shm /tmp /box')
  assert.equal(out, '/bin /box /dev /lib /lib64 /proc /tmp /usr\n/box:\n\n/dev/shm:\n\n/tmp:\n')
  await box.cleanup()
})

test('rules replace, add, remove and restrict', options, async t => {
  const box = await host.box()
  const rows: [name: string, rules: string[], script: string, out: string][] = [
    [
      'a bind is read-only',
      [`/in=${shown}`],
      'cat /in/file; touch /in/x 2>/dev/null || echo closed',
      'text\nclosed\n',
    ],
    ['rw', [`/in=${shown}:rw`], 'touch /in/x && rm /in/x && echo open', 'open\n'],
    [
      'noexec',
      [`/in=${shown}:rw:noexec`],
      'cp /bin/true /in/t; /in/t 2>/dev/null || echo no; rm /in/t',
      'no\n',
    ],
    ['removed', ['tmp='], '[ -e /tmp ] || echo gone', 'gone\n'],
    ['maybe, missing', ['/in=/nowhere:maybe'], '[ -e /in ] || echo skipped', 'skipped\n'],
    ['maybe, a file', [`/in=${shown}/file:maybe`], '[ -e /in ] || echo skipped', 'skipped\n'],
    ['maybe, there', [`/in=${shown}:maybe`], 'cat /in/file', 'text\n'],
    ['tmp', ['/cache:tmp'], 'touch /cache/x && echo open', 'open\n'],
    ['fs', ['/mem=tmpfs:fs:rw'], 'touch /mem/x && stat -f -c %T /mem', 'tmpfs\n'],
    ['nested in order', [`/in=${shown}`, `/in/below=${shown}`], 'cat /in/below/file', 'text\n'],
    ['the later hides the earlier', [`/in/below=${shown}`, `/in=${shown}`], 'ls /in/below', ''],
    ['trailing slashes', ['/usr/bin/', '/usr/local/'], 'ls -d /usr/bin /usr/local', '/usr/bin\n/usr/local\n'],
    ['below the box on the host', ['/in=./box'], '[ -d /in ] && echo there', 'there\n'],
    ['the default /dev/shm replaced in place', ['/dev/shm:tmp'], 'touch /dev/shm/x && echo open', 'open\n'],
    ['norec', ['/in=/dev:norec'], '[ -e /in/shm/x ] || echo bare', 'bare\n'],
  ]
  for (const [name, rules, script, out] of rows)
    await t.test(name, async () => {
      const ended = await box.sh(
        script,
        rules.map(rule => `--dir=${rule}`),
      )
      assert.equal(ended.out, out, ended.err)
    })
  await box.cleanup()
})

test('a tmp directory lasts from run to run, and ends with the box', options, async () => {
  const box = await host.box()
  await box.sh('echo 1 > /tmp/kept; echo 2 > /dev/shm/kept', ['--dir=/dev/shm:tmp'])
  assert.deepEqual(readdirSync(host.boxPath(box.id, 'tmp')).toSorted(), [':dev:shm', 'tmp'])
  assert.equal((await box.sh('cat /tmp/kept /dev/shm/kept', ['--dir=/dev/shm:tmp'])).out, '1\n2\n')
  await box.cleanup()
})

test('rules that cannot be mounted are faults that name them', options, async t => {
  const box = await host.box()
  const rows: [rules: string[], message: string][] = [
    [['--dir=/in=/nowhere'], 'Cannot mount /nowhere on in: No such file or directory'],
    [[`--dir=/in=${shown}/file`], `Cannot mount ${shown}/file on in: Not a directory`],
    [
      [`--dir=/in=${shown}`, `--dir=/in/none=${shown}`],
      `Cannot mount ${shown} on in/none: No such file or directory`,
    ],
    [['--no-default-dirs'], 'Cannot change current directory: No such file or directory'],
  ]
  for (const [rules, message] of rows)
    await t.test(message, async () => {
      const { code, err } = await box.run(rules, ['/bin/true'])
      assert.deepEqual([code, err], [2, `${message}\n`])
    })
  assert.deepEqual(readdirSync(shown).toSorted(), ['below', 'file'], 'nothing was made on the host')
  await box.cleanup()
})

test('--no-default-dirs with rules of one’s own runs a program', options, async () => {
  const box = await host.box()
  const own = [
    '--no-default-dirs',
    '--dir=box=./box:rw',
    '--dir=bin',
    '--dir=lib',
    '--dir=lib64:maybe',
    '--dir=usr',
  ]
  const ended = await box.run([...own, '--processes'], ['/bin/sh', '-c', 'echo /*'])
  assert.equal(ended.out, '/bin /box /lib /lib64 /usr\n')
  const limited = await box.sh('while :; do :; done', [...own, '--time=0.1'])
  assert.deepEqual(limited.verdict.slice(0, 1), ['status:TO'], 'CPU time is seen without /proc')
  await box.cleanup()
})

test('a caller cannot bind what he cannot reach, and learns nothing by maybe', options, async () => {
  const secret = join(host.directory, 'secret')
  mkdirSync(join(secret, 'inner'), { recursive: true, mode: 0o700 })
  const alice = { ids: { uid: 4001, gid: 4002 } }
  execFileSync('chmod', ['755', host.directory])
  const id = host.newBox()
  await host.call([`-b${id}`, '--init'], alice)
  const run = (rule: string, caller = alice) =>
    host.call([`-b${id}`, `--dir=/in=${rule}`, '--run', '--', '/bin/ls', '-d', '/in'], caller)
  const refused = await run(`${secret}/inner`)
  assert.equal(refused.err, `Cannot mount ${secret}/inner on in: Permission denied\n`)
  const there = await run(`${secret}/inner:maybe`)
  const missing = await run(`${secret}/missing:maybe`)
  assert.deepEqual([there.code, there.out], [missing.code, missing.out])
  assert.equal((await run(shown)).code, 0)
  // As root the same is possible.
  assert.equal((await run(`${secret}/inner`, { ids: { uid: 0, gid: 0 } })).code, 0)
  await host.call([`-b${id}`, '--cleanup'])
})

test('a link that a program left in a writable directory leads nowhere on the host', options, async () => {
  const box = await host.box()
  const victim = join(host.directory, 'victim')
  mkdirSync(victim)
  await box.sh(`ln -s ${victim} trap`, ['--special-files'])
  // The target is resolved in the box, where the path of the link leads to nothing.
  const ended = await box.sh('exit 0', ['--special-files', `--dir=/box/trap=${shown}`])
  assert.equal(ended.code, 2)
  assert.match(ended.err, /^Cannot mount .* on box\/trap: No such file or directory\n$/)
  assert.deepEqual(readdirSync(victim), [])
  await box.cleanup()
})
