/**
 * The pool: that each program finds an empty box, that it counts from zero, and that the pool
 * outlives what goes wrong in it.
 */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync, rmdirSync } from 'node:fs'
import { Readable } from 'node:stream'
import { after, before, test } from 'node:test'
import { createPool, GlassboxError, type Pool, type PoolOptions, run } from '#glassbox/index.js'
import { assertNothingLeft, cgroupsLeft, surroundings } from '../support/left.js'

const initial = surroundings()
before(async () => {
  await run('true')
  Object.assign(initial, surroundings())
})
after(() => assertNothingLeft(initial))

/** A pool for one test, closed whatever happens. */
async function withPool(options: PoolOptions, work: (pool: Pool) => Promise<void>): Promise<void> {
  const pool = await createPool(options)
  try {
    await work(pool)
  } finally {
    await pool.close()
  }
}

const shell = async (pool: Pool, script: string, options = {}): Promise<string> => {
  const { stdout, stderr } = await pool.run('sh', ['-c', script], options)
  assert.equal(stderr, '')
  return stdout
}

const TRACES = [
  [
    'files in every writable place',
    'echo x > /box/f; echo x > /tmp/f; mkdir /dev/shm/d',
    'ls -A /box /tmp /dev/shm',
  ],
  [
    'a directory tree deeper than any path',
    "python3 -c \"import os\nfor i in range(3000): os.mkdir('d'); os.chdir('d')\"",
    'ls -A',
  ],
  ['directories that nobody may enter', 'mkdir -p a/b; touch a/b/c; chmod 0 a/b a', 'ls -A'],
  ['the mode of the working directory', 'chmod 700 /box', 'stat -c %a /box'],
  ['the times of the working directory', 'touch -d @1 -m /box', 'stat -c %Y /box | grep -x 1; echo'],
  [
    'extended attributes of the working directory',
    "python3 -c \"import os; os.setxattr('/box', 'user.x', b'y')\"",
    'python3 -c "import os; print(os.listxattr(\'/box\'))"',
  ],
  [
    'System V objects',
    'ipcmk -Q -M 4096 -S 1 > /dev/null',
    'cat /proc/sysvipc/msg /proc/sysvipc/shm /proc/sysvipc/sem; ipcmk -Q',
  ],
  // By jobs, since shells differ in what they run without a new process.
  ['process numbers', 'true & true & wait', 'sh -c "echo \\$\\$" & wait; echo $$'],
  ['a daemon', 'setsid sleep 100 > /dev/null 2>&1 &', 'ls -d /proc/[0-9]*'],
  [
    'an abstract socket',
    'python3 -c "import socket,os,time; s=socket.socket(socket.AF_UNIX); s.bind(\'\\0x\'); os.fork() or time.sleep(9)" > /dev/null & until grep -q @x /proc/net/unix; do sleep 0.05; done',
    'grep -c @x /proc/net/unix; true',
  ],
  [
    'packets on loopback',
    "python3 -c \"import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', 9))\"",
    'grep lo: /proc/net/dev; cat /proc/net/snmp',
  ],
] as const

/** Traces that not every kernel lets a program leave; what brings them. */
const NEEDS: Readonly<Record<string, string>> = {
  'extended attributes of the working directory': 'user.* attributes of tmpfs: Linux 6.6',
}

for (const [what, leave, look] of TRACES) {
  test(`a program finds nothing of ${what} that the one before it left`, async context => {
    const needed = NEEDS[what]
    if (needed !== undefined && (await run('sh', ['-c', leave])).stderr.includes('Operation not supported')) {
      context.skip(`this kernel lacks ${needed}`)
      return
    }
    await withPool({ size: 1 }, async pool => {
      const untouched = await shell(pool, look)
      await pool.run('sh', ['-c', leave])
      assert.equal(await shell(pool, look), untouched)
      // The control: in one box it is there, unless it goes with the processes.
      const together = await shell(pool, `(${leave}) >/dev/null 2>&1; ${look}`)
      assert.notEqual(together, untouched, 'what was left can be seen')
    })
  })
}

test('a container whose program had no policy is not used again; others are', async () => {
  await withPool({ size: 1 }, async pool => {
    await pool.run('true')
    assert.equal(pool.replaced, 0)
    await pool.run('true', [], { policy: null })
    assert.equal((await pool.run('echo', ['well'])).stdout, 'well\n')
    assert.equal(pool.replaced, 1)
  })
})

