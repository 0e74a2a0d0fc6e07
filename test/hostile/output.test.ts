/**
 * Programs that write, fill and open more than they may, and misuse their streams: captured output
 * is exact, use is bounded, and nothing outside is affected.
 */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { constants } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { createPool, openBox, run, type RunOptions, type RunResult } from '#glassbox/index.js'
import { assertSane, guard, unboxed } from '../support/hostile.js'
import { program } from '../support/programs.js'
import { temporaryDirectory } from '../support/temporary.js'

const { errno } = constants
const MiB = 2 ** 20
const world = guard()
const spill = program('spill')
/**
 * Not at its own path, which may lie below /tmp: a pool throws away what has a bind in a scratch
 * directory that was used.
 */
const GUEST = '/guest'
const binds = [{ source: spill, target: GUEST }]

for (const call of ['write', 'writev', 'vmsplice', 'splice', 'sendfile']) {
  test(`one giant ${call} is cut at the byte [DX-04]`, async context => {
    const size = 3_000_001
    const piped = ['-c', '"$0" "$@" | wc -c', spill, call, '1000']
    const native = spawnSync('sh', piped, { cwd: temporaryDirectory(context), encoding: 'utf8' })
    assert.equal(Number(native.stdout), 1000)
    const cut = await world.run('spill', [call, `${size}`], { limits: { outputBytes: 1_000_003 } })
    assert.deepEqual([cut.status, cut.stdout.length], ['output-limit', 1_000_003])
    assert.equal(cut.stdoutTruncated, true)
    const whole = await world.run('spill', [call, `${size}`], { limits: { outputBytes: size } })
    assert.deepEqual([whole.status, whole.exitCode, whole.stdout.length], ['exited', 0, size])
  })
}

/** Takes the first bytes and never says that it has. */
const unread = (): Writable => new Writable({ highWaterMark: 1000, write: () => {} })

test('a program whose output is not read is ended by the clock, and the result arrives [DX-05]', async () => {
  const limits = { wallTimeMs: 300 }
  const result = await run('yes', [], { stdout: unread(), stderr: unread(), limits })
  assert.equal(result.status, 'wall-time-limit')
  assertSane(result)
  const handle = run('yes', [], { stdout: unread() })
  setTimeout(() => handle.kill(), 100)
  assert.equal((await handle).status, 'canceled')
  await using pool = await createPool({ size: 1 })
  assert.equal((await pool.run('yes', [], { stdout: unread(), limits })).status, 'wall-time-limit')
  assert.equal((await pool.run('echo', ['well'])).stdout, 'well\n')
})

test('a stream that is read late has every byte [DX-05]', async () => {
  const chunks: Buffer[] = []
  let goOn = (): void => {}
  const late = new Writable({
    highWaterMark: 1000,
    write(chunk: Buffer, _encoding, done) {
      chunks.push(chunk)
      if (chunks.length > 1) done()
      else goOn = done
    },
  })
  const { status } = await run('sh', ['-c', 'head -c 30000 /dev/zero; sleep 0.1; head -c 30001 /dev/zero'], {
    stdout: late,
  })
  assert.equal(status, 'exited')
  goOn()
  await new Promise<void>(resolve => late.end(() => resolve()))
  assert.equal(Buffer.concat(chunks).length, 60_001)
})

test('a process outside that received stdout does not delay the result [DX-05, PC-13]', async context => {
  const directory = temporaryDirectory(context)
  chmodSync(directory, 0o777)
  const socket = join(directory, 'socket')
  const holder = spawn(spill, ['hold', socket], { stdio: ['ignore', 'pipe', 'inherit'] })
  context.after(async () => {
    holder.kill('SIGKILL')
    if (holder.exitCode === null && holder.signalCode === null) await once(holder, 'exit')
  })
  let told = ''
  holder.stdout.on('data', (chunk: Buffer) => (told += chunk.toString()))
  while (!told.includes('listening')) await once(holder.stdout, 'data')
  const { status, stdout } = await run(spill, ['hand', socket], {
    binds: [{ source: directory, writable: true }],
  })
  assert.deepEqual([status, stdout], ['exited', 'handed\n'])
  while (!told.includes('held')) await once(holder.stdout, 'data')
  assert.deepEqual([holder.exitCode, holder.signalCode], [null, null], 'it holds it still')
  holder.kill('SIGKILL')
  await once(holder, 'exit')
})

