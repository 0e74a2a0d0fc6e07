/**
 * Programs that use every kind of memory: all of it counts, is limited, and is freed. The control
 * of each is the same program with a higher limit, under which it succeeds.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { constants } from 'node:os'
import { PassThrough } from 'node:stream'
import { test } from 'node:test'
import { createPool, openBox, type Pool, run } from '#glassbox/index.js'
import {
  assertSane,
  countsSockets,
  guard,
  needsCgroup,
  needsRoot,
  root,
  unboxed,
} from '../support/hostile.js'
import { program } from '../support/programs.js'

const MiB = 2 ** 20
const LIMIT = 24 * MiB
const { errno } = constants
const world = guard()
const hoard = program('hoard')
const limits = { memoryBytes: LIMIT, fileSizeBytes: Infinity, wallTimeMs: 60_000, cpuTimeMs: 30_000 }
const enough = { ...limits, memoryBytes: 20 * LIMIT }

const openPool = (): Promise<Pool> => createPool({ size: 1, binds: [{ source: hoard }] })

/** Above the limit, and well below it. What only the kernel's own count sees needs a cgroup. */
const PLACES = [
  { name: 'a static array', args: ['static', '40'], less: '12', id: 'MB-03' },
  { name: 'transparent huge pages', args: ['thp', '50'], less: '12', id: 'MB-13' },
  { name: 'a memfd that nobody maps', args: ['unmapped', '60'], less: '12', id: 'MB-05', kernel: true },
  { name: 'System V segments', args: ['sysv', '48'], less: '16', id: 'MB-05', kernel: true },
  { name: 'pipes that nobody reads', args: ['pipes', '50'], less: '8', id: 'MB-07', kernel: true },
  { name: 'sockets that nobody reads', args: ['sockets', '110'], less: '16', id: 'MB-07', kernel: true },
  { name: 'page tables', args: ['tables', '10'], less: '1', id: 'MB-08', kernel: true },
] as const

for (const { name, args, less, id, ...place } of PLACES) {
  const skip = 'kernel' in place && needsCgroup
  test(`memory in ${name} is counted, limited and given back [${id}]`, { skip }, async () => {
    const over = await world.run('hoard', args, { limits })
    assert.equal(over.status, 'memory-limit')
    assertSane(over)
    if (!needsCgroup)
      assert.ok(over.memoryBytes <= LIMIT && over.memoryBytes > LIMIT / 2, `${over.memoryBytes}`)
    const below = await world.run('hoard', [args[0], less], { limits })
    assert.deepEqual([below.status, below.exitCode], ['exited', 0], `${below.memoryBytes}`)
    const through = await world.run('hoard', args, { limits: enough })
    assert.deepEqual([through.status, through.exitCode], ['exited', 0])
    assert.ok(through.memoryBytes > LIMIT || needsCgroup, `${through.memoryBytes}`)

    await using pool = await openPool()
    assert.equal((await pool.run(hoard, args, { limits })).status, 'memory-limit')
    const next = await pool.run(hoard, ['static', '1'], { limits })
    assert.equal(next.status, 'exited')
    assert.ok(next.memoryBytes < LIMIT / 3, `${next.memoryBytes}: nothing of it is charged to the next one`)
  })
}

test('a static array that is not touched costs nothing [MB-03]', async () => {
  const { status, memoryBytes } = await world.run('hoard', ['static', '0'], { limits })
  assert.equal(status, 'exited')
  assert.ok(memoryBytes < LIMIT / 3, `${memoryBytes}`)
})

test('the stack has the requested size: recursion and alloca [MB-04]', async context => {
  assert.equal(unboxed(context, 'hoard', ['alloca', '1']).code, 0)
  for (const mib of [1, 8]) {
    const stack = { limits: { stackBytes: mib * MiB } }
    const { stdout } = await world.run('hoard', ['recurse', '0'], stack)
    const depth = Number(stdout)
    assert.ok(depth > 0.9 * mib * MiB && depth <= mib * MiB, `${depth} bytes deep`)
  }
  const eight = { limits: { stackBytes: 8 * MiB } }
  assert.equal((await world.run('hoard', ['alloca', '7'], eight)).status, 'exited')
  assert.equal((await world.run('hoard', ['alloca', '9'], eight)).signal, 'SIGSEGV')
  const endless = { limits: { ...limits, stackBytes: Infinity } }
  assert.equal((await world.run('hoard', ['recurse', '0'], endless)).status, 'memory-limit')
})

test('data that waits in internet sockets is bounded too [MB-07]', {
  skip: needsCgroup,
}, async () => {
  const held = async (memoryBytes: number): Promise<number> => {
    const result = await world.run('hoard', ['datagrams', '60'], { limits: { memoryBytes } })
    if (countsSockets && result.status === 'memory-limit') return result.memoryBytes
    assert.equal(result.status, 'exited')
    return Number(result.stdout) * 1024
  }
  const bounded = await held(LIMIT)
  // v2 lets a charge through that begins below the limit.
  assert.ok(bounded <= (countsSockets ? 1.25 * LIMIT : LIMIT), `${bounded} bytes were held`)
  assert.ok((await held(10 * LIMIT)) > LIMIT, 'with a higher limit there are more')
})