test('a bind below a scratch directory is there for each program', async () => {
  const binds = [{ source: '/etc/hostname', target: '/box/in/name' }]
  await withPool({ size: 1, binds }, async pool => {
    for (let i = 0; i < 3; i++) assert.notEqual(await shell(pool, 'cat in/name; ls; touch /tmp/x /box/y'), '')
    // touches nothing
    for (let i = 0; i < 2; i++) assert.notEqual(await shell(pool, 'cat in/name'), '')
    assert.equal(pool.replaced, 3)
  })
})

test('a box that is full is a typed error that names the file, and the pool goes on', async () => {
  await withPool({ size: 1, diskBytes: 2 ** 20, diskFiles: 10 }, async pool => {
    const many = Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`f${i}`, 'x']))
    for (const files of [{ big: new Uint8Array(2 ** 20 + 1) }, many]) {
      await assert.rejects(async () => pool.run('true', [], { files }), {
        code: 'ERR_GLASSBOX_FILE',
        errno: 28,
        message: /^Cannot put (big|f\d+) .*ENOSPC/,
        hint: /diskBytes/,
      })
      assert.equal(
        (await pool.run('ls', ['-A'], { files: { fits: new Uint8Array(2 ** 20) } })).stdout,
        'fits\n',
      )
    }
    assert.equal(pool.replaced, 0)
  })
})

test('each program counts from zero and has its own limits', async () => {
  await withPool({ size: 1 }, async pool => {
    const hungry = 'x = b"x" * (100 << 20)\nfor i in range(10**6): pass'
    const first = await pool.run('python3', ['-c', hungry], { limits: { memoryBytes: 400 * 2 ** 20 } })
    const second = await pool.run('true')
    assert.equal(first.status, 'exited')
    assert.ok(first.memoryBytes > 100 * 2 ** 20 && second.memoryBytes < 20 * 2 ** 20, `${second.memoryBytes}`)
    assert.ok(second.cpuTimeMs < first.cpuTimeMs)
    const limited = await pool.run('python3', ['-c', hungry], { limits: { memoryBytes: 60 * 2 ** 20 } })
    assert.equal(limited.status, 'memory-limit')
    assert.equal(
      (await pool.run('python3', ['-c', hungry], { limits: { memoryBytes: Infinity } })).status,
      'exited',
    )
    assert.equal((await pool.run('true', [], { limits: { memoryBytes: 4096 } })).status, 'memory-limit')
    assert.equal(pool.replaced, 0)
  })
})

test('as many programs run at a time as the pool is large, the others wait their turn', async () => {
  await withPool({ size: 2 }, async pool => {
    const spans = await Promise.all(
      Array.from({ length: 6 }, async () => {
        const { stdout } = await pool.run('sh', ['-c', 'date +%s%N; sleep 0.05; date +%s%N'])
        return stdout.trim().split('\n').map(Number) as [number, number]
      }),
    )
    for (const [start] of spans)
      assert.ok(
        spans.filter(([other, end]) => other <= start && start < end).length <= 2,
        'more than two at a time',
      )
  })
})

test('run() uses the pool that it is given, with files of its own', async () => {
  await withPool({ size: 1 }, async pool => {
    const result = await run('sh', ['-c', 'cat in > out'], { pool, files: { in: 'text' }, collect: ['out'] })
    assert.equal(Buffer.from(result.files['out']?.contents ?? '').toString(), 'text')
    assert.equal((await run('ls', [], { pool })).stdout, '')
    await assert.rejects(async () => run('ls', [], { pool, hostname: 'x' } as never), {
      code: 'ERR_GLASSBOX_INVALID_OPTION',
    })
  })
})

for (const size of [0, -1, 1.5, Number.NaN, Infinity, '2', undefined]) {
  test(`a pool of size ${String(size)} is refused`, async () => {
    await assert.rejects(async () => createPool({ size } as never), {
      code: 'ERR_GLASSBOX_INVALID_OPTION',
      message: /size/,
    })
  })
}

test('a pool that cannot open its containers says why and leaves nothing', async () => {
  await assert.rejects(async () => createPool({ size: 3, binds: [{ source: '/nowhere' }] }), {
    code: 'ERR_GLASSBOX_INVALID_OPTION',
    message: /nowhere/,
  })
  assert.deepEqual(cgroupsLeft(), [])
})