test('a file size limit whose signal is ignored or handled does not end the program [DX-06]', async context => {
  const limits = { fileSizeBytes: 1_000_000 }
  for (const [kind, code] of [
    ['ignored', errno.EFBIG],
    ['handled', 125],
  ] as const) {
    assert.equal(unboxed(context, 'spill', [kind, '2000000']).code, 0)
    const { status, exitCode } = await world.run('spill', [kind, '2000000'], { limits })
    assert.deepEqual([status, exitCode], ['exited', code])
  }
})

const PLACES = ['/box', '/tmp', '/dev/shm']
const disk = { diskBytes: MiB, diskFiles: 100 }

test('many small files fill no more than the limit for all [DX-07]', async context => {
  assert.equal(unboxed(context, 'spill', ['files', '40']).stdout, '40\n')
  await using pool = await createPool({ size: 1, binds, ...disk })
  for (const cwd of PLACES) {
    const { stdout, exitCode } = await pool.run(GUEST, ['files', '40'], { cwd })
    assert.deepEqual([Number(stdout) <= 16, exitCode], [true, errno.ENOSPC], stdout)
    // The next one has it all again.
    assert.equal((await pool.run(GUEST, ['files', '10'], { cwd })).stdout, '10\n')
  }
  assert.equal(pool.replaced, 0)
  const roomy = { ...disk, diskBytes: 4 * MiB, cwd: '/tmp' }
  assert.equal((await world.run('spill', ['files', '40'], roomy)).stdout, '40\n')
})

test('reserved space, sparse files and holes count with the space that they take [DX-08]', async context => {
  assert.equal(unboxed(context, 'spill', ['fallocate', '2']).code, 0)
  const ended = async (args: readonly string[], options: RunOptions<'utf8'> = disk): Promise<unknown[]> => {
    const { exitCode, stdout } = await world.run('spill', args, options)
    return [exitCode, stdout]
  }
  assert.deepEqual(await ended(['fallocate', '2']), [errno.ENOSPC, ''])
  assert.deepEqual(await ended(['fallocate', '2'], { diskBytes: 3 * MiB }), [0, ''])
  const [code, pages] = await ended(['sparse', '300'], { ...disk, limits: { fileSizeBytes: Infinity } })
  assert.deepEqual([code, Number(pages) > 200 && Number(pages) <= 256], [errno.ENOSPC, true], String(pages))
  const [punched, again] = await ended(['punch'])
  assert.deepEqual([punched, Number(again) > 200 && Number(again) <= 256], [0, true], String(again))
  assert.deepEqual(await ended(['clone']), [errno.EOPNOTSUPP, ''])
})

for (const kind of ['links', 'symlinks', 'directories', 'fifos']) {
  test(`${kind} end at the number of files that there may be [DX-09]`, async context => {
    assert.equal(unboxed(context, 'spill', [kind, '300']).stdout, '300\n')
    await using box = await openBox({ binds, ...disk })
    for (const cwd of PLACES) {
      const { exitCode, stdout } = await box.run(GUEST, [kind, '300'], { cwd })
      assert.deepEqual([exitCode, Number(stdout) <= 100], [errno.ENOSPC, true], stdout)
    }
    const roomy = { ...disk, diskFiles: 400 }
    assert.equal((await world.run('spill', [kind, '300'], roomy)).stdout, '300\n')
  })
}

test('only the three scratch directories, and devices that store nothing, can be written [DX-10]', async () => {
  const { stdout } = await run('sh', [
    '-c',
    'find / -maxdepth 2 -path /proc -prune -o ! -type l -writable -print 2>/dev/null | sort',
  ])
  const devices = ['/dev/full', '/dev/null', '/dev/random', '/dev/shm', '/dev/urandom', '/dev/zero']
  assert.deepEqual(stdout.trim().split('\n'), ['/box', ...devices, '/tmp'])
})

