/**
 * Host files that a program gets as streams: it can read their contents or write its output, and
 * gets nothing else of the host. A separate process starts the program here, because its
 * descriptors 0, 1 and 2 matter.
 */
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import {
  chmodSync,
  closeSync,
  constants,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { constants as os } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { createPool, run } from '#glassbox/index.js'
import { guard, root } from '../support/hostile.js'
import { program } from '../support/programs.js'
import { temporaryDirectory } from '../support/temporary.js'

const { errno } = os
const world = guard()
const handed = program('handed')
type Stdio = readonly ('ignore' | 'inherit' | 'pipe' | number)[]

const library = new URL('../../../packages/glassbox/dist/library/index.js', import.meta.url).href

interface Outcome {
  readonly out: string
  readonly err: string
}

/**
 * Runs `handed` in a box of a process that has these descriptors, and hands it what `options` say.
 */
function started(args: readonly string[], options: object, stdio: Stdio): Outcome {
  const script = `
    const { run } = await import(${JSON.stringify(library)})
    const { writeSync } = await import('node:fs')
    const say = it => writeSync(3, JSON.stringify(it))
    await run(${JSON.stringify(handed)}, ${JSON.stringify(args)}, ${JSON.stringify(options)}).then(
      ({ status, exitCode, stderr }) => say({ status, exitCode, stderr }),
      ({ code, message, hint }) => say({ code, message, hint }))`
  const { output, status } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    stdio: [...stdio, 'pipe'],
    encoding: 'utf8',
    timeout: 20_000,
  })
  assert.equal(status, 0, output[2] ?? '')
  return { out: output[3] ?? '', err: output[2] ?? '' }
}

const outcome = (args: readonly string[], options: object, stdio: Stdio): unknown =>
  JSON.parse(started(args, options, stdio).out)

/** A file whose user, and everybody else, may write it. */
function hostFile(context: TestContext, contents = 'of the host'): string {
  const file = join(temporaryDirectory(context), 'file')
  chmodSync(join(file, '..'), 0o755)
  writeFileSync(file, contents)
  chmodSync(file, 0o666)
  return file
}

const withFile = <T>(path: string, flags: string | number, use: (fd: number) => T): T => {
  const fd = openSync(path, flags)
  try {
    return use(fd)
  } finally {
    closeSync(fd)
  }
}

/** How a program comes to have the file as its stdin. */
const WAYS: readonly { way: string; give: (kind: string, file: string) => unknown }[] = [
  {
    way: 'a file',
    give: async (kind, file) => {
      const { status, exitCode } = await world.run('handed', [kind], { stdin: { file } })
      return { status, exitCode, stderr: '' }
    },
  },
  {
    way: 'a file in a pool',
    give: async (kind, file) => {
      await using pool = await createPool({ size: 1, binds: [{ source: handed, target: '/handed' }] })
      const { status, exitCode } = await pool.run('/handed', [kind], { stdin: { file } })
      return { status, exitCode, stderr: '' }
    },
  },
  {
    way: 'what it inherits',
    give: (kind, file) =>
      withFile(file, 'r', fd => outcome([kind], { stdin: 'inherit' }, [fd, 'ignore', 'inherit'])),
  },
]

for (const { way, give } of WAYS) {
  test(`stdin from ${way} gives no way to change it [FS-22, PO-02]`, async context => {
    const control = hostFile(context)
    for (const kind of ['reopen', 'truncate', 'chmod']) {
      withFile(control, 'r', fd => {
        const { status } = spawnSync(handed, [kind], { stdio: [fd, 'ignore', 'ignore'] })
        assert.equal(status, 0, `without a box ${kind} works`)
      })
    }
    assert.notEqual(readFileSync(control, 'utf8'), 'of the host')

    const file = hostFile(context)
    chmodSync(file, 0o646)
    const before = statSync(file)
    for (const kind of ['reopen', 'truncate', 'chmod']) {
      const { status, exitCode } = (await give(kind, file)) as { status: string; exitCode: number }
      assert.equal(status, 'exited')
      // A copy may be opened and given another mode; not written.
      if (root) assert.equal(exitCode, errno.EROFS, kind)
      else if (kind !== 'chmod') assert.equal(exitCode, errno.EPERM, kind)
      assert.equal(readFileSync(file, 'utf8'), 'of the host', kind)
      assert.deepEqual([statSync(file).mode, statSync(file).ctimeMs], [before.mode, before.ctimeMs], kind)
    }
  })
}

