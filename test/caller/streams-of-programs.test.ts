/**
 * Streams of callers, with real programs at their other ends: rings of two, files, inherited
 * streams, worker threads.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { closeSync, createWriteStream, openSync, readFileSync, writeFileSync } from 'node:fs'
import { constants } from 'node:os'
import { join } from 'node:path'
import { PassThrough, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { after, before, test } from 'node:test'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { createPool, run, type RunResult } from '#glassbox/index.js'
import { failOnFaults } from '../support/faults.js'
import { assertNothingLeft, surroundings } from '../support/left.js'
import { temporaryDirectory } from '../support/temporary.js'

failOnFaults()

const initial = surroundings()
before(async () => {
  await run('true')
  Object.assign(initial, surroundings())
})
after(() => assertNothingLeft(initial))

const dist = fileURLToPath(new URL('../../../packages/glassbox/dist/', import.meta.url))
const module = (path: string): string => JSON.stringify(pathToFileURL(join(dist, path)).href)

type Words = readonly [program: string, ...args: string[]]

/** Two programs, each of which reads what the other writes. */
async function ring([first, ...more]: Words, [second, ...others]: Words): Promise<[RunResult, RunResult]> {
  const [there, back] = [new PassThrough(), new PassThrough()]
  return Promise.all([
    run(first, more, { stdin: back, stdout: there }),
    run(second, others, { stdin: there, stdout: back }),
  ])
}

const HI_LO = `lo=1; hi=1000
while :; do mid=$(( (lo + hi) / 2 )); echo $mid; read answer || exit 1
  case $answer in higher) lo=$((mid + 1));; lower) hi=$((mid - 1));; *) exit 0;; esac; done`
const KEEPER = `while read guess; do
  if [ $guess -lt 777 ]; then echo higher; elif [ $guess -gt 777 ]; then echo lower; else echo right; exit 0; fi
done; exit 1`

test('two programs in a ring play to their end', async () => {
  const results = await ring(['sh', '-c', HI_LO], ['sh', '-c', KEEPER])
  assert.deepEqual(
    results.map(({ status, exitCode }) => [status, exitCode]),
    [
      ['exited', 0],
      ['exited', 0],
    ],
  )
})

for (const swapped of [false, true]) {
  const inOrder = (words: [Words, Words]): [Words, Words] => (swapped ? [words[1], words[0]] : words)
  const place = swapped ? 'second' : 'first'

  test(`a ring whose ${place} program leaves at once: the other sees the end of its input`, async () => {
    const results = await ring(...inOrder([['false'], ['sh', '-c', 'read line || exit 7']]))
    assert.deepEqual(results.map(({ status, exitCode }) => `${status} ${exitCode}`).toSorted(), [
      'exited 1',
      'exited 7',
    ])
  })

  test(`a ring whose ${place} program stops reading: the other gets SIGPIPE, and is not blamed for the time`, async () => {
    const results = await ring(...inOrder([['head', '-1'], ['yes']]))
    assert.deepEqual(results.map(({ status }) => status).toSorted(), ['exited', 'signaled'])
    assert.ok(results.some(({ signal }) => signal === 'SIGPIPE'))
  })

  test(`a ring whose ${place} program uses up its time: the other is not blamed`, async () => {
    const [there, back] = [new PassThrough(), new PassThrough()]
    const limits = { cpuTimeMs: 100, wallTimeMs: 5000 }
    const spin = (): PromiseLike<RunResult> =>
      run('sh', ['-c', 'while :; do :; done'], { limits, stdin: back, stdout: there })
    const wait = (): PromiseLike<RunResult> => run('cat', [], { stdin: there, stdout: back })
    const [a, b] = await Promise.all(swapped ? [wait(), spin()] : [spin(), wait()])
    assert.deepEqual([a?.status, b?.status].toSorted(), ['cpu-time-limit', 'exited'])
  })
}

test('a source that is not read to its end ends the pipeline in front of it only if a program writes it', async () => {
  const upper = new Transform({
    transform: (chunk: Buffer, _encoding, done) => done(null, chunk.toString().toUpperCase()),
  })
  const between = new PassThrough()
  const joined = pipeline(between, upper).catch(() => {})
  const [yes, head] = await Promise.all([
    run('seq', ['100']).then(({ stdout }) => (between.end(stdout), stdout)),
    run('tail', ['-1'], { stdin: upper }),
  ])
  await joined
  assert.equal(head.stdout, '100\n')
  assert.ok(yes)
})

test('a program’s output goes to a file stream, flushed and ended', async context => {
  const file = join(temporaryDirectory(context), 'out')
  const stdout = createWriteStream(file)
  await run('seq', ['5'], { stdout })
  assert.equal(readFileSync(file, 'utf8'), '1\n2\n3\n4\n5\n')
  assert.deepEqual([stdout.writableFinished, stdout.destroyed], [true, true])
})