test('descriptors in flight are bounded like those in the table [MB-07]', async () => {
  const flying = async (openFiles: number): Promise<number> =>
    Number((await world.run('hoard', ['flight', '5000'], { limits: { openFiles } })).stdout)
  const [few, more] = [await flying(150), await flying(900)]
  assert.ok(few >= 100 && few <= 300, `${few} were in flight`)
  assert.ok(more > few && more <= 1100, `${more} were in flight`)
})

test('a user quota that is used up in one box is unused in the next [MB-09]', {
  skip: needsRoot,
}, async () => {
  const most = Number(readFileSync('/proc/sys/fs/inotify/max_user_instances', 'utf8'))
  const options = { limits: { openFiles: most + 50 }, binds: [{ source: hoard }] }
  const sum = (text: string): number =>
    text
      .trim()
      .split('\n')
      .reduce((all, line) => all + Number(line), 0)
  const watch = `'${hoard}' inotify ${most + 20}`
  const together = await run('sh', ['-c', `${watch} & ${watch}; wait`], options)
  assert.ok(sum(together.stdout) <= most, 'in one box they share it')
  const apart = await Promise.all([run('sh', ['-c', watch], options), run('sh', ['-c', watch], options)])
  for (const { stdout } of apart) assert.equal(sum(stdout), most)
})

for (const { kind, what } of [
  { kind: 'aio', what: 'contexts of asynchronous I/O' },
  { kind: 'filters', what: 'compiled filters of sockets' },
]) {
  test(`no box takes of ${what}, which all boxes of the host share [MB-09, DX-13]`, async context => {
    assert.equal(unboxed(context, 'hoard', [kind, '8']).stdout, '8\n', 'natively it has them')
    const open = await world.run('hoard', [kind, '8'], { policy: null })
    assert.equal(open.stdout, '8\n', 'without the filter too')
    assert.equal((await world.run('hoard', [kind, '8'])).stdout, '0\n')
  })
}

const TINY = [1024, 4096, 65_536, MiB, 4 * MiB, 8 * MiB]
for (const memoryBytes of TINY) {
  test(`a limit of ${memoryBytes / 1024} KiB gives a verdict, whatever the program needs [MB-11]`, async () => {
    await using pool = await openPool()
    const commands = [['true'], ['python3', '-c', 'print(1)'], ['sh', '-c', 'sh -c "echo 1" | cat']] as const
    for (const [name, ...args] of commands) {
      for (const place of [{ run }, pool]) {
        const result = await place.run(name, args, { limits: { memoryBytes } })
        assert.ok(['memory-limit', 'exited'].includes(result.status), `${name}: ${result.status}`)
        if (result.status === 'exited') assert.ok(result.memoryBytes <= memoryBytes, `${result.memoryBytes}`)
        assertSane(result)
        if (memoryBytes <= 65_536) assert.equal(result.status, 'memory-limit')
      }
    }
    assert.equal((await pool.run('echo', ['well'])).stdout, 'well\n')
  })
}

test('a spike of 10 ms is in the peak [MB-12]', async () => {
  const result = await world.run('hoard', ['spike', '21'], { limits })
  assert.equal(result.status, 'exited')
  assert.ok(result.memoryBytes >= 21 * MiB && result.memoryBytes <= LIMIT, `${result.memoryBytes}`)
  const flat = await world.run('hoard', ['spike', '1'], { limits })
  assert.ok(flat.memoryBytes < LIMIT / 3, `${flat.memoryBytes}`)
})

test('memory cannot be locked beyond the usual limit, nor taken from the host’s huge pages [MB-13]', async context => {
  const everyone = '64'
  const more = '1024'
  if (root) assert.equal(unboxed(context, 'hoard', ['lock', more]).code, 0, 'natively root has more')
  for (const options of [{}, { policy: null }]) {
    assert.equal((await world.run('hoard', ['lock', everyone], options)).exitCode, 0)
    // The error of mlock(2).
    assert.equal((await world.run('hoard', ['lock', more], options)).exitCode, errno.ENOMEM)
    // mlockall(2): all that it has mapped is more than that.
    assert.equal((await world.run('hoard', ['locked', '1'], options)).exitCode, errno.ENOMEM)
  }
})