/** The init of every container of this process. */
const inits = (): number[] =>
  readdirSync('/proc/self/task')
    .flatMap(task => readFileSync(`/proc/self/task/${task}/children`, 'utf8').split(' '))
    .filter(pid => pid !== '' && readFileSync(`/proc/${pid}/cmdline`, 'utf8').startsWith('glassbox-init'))
    .map(Number)

test('a container that is killed while a program runs is a typed error, and the pool goes on', async () => {
  await withPool({ size: 1 }, async pool => {
    const handle = pool.run('sh', ['-c', 'echo started; sleep 100'])
    await handle.events().next()
    for (const pid of inits()) process.kill(pid, 'SIGKILL')
    await assert.rejects(async () => handle, { code: 'ERR_GLASSBOX_BOX_LOST', mayHaveRun: true })
    assert.equal((await pool.run('echo', ['well'])).stdout, 'well\n')
    assert.equal(pool.replaced, 1)
  })
})

/** Killed, they take their boxes with them; none becomes a program any more. */
const killPreparedChildren = (): void => {
  for (const init of inits())
    for (const pid of readFileSync(`/proc/${init}/task/${init}/children`, 'utf8').split(' ').filter(Boolean))
      process.kill(Number(pid), 'SIGKILL')
}

test('a program that certainly did not begin, since its container was being killed, is run in another', async () => {
  for (let round = 0; round < 5; round++)
    await withPool({ size: 2 }, async pool => {
      // and no turn of the loop until the next program: nobody knows of it yet
      killPreparedChildren()
      assert.equal((await pool.run('cat', [], { stdin: 'well' })).stdout, 'well')
      assert.equal(pool.replaced, 2)
    })
})

test('a program whose input can be read only once is not run again; the error says that it did not begin', async () => {
  await withPool({ size: 1 }, async pool => {
    killPreparedChildren()
    const stdin = Readable.from(['once'])
    await assert.rejects(async () => pool.run('cat', [], { stdin }), { mayHaveRun: false })
  })
})

test('a container that is killed while it is idle is replaced before anybody meets it', async () => {
  await withPool({ size: 1 }, async pool => {
    for (const pid of inits()) process.kill(pid, 'SIGKILL')
    await new Promise(resolve => setTimeout(resolve, 100))
    assert.equal((await pool.run('echo', ['well'])).stdout, 'well\n')
    assert.equal(pool.replaced, 1)
  })
})

test('nobody else can remove the cgroups of a container that waits', async () => {
  await withPool({ size: 1 }, async pool => {
    for (const directory of cgroupsLeft()) assert.throws(() => rmdirSync(directory), { code: 'EBUSY' })
    assert.equal((await pool.run('echo', ['well'])).stdout, 'well\n')
  })
})

test('a program that is not there is an error, and its container is used again', async () => {
  await withPool({ size: 1 }, async pool => {
    await assert.rejects(async () => pool.run('no-such-program'), { code: 'ERR_GLASSBOX_PROGRAM_NOT_FOUND' })
    await assert.rejects(async () => pool.run('true', [], { cwd: '/nowhere' }), {
      code: 'ERR_GLASSBOX_STEP_FAILED',
    })
    assert.equal((await pool.run('echo', ['well'])).stdout, 'well\n')
    assert.equal(pool.replaced, 0)
  })
})

test('a run that is canceled while it waits or runs says so; the pool goes on', async () => {
  await withPool({ size: 1 }, async pool => {
    const running = pool.run('sleep', ['100'])
    const waiting = pool.run('sleep', ['100'])
    waiting.kill()
    assert.equal((await waiting).status, 'canceled')
    running.kill()
    assert.equal((await running).status, 'canceled')
    assert.equal((await pool.run('echo', ['well'])).stdout, 'well\n')
  })
})

test('closing ends what runs and refuses what waits, with a typed error', async () => {
  const pool = await createPool({ size: 1 })
  const runs = [pool.run('sleep', ['100']), pool.run('true')].map(handle =>
    handle.then(
      () => 'ended',
      (error: unknown) => (error as GlassboxError).code,
    ),
  )
  await new Promise(resolve => setTimeout(resolve, 50))
  await pool.close()
  assert.deepEqual(await Promise.all(runs), ['ERR_GLASSBOX_POOL_CLOSED', 'ERR_GLASSBOX_POOL_CLOSED'])
  await assert.rejects(async () => pool.run('true'), { code: 'ERR_GLASSBOX_POOL_CLOSED' })
  await pool.close()
})
