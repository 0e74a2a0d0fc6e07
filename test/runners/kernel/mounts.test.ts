/** Programs of the kernel runner see functions of the caller as files. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { InvalidOptionError, type MountedObject, run } from '#glassbox/index.js'
import { assertNothingLeft, type Surroundings, surroundings } from '../../support/left.js'

const runner = 'kernel'
const sleep = async (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms))
const hello: MountedObject = { list: () => ['hello'], read: path => `You read ${path}\n` }
const never: MountedObject = { list: () => ['a'], read: async () => new Promise(() => {}) }

const sh = async (script: string, object: MountedObject, more: object = {}) =>
  run('bash', ['-c', script], { runner, mounts: { '/world': object }, ...more })

describe('objects of the caller as file systems', () => {
  let around: Surroundings
  before(async () => {
    await run('true', [], { runner, mounts: { '/world': hello } })
    around = surroundings()
  })
  after(async () => assertNothingLeft(around))

  test('cat and ls read what the functions answer', async () => {
    const tree: MountedObject = {
      list: async path => (path === '/' ? ['a', 'd/', 'größe'] : path === '/d' ? ['in'] : undefined),
      read: path => Buffer.from(`${path}\n`),
    }
    const result = await sh('cd /world/d; pwd; ls -p ..; cat in ../größe; cat ../none', tree)
    assert.equal(result.stdout, '/world/d\na\nd/\ngröße\n/d/in\n/größe\n')
    assert.match(result.stderr, /none: No such file or directory/)
    assert.equal((await sh('echo x > /world/hello', hello)).stderr.includes('Read-only file system'), true)
  })

  test('stat says what there is: sizes and times', async () => {
    const stat: MountedObject['stat'] = path =>
      path === '/a' ? { type: 'file', size: 7, mtimeMs: 86_400_000 } : undefined
    const result = await sh('stat -c "%s %Y %F" /world/a; ls /world/b', { ...hello, stat })
    assert.equal(result.stdout, '7 86400 regular file\n')
  })

  test('bash writes and reads back, and the object has it before the run ends', async () => {
    const store = new Map<string, string>()
    const kept: MountedObject = {
      list: () => [...store.keys()].map(name => name.slice(1)),
      read: path => store.get(path),
      write: async (path, bytes) => {
        await sleep(5)
        store.set(path, Buffer.from(bytes).toString())
      },
    }
    const result = await sh(
      'echo one > /world/f; echo two >> /world/f; cat /world/f; exec 3> /world/g; echo x >&3',
      kept,
    )
    assert.equal(result.stdout, 'one\ntwo\n')
    assert.deepEqual(
      [...store],
      [
        ['/f', 'one\ntwo\n'],
        ['/g', 'x\n'],
      ],
    )
  })

  test('one program waits for a promise while the others go on, and several ask at a time', async () => {
    let open = 0
    let most = 0
    const slow: MountedObject = {
      list: () => ['slow'],
      read: async () => {
        most = Math.max(most, ++open)
        await sleep(300)
        open--
        return 'slow\n'
      },
    }
    const script = [
      'cat /world/slow > /tmp/out & cat /world/slow > /dev/null &',
      'i=0; while [ ! -s /tmp/out ]; do i=$((i+1)); done; wait; echo $i',
    ]
    const { stdout } = await sh(script.join('\n'), slow)
    assert.ok(Number(stdout) > 20, stdout)
    assert.equal(most, 2)
  })

  test('a handler that fails is EIO and is told; a code is that errno', async () => {
    const told: string[] = []
    const bad: MountedObject = {
      list: () => ['throws', 'rejects', 'shape', 'code'],
      read: path => {
        if (path === '/throws') throw new Error('thrown')
        if (path === '/shape') return 5 as unknown as string
        if (path === '/code') throw Object.assign(new Error('no'), { code: 'EACCES' })
        return Promise.reject(new Error('rejected'))
      },
      onError: (error, { operation, path }) => told.push(`${operation} ${path} ${String(error)}`),
    }
    const { stderr } = await sh('cd /world; cat throws rejects shape code', bad)
    assert.match(stderr, /throws: Input.*\n.*rejects: Input.*\n.*shape: Input.*\n.*code: Permission denied/)
    assert.deepEqual(told, [
      'read /throws Error: thrown',
      'read /rejects Error: rejected',
      'read /shape TypeError: read() has to answer text, a Uint8Array or undefined.',
    ])
  })

  test('one that never answers ends at a signal, at the wall limit and at cancel', async () => {
    assert.equal((await sh('timeout 0.1 cat /world/a; echo $?', never)).stdout, '124\n')
    const limited = await sh('cat /world/a', never, { limits: { wallTimeMs: 200 } })
    assert.equal(limited.status, 'wall-time-limit')
    const canceled = await sh('cat /world/a', never, { signal: AbortSignal.timeout(200) })
    assert.equal(canceled.status, 'canceled')
  })
})

const REFUSED: readonly (readonly [about: string, options: object, key: string, says: RegExp])[] = [
  [
    'the namespace runner',
    { runner: 'namespace', mounts: { '/w': hello } },
    'mounts',
    /namespace runner has no/,
  ],
  [
    'the ptrace runner',
    { runner: 'ptrace', mounts: { '/w': hello } },
    'mounts',
    /ptrace runner has no option/,
  ],
  ['a list', { runner, mounts: [hello] }, 'mounts', /Expected mounts to be an object/],
  ['a relative path', { runner, mounts: { w: hello } }, 'mounts["w"]', /an absolute path/],
  ['..', { runner, mounts: { '/w/..': hello } }, 'mounts["/w/.."]', /an absolute path/],
  ['no read', { runner, mounts: { '/w': { list: hello.list } } }, 'mounts["/w"].read', /a function/],
  [
    'a wrong list',
    { runner, mounts: { '/w': { ...hello, list: 5 } } },
    'mounts["/w"].list',
    /a function.*got 5/,
  ],
  ['a wrong key', { runner, mounts: { '/w': { ...hello, readdir: 5 } } }, 'mounts["/w"].readdir', /no key/],
  [
    'nested',
    { runner, mounts: { '/w': hello, '/w/x': hello } },
    'mounts["/w/x"]',
    /below the mount point \/w/,
  ],
  [
    'over a bind',
    { runner, mounts: { '/w': hello }, binds: [{ source: '/tmp', target: '/w' }] },
    'mounts["/w"]',
    /hide/,
  ],
  ['over /usr', { runner, mounts: { '/usr/x': hello } }, 'mounts["/usr/x"]', /own files/],
]

for (const [about, options, key, says] of REFUSED)
  test(`mounts are refused: ${about}`, async () => {
    await assert.rejects(
      async () => run('true', [], options),
      (error: unknown) => {
        assert.ok(error instanceof InvalidOptionError)
        assert.equal(error.option, key)
        assert.match(error.message, says)
        return true
      },
    )
  })