test('a program at its limit ends alone: the service and a larger neighbour continue [MB-14]', async () => {
  const mine = Buffer.alloc(8 * LIMIT, 1)
  const script = 'x = b"x" * (50 << 20)\nprint("held", flush=True)\ninput()\nprint(len(x))'
  await using box = await openBox({ binds: [{ source: hoard }] })
  const stdin = new PassThrough()
  const neighbour = run('python3', ['-c', script], { stdin, limits: enough })
  await neighbour.events().next()
  for (let i = 0; i < 3; i++)
    assert.equal((await box.run(hoard, ['static', '40'], { limits })).status, 'memory-limit')
  stdin.end('\n')
  const { status, stdout } = await neighbour
  assert.deepEqual([status, stdout], ['exited', `held\n${50 * MiB}\n`])
  assert.equal(mine.at(-1), 1)
})

/** A program of one segment, which exits with 0 if its header is valid. */
function elf(segment: {
  vaddr?: bigint
  memsz?: bigint
  type?: number
  count?: number
  entry?: bigint
}): Buffer {
  const { vaddr = 0x400000n, memsz = 0x1000n, type = 1, count = 1, entry = 0x4000b0n } = segment
  const bytes = Buffer.alloc(0x1000)
  bytes.write('\x7fELF\x02\x01\x01', 'latin1')
  bytes.set([2, 0, 62, 0, 1], 16) // ET_EXEC, EM_X86_64, version
  bytes.writeBigUInt64LE(entry, 24)
  bytes.writeBigUInt64LE(64n, 32)
  bytes.set([64, 0, 56, 0], 52)
  bytes.writeUInt16LE(count, 56)
  bytes.set([type, 0, 0, 0, 5], 64)
  bytes.writeBigUInt64LE(vaddr, 80)
  bytes.writeBigUInt64LE(type === 1 ? 0x1000n : memsz, 96)
  bytes.writeBigUInt64LE(memsz, 104)
  bytes.writeBigUInt64LE(0x1000n, 112)
  bytes.set([0x31, 0xff, 0xb8, 0x3c, 0, 0, 0, 0x0f, 0x05], 0xb0) // exit(0)
  return bytes
}

test('an executable with absurd segments ends only itself [MB-15]', async () => {
  await using box = await openBox()
  const execute = async (bytes: Buffer): Promise<string> => {
    await box.writeFile('elf', bytes, { mode: 0o755 })
    return box.run('./elf', [], { limits }).then(
      ({ status, exitCode }) => `${status} ${exitCode ?? ''}`,
      (error: unknown) => String((error as { code?: string }).code),
    )
  }
  assert.equal(await execute(elf({})), 'exited 0', 'the control is sane')
  for (const segment of [
    { memsz: 2n ** 46n },
    { memsz: 2n ** 63n },
    { memsz: 2n ** 64n - 1n },
    { vaddr: 2n ** 47n - 0x1000n },
    { vaddr: 2n ** 63n },
    { vaddr: 0n, entry: 0xb0n },
    { entry: 2n ** 62n },
    { count: 0 },
    { count: 65_535 },
    { type: 3, memsz: 2n ** 40n },
    { type: 3, memsz: 0n },
  ]) {
    const ended = await execute(elf(segment))
    const described = JSON.stringify(segment, (_, value: unknown) =>
      typeof value === 'bigint' ? `${value}` : value,
    )
    assert.match(ended, /^(signaled|memory-limit|ERR_GLASSBOX_(PROGRAM|STEP)_)/, described)
    assert.equal((await box.run('echo', ['well'])).stdout, 'well\n', described)
  }
})

const PYTHON = ['python3', '-c'] as const
const NODE = ['node', '-e'] as const
const FILL_PYTHON = 'x = []\nwhile True: x.append(b"x" * (1 << 20))'
const FILL_NODE = 'const x = []; for (;;) x.push(Buffer.alloc(1 << 20, 1))'
const AS_ITSELF = 'import resource; resource.setrlimit(resource.RLIMIT_AS, (10**8, 10**8))\n'

for (const { name, command, memoryBytes, expected } of [
  { name: 'Python', command: [...PYTHON, FILL_PYTHON], memoryBytes: 40 * MiB, expected: 'memory-limit' },
  { name: 'Node', command: [...NODE, FILL_NODE], memoryBytes: 120 * MiB, expected: 'memory-limit' },
  {
    name: 'Python under a limit that it sets itself',
    command: [...PYTHON, AS_ITSELF + FILL_PYTHON],
    memoryBytes: 400 * MiB,
    expected: 'exited 1',
  },
  {
    name: 'Node under a limit that it sets itself',
    command: ['node', '--max-old-space-size=30', '-e', 'const x = []; for (;;) x.push([1, 2, 3])'],
    memoryBytes: 400 * MiB,
    expected: 'signaled SIGABRT',
  },
] as const) {
  test(`${name} out of memory has the verdict of whose limit it was [MB-16]`, async () => {
    const [file, ...args] = command
    const result = await run(file, args, { limits: { ...limits, memoryBytes } })
    const ended = [result.status, result.exitCode ?? result.signal].join(' ').trim()
    assert.ok(ended.startsWith(expected), `${ended} ${result.stderr.slice(0, 300)}`)
  })
}
