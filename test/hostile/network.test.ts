/**
 * The network and every other way by which two boxes, or a box and the host, could communicate.
 * The test's own servers represent those of the host: the control connects to them. (Netlink,
 * vsock and keyrings under the filter: filter.test.ts.)
 */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { constants, networkInterfaces } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { type TestContext, test } from 'node:test'
import { createPool, type Pool, type RunOptions, run } from '#glassbox/index.js'
import { guard, needsRoot, root, unboxed } from '../support/hostile.js'
import { program } from '../support/programs.js'
import { temporaryDirectory } from '../support/temporary.js'

const { EINVAL } = constants.errno
const world = guard()
const REFUSED = 5

/** A server for one test; how often anybody connected, and the port of an internet one. */
async function serve(
  context: TestContext,
  address: object,
): Promise<{ connected: () => number; port: number }> {
  let connected = 0
  const server = createServer(socket => {
    connected++
    socket.on('error', () => {}).end('x')
  })
  server.listen(address)
  await once(server, 'listening')
  context.after(() => server.close())
  const bound = server.address()
  return { connected: () => connected, port: typeof bound === 'object' && bound ? bound.port : 0 }
}

async function withPool(guest: string, work: (pool: Pool) => Promise<void>, size = 1): Promise<void> {
  await using pool = await createPool({ size, binds: [{ source: program(guest) }] })
  await work(pool)
}

/**
 * Whether the guest of test/programs gets through, natively, in a box, in a pool, and without a
 * network of its own.
 */
async function connects(
  args: readonly string[],
): Promise<Record<'natively' | 'boxed' | 'pooled' | 'unfiltered' | 'onHost', boolean>> {
  const through = async (options: RunOptions<'utf8'>): Promise<boolean> => {
    const { exitCode } = await world.run('network', args, options)
    assert.ok(exitCode === 0 || exitCode === REFUSED, `${exitCode}`)
    return exitCode === 0
  }
  let pooled = true
  await withPool('network', async pool => {
    pooled = (await pool.run(program('network'), args)).exitCode === 0
  })
  // Not by spawnSync: the server is in this process.
  const native = spawn(program('network'), args, { stdio: 'ignore' })
  const [code] = (await once(native, 'exit')) as [number]
  return {
    natively: code === 0,
    boxed: await through({}),
    pooled,
    unfiltered: await through({ policy: null }),
    onHost: await through({ net: 'host' }),
  }
}
const ISOLATED = { natively: true, boxed: false, pooled: false, unfiltered: false, onHost: true }

test('services on the host’s loopback and other addresses can be reached only with `net: host` [NW-02]', async context => {
  const { port, connected } = await serve(context, { host: '0.0.0.0', port: 0 })
  const own = Object.values(networkInterfaces())
    .flat()
    .filter(each => each?.family === 'IPv4')
    .map(each => each?.address ?? '')
  for (const address of new Set(['127.0.0.1', ...own])) {
    const before = connected()
    assert.deepEqual(await connects(['connect', `${port}`, address]), ISOLATED, address)
    assert.equal(connected() - before, 2)
  }
})

/**
 * Gives loopback that address, brings it up, and goes on as the words: SIOCSIFADDR, SIOCSIFFLAGS
 * (netdevice(7)).
 */
const ANSWERED_AT = `import fcntl, os, socket, struct, sys
control = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
address = struct.pack('=HH4s8x', socket.AF_INET, 0, socket.inet_aton('169.254.169.254'))
fcntl.ioctl(control, 0x8916, struct.pack('16s16s8x', b'lo', address))
fcntl.ioctl(control, 0x8914, struct.pack('16sh22x', b'lo', 1))
os.execv(sys.argv[1], sys.argv[1:])`

test('the metadata address of a cloud is not reached, although the host reaches it [NW-07]', async () => {
  const metadata = ['connect', '80', '169.254.169.254'] as const
  for (const options of [{}, { policy: null }])
    assert.equal((await world.run('network', metadata, options)).exitCode, REFUSED)
  if (!root) return // the control needs an address of its own
  const guest = program('network')
  const index = new URL('../../../packages/glassbox/dist/library/index.js', import.meta.url).href
  // The host's network stands for a cloud's: in a namespace that ends with the script, the address
  // is answered at.
  const script = `import { spawn } from 'node:child_process'
    import { once } from 'node:events'
    import { createServer } from 'node:net'
    import { run } from ${JSON.stringify(index)}
    const args = ${JSON.stringify(metadata)}
    const server = createServer(socket => socket.on('error', () => {}).end('x')).listen(80, args[2])
    await once(server, 'listening')
    const [natively] = await once(spawn(${JSON.stringify(guest)}, args), 'exit')
    const codes = [natively]
    for (const options of [{}, { policy: null }, { net: 'host' }])
      codes.push((await run(${JSON.stringify(guest)}, args, options)).exitCode)
    console.log(codes.join(' '))
    server.close()`
  const { stdout, stderr } = spawnSync(
    'unshare',
    [...['--net', 'python3', '-c', ANSWERED_AT], ...[process.execPath, '--input-type=module', '-e', script]],
    { encoding: 'utf8', timeout: 30_000 },
  )
  assert.equal(stdout, `0 ${REFUSED} ${REFUSED} 0\n`, stderr)
})

test('abstract sockets of the host can be reached only with `net: host` [NW-03]', async context => {
  const name = `glassbox-test-${process.pid}`
  const { connected } = await serve(context, { path: `\0${name}` })
  assert.deepEqual(await connects(['abstract', name]), ISOLATED)
  assert.equal(connected(), 2)
})