test('neither the system log nor the kernel log can be reached [DX-12]', async () => {
  const { stdout } = await run('sh', [
    '-c',
    'ls /dev/log /dev/kmsg /run/systemd /var/run /proc/kmsg 2>/dev/null; head -c 1 /proc/kmsg',
  ])
  assert.ok(!/dev|run/.test(stdout), stdout)
  assert.equal((await run('sh', ['-c', 'echo x > /dev/kmsg'])).ok, false)
})

test('descriptors end at their limit, for each process [DX-13]', async context => {
  assert.equal(unboxed(context, 'spill', ['opens', '200']).stdout, '200\n')
  for (const openFiles of [50, 100]) {
    const { stdout, exitCode } = await world.run('spill', ['opens', '200'], { limits: { openFiles } })
    assert.deepEqual([stdout, exitCode], [`${openFiles - 3}\n`, errno.EMFILE])
  }
  assert.equal((await run('sh', ['-c', 'ulimit -n 100000'])).ok, false, 'it cannot be raised')
})

test('a large input that is closed unread, or left unread, is not an error [DX-15]', async () => {
  const stdin = new Uint8Array(5_000_000)
  for (const script of ['exec <&-; sleep 0.1; echo well', 'head -c 1 >/dev/null; echo well']) {
    const { status, stdout } = await run('sh', ['-c', script], { stdin })
    assert.deepEqual([status, stdout], ['exited', 'well\n'])
  }
})

test('a program that closes 0, 1 and 2 and opens files there writes to its files, and has no output [DX-16]', async context => {
  const { directory, stdout: nativeOutput } = unboxed(context, 'spill', ['closed'])
  assert.equal(nativeOutput, '')
  assert.equal(readFileSync(join(directory, 'spill1'), 'utf8'), 'to a file\n')
  await using pool = await createPool({ size: 1, binds })
  for (const stdin of [undefined, 'input']) {
    const options = { collect: ['spill1', 'spill2'], ...(stdin === undefined ? {} : { stdin }) }
    const { status, exitCode, stdout, stderr, files } = await pool.run(GUEST, ['closed'], options)
    assert.deepEqual([status, exitCode, stdout, stderr], ['exited', 0, '', ''])
    assert.equal(Buffer.from(files['spill1']?.contents ?? '').toString(), 'to a file\n')
    assert.equal(Buffer.from(files['spill2']?.contents ?? '').toString(), 'to another')
    assert.equal((await pool.run('cat', [], { stdin: 'well' })).stdout, 'well')
  }
})

test('stdout can be opened by its name, and is a pipe wherever it leads [DX-17]', async context => {
  const { code } = unboxed(context, 'spill', ['seek'])
  context.diagnostic(`natively, with a socket of Node's as stdout: ${code}`)
  const file = join(temporaryDirectory(context), 'out')
  writeFileSync(file, 'before')
  const captured = await world.run('spill', ['seek'])
  assert.deepEqual([captured.exitCode, captured.stdout], [0, 'by name\nagain\n'])
  const { exitCode } = await world.run('spill', ['seek'], { stdout: { file } })
  assert.equal(exitCode, 0)
  assert.equal(readFileSync(file, 'utf8'), 'by name\nagain\n', 'the file itself is out of its reach')
})

