/**
 * What a program of a pool leaves behind without touching anything: descriptors that it hands to a
 * program of another box, by a socket in a directory that both see or on the host's network, and
 * what the kernel keeps for a while.
 */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { chmodSync } from 'node:fs'
import { PassThrough } from 'node:stream'
import { type TestContext, test } from 'node:test'
import {
  type BoxOptions,
  createPool,
  denyCalls,
  openBox,
  type Pool,
  type RunOptions,
  run,
} from '#glassbox/index.js'
import { guard } from '../support/hostile.js'
import { program } from '../support/programs.js'
import { temporaryDirectory } from '../support/temporary.js'

guard()
const guest = program('hand')
const SECRET = 'of-the-next-program'

/** What is handed over (`-` is a socket), and what the keeper looks for by it. */
const HANDED = [
  { path: '/box', name: 'input' },
  { path: '/tmp', name: 'input' },
  { path: '/dev/shm', name: 'input' },
  { path: '-', name: '-' },
  { path: '/proc', name: '2/cmdline' },
] as const

interface Meeting {
  /** Of the box that hands over. */
  readonly options: BoxOptions
  readonly keeper: RunOptions<'utf8'>
  readonly socket: string
}

function meetIn(context: TestContext, writable: boolean): Meeting {
  const source = temporaryDirectory(context)
  chmodSync(source, 0o777)
  const bind = { source, target: '/shared' }
  return {
    options: { binds: [{ source: guest }, { ...bind, writable }] },
    keeper: { binds: [{ ...bind, writable: true }] },
    socket: '/shared/socket',
  }
}

const MEETINGS: readonly {
  readonly where: string
  readonly meet: (context: TestContext) => Meeting
  /**
   * A path of `HANDED` that docs/security.md tells of: it leads to the next program's words,
   * unless the container happens to go.
   */
  readonly known?: string
  /** One that says nothing of a box: ports of the host are everybody's. */
  readonly shared?: string
}[] = [
  { where: 'a writable bind', meet: context => meetIn(context, true) },
  {
    where: 'the host’s network',
    meet: () => ({
      options: { net: 'host', binds: [{ source: guest }] },
      keeper: { net: 'host' },
      socket: `@glassbox-hand-${randomBytes(6).toString('hex')}`,
    }),
    shared: '-',
  },
  {
    where: 'a bind that only the other box may write',
    meet: context => meetIn(context, false),
    known: '/proc',
  },
]

/**
 * What the keeper finds by what was handed over, while the next program of `runs` has its secret
 * in every place.
 */
async function findByHanded(
  runs: Pick<Pool, 'run'>,
  { keeper, socket }: Meeting,
  { path, name }: (typeof HANDED)[number],
): Promise<string> {
  const stdin = new PassThrough()
  const keeping = run(guest, ['keep', socket, name], { ...keeper, stdin })
  const said = keeping.events()
  await said.next()
  assert.equal((await runs.run(guest, ['give', socket, path])).exitCode, 0)
  const send = `import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'${SECRET}', ('127.0.0.1', 2009))`
  const script = `echo $0 > input; cp input /tmp; cp input /dev/shm; python3 -c "${send}"; echo ready; read line`
  const own = new PassThrough()
  const next = runs.run('sh', ['-c', script, SECRET], { stdin: own })
  await next.events().next()
  stdin.end('\n')
  const { stdout, exitCode } = await keeping
  own.end('\n')
  assert.equal((await next).status, 'exited')
  assert.equal(exitCode, 0)
  return stdout
}

for (const { where, meet, known, shared } of MEETINGS) {
  for (const handed of HANDED.filter(({ path }) => path !== shared && path !== known)) {
    const what = handed.path === '-' ? 'a socket' : `a descriptor of ${handed.path}`
    test(`${what} that is handed over by ${where} leads to nothing of the next program [FS-24, VF-18]`, async context => {
      // The control: in one box, where files stay, it leads there.
      const together = meet(context)
      await using box = await openBox(together.options)
      assert.match(await findByHanded(box, together, handed), new RegExp(SECRET))

      const apart = meet(context)
      await using pool = await createPool({ size: 1, ...apart.options })
      assert.doesNotMatch(await findByHanded(pool, apart, handed), new RegExp(SECRET))
    })
  }
}

test('flow labels of IPv6 that linger are not there for the next program [FS-24, VF-18]', async () => {
  // The filter refuses them; where the caller's own does not, the container goes.
  const policy = {
    rules: denyCalls(['add_key', 'request_key', 'keyctl']).rules?.slice(0, 1) ?? [],
    otherwise: { kind: 'allow' },
  } as const
  const look = ['cat', ['/proc/net/ip6_flowlabel'], { policy }] as const
  const box = await openBox({ binds: [{ source: guest }] })
  const untouched = (await box.run(...look)).stdout
  const leased = await box.run(guest, ['label', '3'], { policy })
  assert.equal(leased.exitCode, 0)
  assert.match((await box.run(...look)).stdout, /CAFE/i, 'the control: in one box they linger')
  await box.close()
  await using pool = await createPool({ size: 1, binds: [{ source: guest }] })
  assert.equal((await pool.run(...look)).stdout, untouched)
  assert.equal((await pool.run(guest, ['label', '3'], { policy })).exitCode, 0)
  assert.equal((await pool.run(...look)).stdout, untouched)
  assert.equal(pool.replaced, 1)
})

test('a container is used again only where nobody outside can have been handed anything', async context => {
  const directory = temporaryDirectory(context)
  chmodSync(directory, 0o777)
  const bind = { source: directory, target: '/shared' }
  const cases: readonly (readonly [options: BoxOptions, replaced: number])[] = [
    [{}, 0],
    [{ binds: [{ source: guest, writable: true }] }, 0],
    [{ binds: [bind] }, 0],
    [{ binds: [{ source: guest }, { ...bind, writable: true }] }, 3],
    [{ net: 'host' }, 3],
  ]
  for (const [options, replaced] of cases) {
    await using pool = await createPool({ size: 1, ...options })
    for (let i = 0; i < 2; i++) await pool.run('true')
    assert.equal((await pool.run('echo', ['well'])).stdout, 'well\n')
    assert.equal(pool.replaced, replaced, JSON.stringify(options))
  }
})