test('stdin from a file can be read by its name too, from the start again, and at any size', async context => {
  const file = hostFile(context, 'one\ntwo\n')
  const script = 'cat; cat /dev/stdin; wc -c < /proc/self/fd/0'
  assert.equal((await run('sh', ['-c', script], { stdin: { file } })).stdout, 'one\ntwo\none\ntwo\n8\n')
  const large = hostFile(context, 'x'.repeat(20_000_003))
  assert.equal((await run('wc', ['-c'], { stdin: { file: large } })).stdout, '20000003\n')
  assert.equal((await run('wc', ['-c'], { stdin: { file: '/dev/null' } })).stdout, '0\n')
  const version = readFileSync('/proc/version', 'utf8')
  assert.equal((await run('cat', [], { stdin: { file: '/proc/version' } })).stdout, version)
})

test('an inherited file is read from its offset, and keeps the offset that the program left', context => {
  const file = hostFile(context, '0123456789')
  withFile(file, 'r', fd => {
    assert.equal(readSync(fd, Buffer.alloc(2)), 2)
    const result = outcome(['skip', '3'], { stdin: 'inherit' }, [fd, 'ignore', 'inherit'])
    assert.deepEqual(result, { status: 'exited', exitCode: 0, stderr: '' })
    const rest = Buffer.alloc(10)
    assert.equal(rest.toString('utf8', 0, readSync(fd, rest)), '56789')
  })
})

test('stdin that is open only for writing is refused', context => {
  const file = hostFile(context)
  const refused = withFile(file, 'r+', () =>
    withFile(file, constants.O_WRONLY, fd =>
      outcome(['skip', '0'], { stdin: 'inherit' }, [fd, 'ignore', 'inherit']),
    ),
  )
  assert.equal((refused as { code: string }).code, 'ERR_GLASSBOX_INVALID_OPTION')
})

test('a sparse file of 1 TiB as stdin costs the service no memory', async context => {
  const file = hostFile(context)
  execFileSync('truncate', ['-s', '1T', file])
  const handle = run(handed, ['skip', '5'], { stdin: { file } })
  if (root) assert.equal((await handle).exitCode, 0)
  else await assert.rejects(async () => handle, { code: 'ERR_GLASSBOX_FILE', hint: /^Pipe the file in/ })
})

test('an inherited file has its old mode again after the program has written to it [FS-22, FS-25]', context => {
  for (const fd of [1, 2]) {
    const file = hostFile(context)
    chmodSync(file, 0o640)
    withFile(file, 'w', own => {
      const stdio: Stdio = fd === 1 ? ['ignore', own, 'inherit'] : ['ignore', 'pipe', own]
      const native = spawnSync('sh', ['-c', `exec "$0" setuid 1>&${fd}`, handed], { stdio: [...stdio] })
      assert.equal(native.status, 0)
      assert.equal(statSync(file).mode & 0o7777, 0o4777, 'without a box it is set-user-ID')
      chmodSync(file, 0o640)
    })
    withFile(file, 'w', own => {
      const stdio: Stdio = fd === 1 ? ['ignore', own, 'inherit'] : ['ignore', 'pipe', own]
      const options = fd === 1 ? { stdout: 'inherit' } : { stderr: 'inherit', stdout: 'inherit' }
      outcome(['setuid'], options, stdio)
    })
    assert.equal(statSync(file).mode & 0o7777, 0o640)
  }
})