test('inherited streams are blocking at the start, and restored afterwards [DX-18]', context => {
  const index = fileURLToPath(new URL('../../../packages/glassbox/dist/library/index.js', import.meta.url))
  const script = `import { run } from ${JSON.stringify(index)}
    import { spawnSync } from 'node:child_process'
    import { readFileSync, writeFileSync } from 'node:fs'
    const flags = () => [0, 1, 2].map(fd => /flags:\\s+(\\d+)/.exec(readFileSync('/proc/self/fdinfo/' + fd, 'utf8'))[1]).join()
    const told = {}
    const inherit = { stdin: 'inherit', stdout: 'inherit', stderr: 'inherit' }
    const boxed = async () => (await run(${JSON.stringify(spill)}, ['nonblock'], inherit)).exitCode
    // What libuv makes of them; every socket of Node's that ends opens stderr.
    process.stdout.write('')
    process.stderr.write('')
    told.before = flags()
    told.codes = [await boxed(), await boxed()]
    told.after = flags()
    await Promise.all([boxed(), boxed()])
    told.afterBoth = flags()
    told.native = spawnSync(${JSON.stringify(spill)}, ['nonblock'], { stdio: 'inherit' }).status
    told.afterNative = flags()
    writeFileSync(process.argv[1], JSON.stringify(told))`
  // The streams of a shell's pipes: shared, and blocking.
  const out = join(temporaryDirectory(context), 'told')
  const command = `sleep 0 | "$0" --input-type=module -e "$1" "$2" 2>&1 | cat`
  const { stdout } = spawnSync('sh', ['-c', command, process.execPath, script, out], { encoding: 'utf8' })
  assert.equal(stdout, '')
  const told = JSON.parse(readFileSync(out, 'utf8')) as Record<string, unknown>
  assert.deepEqual(told['codes'], [0, 0])
  assert.deepEqual([told['after'], told['afterBoth']], [told['before'], told['before']])
  assert.notEqual(told['afterNative'], told['before'], 'natively they stay as the program made them')
})

const gcc = existsSync('/usr/bin/gcc') ? false : 'needs gcc'
const doubling = (depth: number, first: string): string =>
  [`#define X0 ${first}`, ...Array.from({ length: depth }, (_, i) => `#define X${i + 1} X${i} X${i}`)].join(
    '\n',
  )
const COMPILES = [
  { name: 'macros that double 40 times', source: `${doubling(40, '+1')}\nint x = X40;` },
  { name: 'a constant array of 16 GiB', source: 'int x[1ul << 32] = {[0 ... (1ul << 32) - 1] = 1};' },
  { name: 'an array that fills the disk', source: 'char x[1 << 30] = {1};' },
  { name: 'an endless device as header', source: '#include "/dev/zero"' },
  { name: 'a file that includes itself', source: '#include __FILE__\n#include __FILE__' },
  {
    name: 'warnings without end',
    source: `${doubling(16, 'x = "";')}\nvoid f(void) { int x; X16 }`,
    truncated: true,
  },
  {
    name: 'templates that instantiate each other',
    source:
      'template<int n, int m> struct T { static const long v = T<n - 1, 2 * m>::v + T<n - 1, 2 * m + 1>::v; };\n' +
      'template<int m> struct T<0, m> { static const long v = m; };\nlong x = T<24, 0>::v;',
    language: 'c++',
  },
] as const

const LIMIT_STATUSES = ['cpu-time-limit', 'memory-limit', 'output-limit', 'wall-time-limit']
for (const { name, source, ...rest } of COMPILES) {
  test(`compiling ${name} ends within the limits [DX-20]`, { skip: gcc }, async context => {
    const language = 'language' in rest ? rest.language : 'c'
    if (language === 'c++' && !existsSync('/usr/bin/g++')) return context.skip('needs g++')
    const limits = { cpuTimeMs: 1500, wallTimeMs: 20_000, memoryBytes: 128 * MiB, outputBytes: 20_000 }
    const compile = async (text: string, more: object = {}): Promise<RunResult> =>
      run('gcc', ['-x', language, '-c', '-o', 'out.o', 'source'], {
        files: { source: text },
        limits: { ...limits, ...more },
        diskBytes: 64 * MiB,
      })
    const result = await compile(source)
    context.diagnostic(`${result.status} ${result.exitCode ?? ''} ${result.stderr.length} bytes of messages`)
    assert.equal(result.ok, false)
    if (result.status !== 'exited') assert.ok(LIMIT_STATUSES.includes(result.status), result.status)
    assertSane(result)
    assert.ok(result.stderr.length <= 20_000)
    if ('truncated' in rest) assert.equal(result.stderrTruncated, true)
    const sane = await compile('int main(void) { return 0; }', { cpuTimeMs: 20_000 })
    assert.equal(sane.ok, true, sane.stderr)
  })
}