test('output that cannot be written rejects with its errno, as a stream and as a file', async () => {
  const code = 'ERR_GLASSBOX_FILE'
  const errno = constants.errno.ENOSPC
  await assert.rejects(async () => run('echo', ['x'], { stdout: createWriteStream('/dev/full') }), {
    code,
    errno,
  })
  await assert.rejects(async () => run('echo', ['x'], { stdout: { file: '/dev/full' } }), {
    code,
    errno,
    path: '/dev/full',
  })
})

test('one file for both outputs is one pipe, and a file may be given as a URL', async context => {
  const file = join(temporaryDirectory(context), 'out')
  const options = { stdout: { file }, stderr: { file: pathToFileURL(file) } }
  await run('sh', ['-c', 'echo 1; echo 2 >&2; echo 3'], options)
  assert.equal(readFileSync(file, 'utf8'), '1\n2\n3\n')
  const { stdout } = await run('cat', [], { stdin: { file: pathToFileURL(file) } })
  assert.equal(stdout, '1\n2\n3\n')
  await assert.rejects(async () => run('cat', [], { stdin: { file }, stdout: { file } }), {
    option: 'stdout',
  })
  assert.equal(readFileSync(file, 'utf8'), '1\n2\n3\n', 'it was not emptied')
})

test('stderr in the pipe of stdout keeps the order, captured, piped and ignored', async () => {
  const words: Words = ['sh', '-c', 'for i in 1 2 3; do echo out; echo err >&2; done']
  const [program, ...args] = words
  const expected = 'out\nerr\n'.repeat(3)
  assert.equal((await run(program, args, { stderr: 'stdout' })).stdout, expected)
  const lines: string[] = []
  for await (const line of run(program, args, { stdout: 'pipe', stderr: 'stdout' })) lines.push(line)
  assert.equal(`${lines.join('\n')}\n`, expected)
  assert.equal((await run(program, args, { stdout: 'ignore', stderr: 'stdout' })).stdout, '')
})

/** Runs a script in a process of its own whose outputs are `fd`. */
function scriptInto(fd: number, script: string): void {
  const { status, signal } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', fd, fd],
    timeout: 30_000,
  })
  assert.deepEqual([status, signal], [0, null])
}

test('an inherited output that is a file is out of the program’s reach, and both are one [F3]', context => {
  const file = join(temporaryDirectory(context), 'log')
  const spy = 'head -c 5 /proc/self/fd/1; echo; stat -L -c %F /proc/self/fd/1; echo error >&2; echo after'
  const append = (use: (fd: number) => void): string => {
    writeFileSync(file, 'TOKEN\n')
    const fd = openSync(file, 'a')
    use(fd)
    closeSync(fd)
    return readFileSync(file, 'utf8')
  }
  const native = append(fd => void spawnSync('sh', ['-c', spy], { stdio: ['ignore', fd, fd] }))
  assert.equal(
    native,
    'TOKEN\nTOKEN\nregular file\nerror\nafter\n',
    'without a box it reads what others wrote',
  )
  const boxed = append(fd =>
    scriptInto(
      fd,
      `import { run } from ${module('index.js')}
       await run('sh', ['-c', ${JSON.stringify(spy.replace('head', 'timeout 0.2 head'))}], { stdout: 'inherit', stderr: 'inherit' })`,
    ),
  )
  assert.equal(boxed, 'TOKEN\n\nfifo\nerror\nafter\n')
  const cut = append(fd =>
    scriptInto(
      fd,
      `import { run } from ${module('index.js')}
       const { status } = await run('yes', [], { stdout: 'inherit', limits: { outputBytes: 10 } })
       process.exitCode = status === 'output-limit' ? 0 : 1`,
    ),
  )
  assert.equal(cut, 'TOKEN\ny\ny\ny\ny\ny\n')
})

/**
 * Runs a script in a process of its own and gives what it prints; anything on stderr is a fault.
 */
function scripted(
  script: string,
  options: { readonly uid?: number; readonly timeout?: number } = {},
): string {
  const { stdout, stderr, status, signal } = spawnSync(
    process.execPath,
    ['--input-type=module', '-e', script],
    {
      encoding: 'utf8',
      timeout: 30_000,
      ...options,
    },
  )
  assert.deepEqual([stderr, status, signal], ['', 0, null])
  return stdout.trim()
}

test('a service without a free descriptor keeps its runs, and loses none of their output [D3]', () => {
  const script = `import { run } from ${module('index.js')}
    import { closeSync, openSync } from 'node:fs'
    await run('true')
    const handle = run('sh', ['-c', 'sleep 0.1; echo out; echo err >&2; sleep 0.1; echo more'])
    const taken = []
    // As soon as it runs: it has its descriptors then.
    for await (const event of handle.events()) {
      for (let more = event.type !== 'end'; more; ) {
        try { taken.push(openSync('/dev/null')) } catch (error) { more = false; if (error.code !== 'EMFILE') throw error }
      }
    }
    const plain = run('sh', ['-c', 'echo plain; sleep 0.2; echo end'])
    await plain.catch(error => console.log(error.code))
    for (const fd of taken) closeSync(fd)
    const started = run('sh', ['-c', 'sleep 0.05; echo plain; sleep 0.2; echo end'])
    setTimeout(() => { try { for (;;) openSync('/dev/null') } catch {} }, 30)
    const { stdout, stderr } = await handle
    console.log(JSON.stringify([stdout, stderr, (await started).stdout]))`
  const limited = `ulimit -n 120; exec "$0" --input-type=module -e "$1"`
  const { stdout, stderr } = spawnSync('sh', ['-c', limited, process.execPath, script], {
    encoding: 'utf8',
    timeout: 30_000,
  })
  assert.equal(stderr, '')
  assert.deepEqual(stdout.trim().split('\n').at(-1), JSON.stringify(['out\nmore\n', 'err\n', 'plain\nend\n']))
})

