/**
 * No program can leave a file on the host that gives another identity to the user that executes
 * it, or a device: by no call, in no mode, under no policy. The control is the same guest in the
 * same directory without a box, where each way works.
 */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { chmodSync, chownSync, lstatSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { constants } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { allSyscalls } from '#glassbox/linux/syscalls.js'
import { ORDINARY, printed } from '../support/command.js'
import { guard, needsRoot, root } from '../support/hostile.js'
import { noGate32, program } from '../support/programs.js'
import { temporaryDirectory } from '../support/temporary.js'

guard()
const guest = program('setid')
const { EPERM, ENOSYS, EINVAL } = constants.errno

/** What the guard answers, by the ways of the guest that the kernel has natively for everybody. */
const WAYS: Readonly<Record<string, number>> = {
  ...{ chmod: EPERM, 'setuid-bit': EPERM, 'setgid-bit': EPERM, 'high-half': EPERM, 'high-bits': EPERM },
  ...{ fchmod: EPERM, fchmodat: EPERM, fchmodat2: EPERM, 'fchmodat2-fd': EPERM, creat: EPERM, open: EPERM },
  ...{ openat: EPERM, mknod: EPERM, 'untyped-mknod': EPERM, mknodat: EPERM, tmpfile: EPERM },
  ...{ 'old-tmpfile': EPERM, 'tmpfile-chmod': EPERM, rename: EPERM, openat2: ENOSYS, ring: ENOSYS },
  ...{ whiteout: EPERM, 'moved-whiteout': EINVAL, 'own-capability': EPERM, overlay: EPERM },
}
/** Natively for root only. */
const PRIVILEGED: Readonly<Record<string, number>> = {
  ...{ capability: EPERM, 'character-device': EPERM, 'block-device': EPERM },
}
const GATE = ['i386-chmod', 'i386-open', 'i386-creat', 'i386-mknod']

const LIST_CAPABLE = `import os, sys
for name in os.listdir(sys.argv[1]):
    if 'security.capability' in os.listxattr(os.path.join(sys.argv[1], name), follow_symlinks=False):
        print(name)`

/** The files of a directory that give a capability. One process looks at all of them. */
const capable = (directory: string): readonly string[] =>
  execFileSync('python3', ['-c', LIST_CAPABLE, directory], { encoding: 'utf8' }).split('\n').filter(Boolean)

/** What a host file means to a user that finds it, apart from capabilities. */
function danger(path: string): string | undefined {
  const stats = lstatSync(path)
  if (stats.isCharacterDevice() || stats.isBlockDevice()) return 'a device'
  return (stats.mode & 0o6000) === 0 ? undefined : 'set-ID'
}

const dangers = (directory: string): Record<string, string> => ({
  ...Object.fromEntries(capable(directory).map(name => [name, 'capable'])),
  ...Object.fromEntries(
    readdirSync(directory).flatMap(name => {
      const found = danger(join(directory, name))
      return found === undefined ? [] : [[name, found] as const]
    }),
  ),
})

const answers = (text: string): Record<string, number> =>
  Object.fromEntries(
    text
      .trim()
      .split('\n')
      .map(line => [line.split(' ')[0] ?? '', Number(line.split(' ')[1])]),
  )

/** A directory that the user may write whose programs are to be tried. */
function shared(context: TestContext, ordinary: boolean): string {
  const top = temporaryDirectory(context)
  chmodSync(top, 0o755)
  const directory = join(top, 'shared')
  mkdirSync(directory)
  chmodSync(directory, 0o777)
  if (ordinary && root) chownSync(directory, 65534, 65534)
  return directory
}

const USERS = [
  { who: 'root', ordinary: false, skip: needsRoot },
  { who: 'an ordinary user', ordinary: true, skip: false },
] as const

const everyCall = allSyscalls().map(({ name }) => name)
/**
 * Options, as text of a module: policies of the caller's own, and the late filter of another
 * working directory or a trace.
 */
const SURROUNDINGS: readonly (readonly [name: string, options: string])[] = [
  ['the default policy', '{}'],
  ['no policy', '{ policy: null }'],
  ['a policy that allows everything', "{ policy: { rules: [], otherwise: { kind: 'allow' } } }"],
  [
    'a policy that allows every call by its name',
    `{ policy: { rules: [{ syscalls: ${JSON.stringify(everyCall)}, action: { kind: 'allow' } }], otherwise: { kind: 'kill' } } }`,
  ],
  ['another working directory', "{ cwd: '/shared', policy: null }"],
  ['a trace', "{ trace: { events: ['exit'], reader: async () => {} } }"],
]

/** Runs the guest in a box in which the directory is bound writable. */
function boxed(
  directory: string,
  ordinary: boolean,
  options: string,
  ways: readonly string[],
): { status: string; stdout: string } {
  const { out, err } = printed(
    `import { run } from library
    const binds = [
      { source: ${JSON.stringify(directory)}, target: '/shared', writable: true },
      { source: ${JSON.stringify(guest)}, target: '/guest' },
    ]
    const options = { ...${options}, binds }
    const { status, stdout } = await run('/guest', ['/shared', ...${JSON.stringify(ways)}], options)
    console.log(JSON.stringify({ status, stdout }))`,
    ordinary,
  )
  assert.equal(err, '')
  return JSON.parse(out) as { status: string; stdout: string }
}

for (const { who, ordinary, skip } of USERS) {
  const expected = { ...WAYS, ...PRIVILEGED }
  const working = Object.keys(ordinary ? WAYS : expected)

  test(`without a box ${who} makes set-ID files and devices, each way [F0, control]`, { skip }, context => {
    const directory = shared(context, ordinary)
    const words = [...(ordinary && root ? ORDINARY : []), guest, directory, ...working]
    const [file = '', ...args] = words
    const native = answers(execFileSync(file, args, { encoding: 'utf8' }))
    const found = dangers(directory)
    for (const way of working) {
      // A kernel may be older than a call, or have io_uring switched off for all but root.
      if ([ENOSYS, EPERM].includes(native[way] ?? 0)) context.diagnostic(`this host has no ${way}`)
      else assert.ok(found[way] !== undefined, way)
    }
    assert.ok(Object.keys(found).length > 15)
  })

  for (const [name, options] of SURROUNDINGS) {
    test(`under ${name} a program of ${who} leaves no set-ID file and no device on the host [F0]`, {
      skip,
    }, context => {
      const directory = shared(context, ordinary)
      const { status, stdout } = boxed(directory, ordinary, options, Object.keys(expected))
      assert.deepEqual([status, answers(stdout)], ['exited', expected])
      assert.deepEqual(dangers(directory), {})
    })
  }

  test(`by the gate of i386 neither, for ${who} [F0, SC-02]`, { skip: skip || noGate32 }, context => {
    const directory = shared(context, ordinary)
    execFileSync(guest, [directory, ...GATE])
    assert.equal(Object.keys(dangers(directory)).length, GATE.length, 'natively it does')
    const unfiltered = shared(context, ordinary)
    const { stdout } = boxed(unfiltered, ordinary, '{ policy: null }', GATE)
    assert.deepEqual(dangers(unfiltered), {})
    const alone = shared(context, ordinary)
    assert.deepEqual(answers(stdout), Object.fromEntries(GATE.map(way => [way, EPERM])))
    const allowing = SURROUNDINGS[2]?.[1] ?? ''
    for (const way of GATE)
      assert.equal(boxed(alone, ordinary, allowing, [way]).status, 'syscall-denied', way)
    assert.deepEqual(dangers(alone), {})
  })

  test(`tar, git, venv, cp and install work in a writable directory, for ${who} [F0]`, { skip }, context => {
    const directory = shared(context, ordinary)
    const script = `set -e; cd /shared
      python3 -c "import tarfile, io
t = tarfile.open('set-id.tar', 'w')
for name, mode in ('plain', 0o644), ('suid', 0o4755):
    i = tarfile.TarInfo(name); i.mode = mode; i.size = 2; t.addfile(i, io.BytesIO(b'hi'))"
      mkdir tar cp git; tar xf set-id.tar -C tar; python3 -m tarfile -e set-id.tar tar
      if tar xpf set-id.tar -C tar 2>error; then exit 1; fi; grep -q 'suid: Cannot change mode' error
      cp -p /bin/su cp; cp -a /bin/su cp/a; install -m 755 /bin/true installed
      git init -q git/one; git -C git/one -c user.name=x -c user.email=x@y commit -q --allow-empty -m x
      git clone -q git/one git/two
      python3 -m venv --without-pip venv; chmod 1777 cp; sync
      ls tar cp installed git/two/.git/HEAD venv/bin/python3 >/dev/null; echo well`
    const { out, err } = printed(
      `import { run } from library
      const binds = [{ source: ${JSON.stringify(directory)}, target: '/shared', writable: true }]
      const { stdout, stderr } = await run('sh', ['-c', ${JSON.stringify(script)}], { binds })
      process.stdout.write(stdout + stderr)`,
      ordinary,
    )
    assert.equal(out + err, 'well\n')
    assert.deepEqual(dangers(directory), {})
    assert.equal(
      readFileSync(join(directory, 'tar/suid'), 'utf8'),
      'hi',
      'the file is there, its mode is 0755',
    )
    assert.equal(lstatSync(join(directory, 'cp')).mode & 0o7777, 0o1777, 'the sticky bit is no identity')
  })
}
