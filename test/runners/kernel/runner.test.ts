/** The kernel runner keeps the contract of runners: limits, verdicts, streams, files, the end. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type Box, createPool, openBox, run } from '#glassbox/index.js'
import { assertNothingLeft, type Surroundings, surroundings } from '../../support/left.js'
import { program } from '../../support/programs.js'

const MiB = 2 ** 20
const runner = 'kernel'

describe('the kernel runner', () => {
  let around: Surroundings
  let box: Box
  before(async () => {
    // Makes what stays for the life of the process.
    await run('true', [], { runner })
    around = surroundings()
    box = await openBox({ runner })
  })
  after(async () => {
    await box.close()
    await assertNothingLeft(around)
  })

  test('streams: standard input, output and errors stay apart', async () => {
    const result = await box.run('sh', ['-c', 'tr a-z A-Z; echo err >&2; exit 3'], { stdin: 'text\n' })
    assert.deepEqual([result.stdout, result.stderr, result.exitCode], ['TEXT\n', 'err\n', 3])
    assert.equal(result.runner, runner)
    assert.deepEqual(result.measuredBy, { cpuTime: 'kernel', memory: 'kernel', processes: 'kernel' })
  })

  test('files go in and out, and stay from one program to the next', async () => {
    await box.writeFile('in.txt', 'one\n')
    const { files } = await box.run(
      'sh',
      ['-c', 'cat in.txt > out.txt; echo two >> out.txt; echo x > /tmp/kept'],
      {
        collect: ['out.txt'],
      },
    )
    assert.equal(Buffer.from(files['out.txt']?.contents ?? []).toString(), 'one\ntwo\n')
    assert.equal((await box.run('cat', ['/tmp/kept'])).stdout, 'x\n')
  })

  const ENDINGS = [
    ['cpu-time-limit', 'while :; do :; done', { cpuTimeMs: 100 }],
    ['wall-time-limit', 'sleep 60', { wallTimeMs: 150 }],
    ['output-limit', 'while :; do echo 0123456789; done', { outputBytes: 5000 }],
    ['process-limit', 'for i in 1 2 3 4 5 6; do sleep 1 & done; exit 1', { processes: 4 }],
  ] as const
  for (const [status, line, limits] of ENDINGS)
    test(`a limit has its verdict: ${status}`, async () => {
      assert.equal((await box.run('sh', ['-c', line], { limits })).status, status)
    })

  test('memory is what the world holds, and its limit ends the program', async () => {
    const python = 'x = bytearray(80 * 2**20)\nfor i in range(0, len(x), 4096): x[i] = 1\nprint(len(x))'
    const enough = await box.run('python3', ['-c', python], { limits: { memoryBytes: 200 * MiB } })
    assert.equal(enough.status, 'exited')
    assert.ok(enough.memoryBytes > 80 * MiB && enough.memoryBytes < 130 * MiB, `${enough.memoryBytes}`)
    const greedy = 'x = []\nwhile True: x.append(bytearray(2**20))'
    const short = await box.run('python3', ['-c', greedy], { limits: { memoryBytes: 40 * MiB } })
    assert.equal(short.status, 'memory-limit')
  })

  test('memory of a program that was killed is not charged to the next one', async () => {
    const { memoryBytes } = await box.run('true')
    assert.ok(memoryBytes < 10 * MiB, `${memoryBytes}`)
  })

  test('memory that is given back at once is counted', async () => {
    const python = 'import mmap\nfor i in range(20): mmap.mmap(-1, 8 * 2**20, flags=0x8022).close()'
    const { status, memoryBytes } = await box.run('python3', ['-c', python])
    assert.equal(status, 'exited')
    assert.ok(memoryBytes > 8 * MiB && memoryBytes < 24 * MiB, `${memoryBytes}`)
  })

  test('a program is killed by the caller, whatever it does', async () => {
    for (const line of ['while :; do :; done', 'sleep 60', 'trap "" TERM INT; while :; do sleep 1; done']) {
      const abort = new AbortController()
      setTimeout(() => abort.abort(), 150)
      const { status } = await box.run('sh', ['-c', line], { signal: abort.signal })
      assert.equal(status, 'canceled')
    }
  })

  test('what cannot be run is one error, and the box goes on', async () => {
    const fails = async (
      words: readonly [string, ...string[]],
      code: string,
      options = {},
    ): Promise<void> => {
      const [name, ...args] = words
      await assert.rejects(async () => box.run(name, args, options), { code })
    }
    await fails(['/nonexistent'], 'ERR_GLASSBOX_PROGRAM_NOT_FOUND')
    await fails(['/etc/passwd'], 'ERR_GLASSBOX_PROGRAM_NOT_EXECUTABLE')
    await fails(['true'], 'ERR_GLASSBOX_STEP_FAILED', { cwd: '/nowhere' })
    const foreign = Buffer.concat([Buffer.from('\x7fELF\x01\x01\x01'), Buffer.alloc(200)])
    await box.writeFile('other', foreign, { mode: 0o755 })
    await fails(['./other'], 'ERR_GLASSBOX_PROGRAM_NOT_EXECUTABLE')
    await box.writeFile('script', '#!/no/interpreter\n', { mode: 0o755 })
    await fails(['./script'], 'ERR_GLASSBOX_PROGRAM_NOT_FOUND')
    assert.equal((await box.run('echo', ['on'])).stdout, 'on\n')
  })

  test('options that it cannot honour are refused', async () => {
    for (const options of [{ net: 'host' }, { diskBytes: MiB }, { policy: 'default' }] as const)
      await assert.rejects(async () => run('true', [], { runner, ...options }), {
        code: 'ERR_GLASSBOX_INVALID_OPTION',
      })
    await assert.rejects(
      async () => run('true', [], { runner, binds: [{ source: '/no/such' }] }),
      /Cannot bind/,
    )
  })

  test('several worlds at a time in one process', async () => {
    const many = await Promise.all(
      [1, 2, 3, 4].map(n => run('sh', ['-c', `sleep 0.1; echo ${n}`], { runner })),
    )
    assert.deepEqual(
      many.map(({ stdout }) => stdout),
      ['1\n', '2\n', '3\n', '4\n'],
    )
  })

  test('a pool gives each program an empty sandbox', async () => {
    await using pool = await createPool({ runner, size: 1 })
    const first = await pool.run('sh', ['-c', 'echo x > /box/a; echo y > /tmp/b; ls /box /tmp'])
    assert.match(first.stdout, /a\n[^]*b\n/)
    const second = await pool.run('sh', ['-c', 'ls /box /tmp'])
    assert.equal(second.stdout, '/box:\n\n/tmp:\n')
  })

  test('a program of the host outside of the system directories is shown', async () => {
    const result = await run(program('kernel/hello'), ['word'], { runner })
    assert.deepEqual([result.stdout, result.exitCode], ['word\nhello\n', 3])
  })

  test('closing a box while a program runs ends it', async () => {
    const other = await openBox({ runner })
    const running = other.run('sleep', ['60'])
    setTimeout(() => void other.close(), 200)
    await assert.rejects(async () => running, { code: 'ERR_GLASSBOX_BOX_CLOSED' })
  })
})