const root = process.geteuid?.() === 0

test('a user who has used up the pages for pipes does not stop the event loop [F5]', context => {
  const soft = Number(readFileSync('/proc/sys/fs/pipe-user-pages-soft', 'utf8'))
  if (soft === 0) {
    context.skip('this host has no such limit')
    return
  }
  const exhaust = `import { call } from ${module('gate/gate.js')}
    import { F_GETPIPE_SZ } from ${module('linux/constants.js')}
    import { writeSync } from 'node:fs'
    const ends = new Int32Array(2)
    for (let pipes = 0; ; pipes++) {
      call('pipe2', [ends, 0])
      if (call('fcntl', [ends[1], F_GETPIPE_SZ]) < 60000) break
    }`
  const user = root ? { uid: 65_534 } : {}
  // Control: what the input did before.
  const blocked = spawnSync(
    process.execPath,
    ['--input-type=module', '-e', `${exhaust}\nwriteSync(ends[1], 'x'.repeat(60000))`],
    {
      ...user,
      timeout: 3000,
      encoding: 'utf8',
    },
  )
  if (blocked.status !== null) {
    context.skip(`too few descriptors to use them up: ${blocked.stderr.slice(-200)}`)
    return
  }
  const told = scripted(
    `${exhaust}
    const { openInput } = await import(${module('stdio/input.js')})
    const { readSync } = await import('node:fs')
    const input = await openInput({ source: { kind: 'data', data: ['x'.repeat(60000)] } })
    let length = 0
    const bytes = Buffer.alloc(1000)
    while (length < 60000) { length += readSync(input.childFd, bytes); await new Promise(setImmediate) }
    input.close()
    console.log(length)
    process.exit()`,
    user,
  )
  assert.equal(told, '60000')
})

test('a worker thread warns of nothing, and leaves nothing when it is terminated [L5]', () => {
  const script = `import { Worker } from 'node:worker_threads'
    import { readdirSync } from 'node:fs'
    const open = () => readdirSync('/proc/self/fd').length
    // The worker works until it says so, and is terminated then.
    const work = body => new Promise((resolve, reject) => {
      const begin = 'const g = await import(' + ${JSON.stringify(module('index.js'))} + '); const { parentPort } = await import("node:worker_threads");'
      const worker = new Worker('(async () => {' + begin + body + '; parentPort.postMessage(1) })()', { eval: true })
      worker.on('error', reject)
      worker.on('message', () => worker.terminate().then(resolve))
    })
    const settled = async at => { for (let i = 0; i < 250 && open() > at; i++) await new Promise(r => setTimeout(r, 20)) }
    await work('await g.run("true")')
    const before = open()
    await work('await g.run("cat", [], { stdin: "x" }); await g.run("cat", [], { stdin: Buffer.alloc(100000) });' +
      'await g.run("sh", ["-c", "echo x; sleep 0.05"], { stdout: { file: "/dev/null" } });' +
      'await g.run("cat", [], { stdin: { file: "/etc/passwd" } });' +
      'await g.run("sh", ["-c", "echo x > f"], { collect: ["f"], files: { a: "b" } });')
    await settled(before)
    const ended = open() - before
    await work('const runs = Array.from({ length: 6 }, (_, i) => g.run("sh", ["-c", "echo on >&2; sleep 20"],' +
      ' i % 2 ? { stdin: "pipe" } : { stdout: { file: "/dev/null" } }));' +
      'for (const run of runs) { run.catch(() => {}); for await (const chunk of run.stderr) break }')
    await settled(before)
    console.log(ended, open() - before)`
  assert.equal(scripted(script), '0 0')
})

test('runs of a pool whose streams fail leave the pool as it was', async () => {
  await using pool = await createPool({ size: 1 })
  for (let i = 0; i < 3; i++) {
    const stdin = new PassThrough()
    setTimeout(() => stdin.destroy(new Error('upload broke')), 20)
    await assert.rejects(async () => pool.run('cat', [], { stdin }), { code: 'ERR_GLASSBOX_STREAM' })
    const stdout = new PassThrough()
    stdout.once('data', () => stdout.destroy())
    assert.equal((await pool.run('yes', [], { stdout })).signal, 'SIGPIPE')
  }
  assert.equal((await pool.run('echo', ['well'])).stdout, 'well\n')
  assert.equal(pool.replaced, 0)
})