/** In a separate process, because its memory is measured. */
function measured(script: string, ...args: readonly string[]): number {
  const words = ['--expose-gc', '--input-type=module', '-e', script, ...args]
  const { stdout, stderr } = spawnSync(process.execPath, words, { encoding: 'utf8', timeout: 60_000 })
  assert.match(stdout, /^\d+$/, stderr)
  return Number(stdout)
}

const MEMORY = `
  const used = () => {
    gc()
    const { heapUsed, external } = process.memoryUsage()
    return heapUsed + external
  }
  const path = name => new URL(name, process.argv[1]).href`
const dist = new URL('../../../packages/glassbox/dist/', import.meta.url).href

test('1 MiB written byte by byte costs the service less than 8 MiB [DX-01]', () => {
  const grown = measured(
    `${MEMORY}
    const { KeptBytes } = await import(path('stdio/kept-bytes.js'))
    const kept = new KeptBytes()
    const before = used()
    // As a socket gives them: each in memory of its own.
    for (let i = 0; i < 2 ** 20; i++) kept.append(Buffer.from(new ArrayBuffer(1)).fill(i & 0xff))
    const after = used()
    const bytes = kept.bytes()
    if (bytes.length !== 2 ** 20 || !bytes.every((byte, i) => byte === (i & 0xff))) throw new Error('bytes were lost')
    process.stdout.write(String(Math.max(0, after - before)))`,
    dist,
  )
  assert.ok(grown < 8 * MiB, `${grown} bytes`)
})

test('a program that writes each byte after the last was read costs the service no more than it wrote [DX-01]', () => {
  const bytes = 20_000
  const grown = measured(
    `${MEMORY}
    const { run } = await import(path('index.js'))
    const { PassThrough } = await import('node:stream')
    const [, , program, bytes] = process.argv
    const drip = async () => {
      const stdin = new PassThrough()
      const handle = run(program, ['drip', bytes], { stdin })
      let seen = 0
      let grown = 0
      const before = used()
      for await (const event of handle.events()) {
        if (event.type !== 'stdout' || (seen += event.chunk.length) < Number(bytes)) continue
        grown = used() - before
        stdin.end()
      }
      const { stdout } = await handle
      if (stdout !== 'x'.repeat(Number(bytes))) throw new Error('bytes were lost')
      return grown
    }
    await drip()
    process.stdout.write(String(Math.max(0, await drip())))`,
    ...[dist, program('handed'), `${bytes}`],
  )
  assert.ok(grown < 2 * MiB, `${grown} bytes for ${bytes}`)
})

test('arguments and environments that the kernel refuses are one clear error at any length, and the box stays usable [PR-17]', async () => {
  const refused = {
    code: 'ERR_GLASSBOX_PROGRAM_NOT_EXECUTABLE',
    errno: errno.E2BIG,
    message: /true: cannot be executed: E2BIG/,
    hint: /Arguments and environment together are too long/,
  }
  const word = 'x'.repeat(100_000)
  const native = spawnSync(
    'true',
    Array.from({ length: 100 }, () => word),
  )
  assert.equal((native.error as NodeJS.ErrnoException).code, 'E2BIG')
  await using box = await openBox()
  await using pool = await createPool({ size: 1 })
  for (const place of [{ run }, box, pool]) {
    for (const length of [70, 100, 400]) {
      const many = Array.from({ length }, () => word)
      await assert.rejects(async () => place.run('true', many), refused, `${length} arguments`)
      const env = Object.fromEntries(many.map((value, index) => [`NAME${index}`, value]))
      await assert.rejects(async () => place.run('true', [], { env }), refused, `${length} variables`)
    }
    // What no limit makes possible is refused before anything is started.
    await assert.rejects(async () => place.run('true', ['x'.repeat(10_000_000)]), {
      code: 'ERR_GLASSBOX_INVALID_OPTION',
      option: 'args[0]',
      message: /10000000 bytes; the kernel takes at most 131071/,
    })
    assert.equal((await place.run('echo', [word.slice(0, 1000)])).stdout.length, 1001)
  }
  assert.equal(pool.replaced, 0)
})