test('privilege bits that a write cleared are not restored with the mode, nor kept if the program set them again [FS-25]', context => {
  const file = hostFile(context)
  chmodSync(file, 0o4755)
  withFile(file, constants.O_WRONLY, own => {
    chmodSync(file, 0o4755)
    outcome(['setuid'], { stdout: 'inherit' }, ['ignore', own, 'inherit'])
  })
  assert.equal(statSync(file).mode & 0o7777, 0o755)
})

for (const fd of [0, 1, 2]) {
  const name = ['stdin', 'stdout', 'stderr'][fd] ?? ''
  test(`a directory as ${name} is refused before anything starts, as a file and inherited [RT-03, PO-02]`, async context => {
    const directory = join(temporaryDirectory(context), 'directory')
    mkdirSync(directory)
    const path = `${'../'.repeat(20)}${world.file}`
    const inherit = fd === 0 ? { stdin: 'inherit' } : { [name]: 'inherit' }
    withFile(directory, constants.O_RDONLY | constants.O_DIRECTORY, own => {
      const stdio: Stdio[number][] = ['ignore', 'ignore', 'inherit']
      stdio[fd] = own
      if (fd !== 2) {
        const native = spawnSync(handed, ['up', `${fd}`, path], { stdio: [...stdio.slice(0, 2), 'pipe'] })
        assert.equal(native.stderr.toString(), world.secret, 'without a box it leads there')
      }
      const refused = outcome(['up', `${fd}`, path], inherit, stdio)
      assert.deepEqual((refused as { code: string }).code, 'ERR_GLASSBOX_INVALID_OPTION')
      assert.match(
        (refused as { message: string }).message,
        new RegExp(`^${name} cannot be descriptor ${fd} .* directory`),
      )
      assert.match((refused as { hint: string }).hint, /Name a file/)
    })
    await assert.rejects(async () => run('true', [], { [name]: { file: directory } }), {
      code: 'ERR_GLASSBOX_INVALID_OPTION',
      option: name,
      message: /a directory/,
    })
    await using pool = await createPool({ size: 1 })
    await assert.rejects(async () => pool.run('true', [], { [name]: { file: directory } }), {
      code: 'ERR_GLASSBOX_INVALID_OPTION',
    })
    assert.equal((await pool.run('true')).ok, true)
    assert.equal(pool.replaced, 0)
  })
}

for (const name of ['stdin', 'stdout', 'stderr']) {
  test(`a FIFO or a socket as ${name} is refused at once, whether or not somebody has its other end [FS-07, FS-08]`, async context => {
    const fifo = join(temporaryDirectory(context), 'fifo')
    execFileSync('mkfifo', [fifo])
    const flags = name === 'stdin' ? '<' : '>'
    const native = spawnSync('timeout', ['-s', 'KILL', '0.3', 'sh', '-c', `: ${flags} "$0"`, fifo])
    assert.notEqual(native.status, 0, 'who opens it waits')
    const refused = { code: 'ERR_GLASSBOX_INVALID_OPTION', option: name, hint: /shell/ }
    // In another process, which may be killed: this one would wait.
    const stdio: Stdio = ['ignore', 'ignore', 'inherit']
    assert.equal(
      (outcome(['skip', '0'], { [name]: { file: fifo } }, stdio) as { code: string }).code,
      refused.code,
    )
    await assert.rejects(async () => run('true', [], { [name]: { file: fifo } }), refused)
    await withFile(fifo, 'r+', () =>
      assert.rejects(async () => run('true', [], { [name]: { file: fifo } }), refused),
    )
    await assert.rejects(async () => run('true', [], { [name]: { file: world.socket } }), refused)
  })
}

test('a FIFO as a file to copy in is refused, and does not block [FS-07]', context => {
  const fifo = join(temporaryDirectory(context), 'fifo')
  execFileSync('mkfifo', [fifo])
  const refused = outcome(['skip', '0'], { files: { in: { file: fifo } } }, ['ignore', 'ignore', 'inherit'])
  assert.equal((refused as { code: string }).code, 'ERR_GLASSBOX_FILE')
})