test('sockets of the file system can be reached only if the caller binds them [NW-04]', async context => {
  const directory = temporaryDirectory(context)
  chmodSync(directory, 0o755)
  const path = join(directory, 'socket')
  const { connected } = await serve(context, { path, writableAll: true })
  assert.deepEqual(await connects(['unix', path]), { ...ISOLATED, onHost: false })
  assert.equal(connected(), 1)
  // A read-only bind does not keep anybody from a socket (see docs/security.md): the name works,
  // so the attack above would have.
  const binds = [{ source: directory }]
  assert.equal((await world.run('network', ['unix', path], { binds })).exitCode, 0)
})

const MEANS: readonly { readonly means: string; readonly name: string }[] = [
  { means: 'shm', name: 'in /dev/shm [NW-08]' },
  { means: 'tmp', name: 'in /tmp [NW-08]' },
  { means: 'sysv', name: 'in a System V segment [NW-09]' },
  { means: 'queue', name: 'in a System V queue [NW-09]' },
  { means: 'semaphore', name: 'in a System V semaphore [NW-09]' },
  { means: 'mqueue', name: 'in a POSIX message queue [NW-09]' },
  { means: 'key', name: 'in the keyring of a user [NW-10]' },
  { means: 'abstract', name: 'at an abstract socket [NW-03]' },
  { means: 'port', name: 'at a port of loopback [NW-14]' },
]
let meetings = process.pid * 100

/** One leaves a word and stays, natively; what the other then finds. */
async function meetNatively(means: string, env: Record<string, string>): Promise<string> {
  const first = spawn(program('meet'), [means, 'put', 'word'], { stdio: ['pipe', 'pipe', 'inherit'], env })
  const closed = once(first, 'close')
  await Promise.race([once(first.stdout, 'data'), closed])
  const { stdout } = spawnSync(program('meet'), [means, 'get'], { encoding: 'utf8', env })
  first.stdin.end()
  await closed
  return stdout
}

for (const { means, name } of MEANS) {
  test(`two programs do not meet ${name}, beside or after each other`, async () => {
    const env = { MEETING: `${++meetings}` }
    assert.match(
      await meetNatively(means, env),
      means === 'semaphore' ? /^w\n$/ : /^word\n$/,
      'natively they do',
    )
    const guest = program('meet')
    await withPool(
      'meet',
      async pool => {
        for (const policy of [undefined, null]) {
          const filter = policy === null ? { policy } : {}
          for (const launch of [
            (args: string[], options: RunOptions<'utf8'>) => run(guest, args, options),
            (args: string[], options: RunOptions<'utf8'>) => pool.run(guest, args, options),
          ]) {
            const stdin = new PassThrough()
            const first = launch([means, 'put', 'word'], { ...filter, env, stdin })
            const left = await first.events().next()
            // The guard keeps programs from keyrings altogether.
            const event = left.value
            assert.equal(event?.type, means === 'key' ? 'end' : 'stdout')
            const beside = await launch([means, 'get'], { ...filter, env })
            first.kill()
            await first
            stdin.destroy()
            const after = [
              await launch([means, 'get'], { ...filter, env }),
              await launch([means, 'get'], { ...filter, env }),
            ]
            for (const { exitCode, stdout } of [beside, ...after])
              assert.deepEqual([exitCode === 0, stdout], [false, ''], `${exitCode}`)
          }
        }
      },
      2,
    )
  })
}

test('each box has its own loopback interface, which is up [NW-14]', async context => {
  assert.equal(unboxed(context, 'network', ['loopback', '0']).code, 0)
  assert.equal((await world.run('network', ['loopback', '0'])).exitCode, 0)
})

test('a program gets no lease on a host file, whoever owns it [NW-11, F1]', async context => {
  const own = join(temporaryDirectory(context), 'file')
  writeFileSync(own, '')
  assert.equal(unboxed(context, 'meet', ['lease', 'put', 'word', own]).code, 0, 'natively, by the owner')
  for (const options of [{}, { policy: null }])
    assert.equal(
      (await world.run('meet', ['lease', 'put', 'word', '/usr/bin/env'], options)).exitCode,
      EINVAL,
    )
})

test('reading in a box leaves no trace in the access time of a file [NW-12]', async context => {
  const directory = temporaryDirectory(context)
  chmodSync(directory, 0o755)
  const file = join(directory, 'file')
  writeFileSync(file, 'text')
  const age = (): void => utimesSync(file, 1000, 2000)
  age()
  readFileSync(file)
  if (statSync(file).atimeMs === 1_000_000)
    context.diagnostic('natively neither: this file system keeps no access times')
  age()
  const { stdout } = await run('cat', [file], { binds: [{ source: directory }] })
  assert.equal(stdout, 'text')
  assert.equal(statSync(file).atimeMs, 1_000_000)
})

/** The number of network namespaces that the kernel has not freed yet, by its own count. */
const namespaces = (): number =>
  Number(/^net_namespace\s+(\d+)/m.exec(readFileSync('/proc/slabinfo', 'utf8'))?.[1] ?? Number.NaN)

test('the namespaces of 100 runs are freed and do not accumulate [NW-15]', {
  skip: needsRoot,
}, async context => {
  const runs = 100
  const before = namespaces()
  if (Number.isNaN(before)) {
    context.skip('this kernel tells of no net_namespace in /proc/slabinfo')
    return
  }
  for (let i = 0; i < runs; i++) await run('true')
  for (let tries = 0; tries < 200 && namespaces() > before + runs / 2; tries++)
    await new Promise(resolve => setTimeout(resolve, 100))
  // The kernel frees them in the background, and other programs of the host have namespaces too.
  assert.ok(namespaces() <= before + runs / 2, `${before}, then ${namespaces()}`)
})
