/** Descriptors that the event loop watches: when it calls, when it does not, and the end. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { pathToFileURL, fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { close } from '#glassbox/gate/descriptors.js'
import { call } from '#glassbox/gate/gate.js'
import { readNow, watchReadable } from '#glassbox/gate/readable.js'

const root = fileURLToPath(new URL('../../../packages/glassbox/dist/gate/', import.meta.url))
/** What the scripts of other threads and processes begin with. */
const PRELUDE = `
const [{ call }, { watchReadable, readNow }] = await Promise.all(
  ['gate', 'readable'].map(name => import(${JSON.stringify(pathToFileURL(root).href)} + name + '.js')))
const pipe = () => { const two = new Int32Array(2); call('pipe2', [two, 0]); return two }`

function pipe(): { readonly read: number; readonly write: number } {
  const two = new Int32Array(2)
  call('pipe2', [two, 0])
  const [read = -1, write = -1] = two
  return { read, write }
}

const put = (fd: number, text: string): unknown => call('write', [fd, Buffer.from(text), text.length])
const buffer = new Uint8Array(4)

/** Watches a pipe, and keeps what every call finds in it. */
function watched(): {
  readonly watch: ReturnType<typeof watchReadable>
  readonly found: (string | number)[]
  readonly write: number
  readonly read: number
} {
  const { read, write } = pipe()
  const found: (string | number)[] = []
  const watch = watchReadable(read, () => {
    const length = readNow(read, buffer)
    if (length === undefined) return
    found.push(length > 0 ? Buffer.from(buffer.subarray(0, length)).toString() : length)
    if (length <= 0) watch.end()
  })
  return { watch, found, write, read }
}

/** Long enough for several turns of the event loop. */
const turns = async (): Promise<void> => {
  for (let turn = 0; turn < 5; turn++) await sleep(1)
}

test('bytes are told until they are read, and the end once', async () => {
  const { found, write, read } = watched()
  await turns()
  assert.deepEqual(found, [])
  put(write, 'abcdef')
  await turns()
  assert.deepEqual(found, ['abcd', 'ef'])
  close(write)
  await turns()
  assert.deepEqual(found, ['abcd', 'ef', 0])
  close(read)
})

test('a paused watch tells nothing, and everything afterwards; an ended one tells nothing', async () => {
  const { watch, found, write, read } = watched()
  watch.pause(true)
  put(write, 'ab')
  await turns()
  assert.deepEqual(found, [])
  watch.pause(false)
  await turns()
  assert.deepEqual(found, ['ab'])
  put(write, 'cd')
  watch.end()
  for (const again of [() => watch.end(), () => watch.pause(false), () => watch.hold(true)]) again()
  await turns()
  assert.deepEqual(found, ['ab'])
  for (const fd of [read, write]) close(fd)
})

test('the number of a closed descriptor can be watched again at once', async () => {
  const first = watched()
  first.watch.end()
  for (const fd of [first.read, first.write]) close(fd)
  const second = watched()
  assert.equal(second.read, first.read)
  put(second.write, 'x')
  await turns()
  assert.deepEqual([first.found, second.found], [[], ['x']])
  second.watch.end()
  for (const fd of [second.read, second.write]) close(fd)
})

test('a descriptor that is closed or that nothing can wait for is refused', () => {
  const { read, write } = pipe()
  for (const fd of [read, write]) close(fd)
  assert.throws(() => watchReadable(read, () => {}), { code: 'ERR_GLASSBOX_SYSTEM', message: /EBADF/ })
  assert.throws(() => watchReadable(-1, () => {}), { code: 'ERR_GLASSBOX_SYSTEM' })
})

/** Runs a script in a process of its own. */
const inProcess = (script: string): { readonly status: number | null; readonly stdout: string } =>
  spawnSync(process.execPath, ['--input-type=module', '-e', PRELUDE + script], {
    encoding: 'utf8',
    timeout: 20_000,
  })

test('a watch keeps the process running only while it holds the event loop', () => {
  const script = (hold: boolean): string => `
    const [read] = pipe()
    watchReadable(read, () => {}).hold(${hold})
    setTimeout(() => { console.log('still here'); process.exit(3) }, 300).unref()`
  assert.deepEqual(
    [true, false].map(hold => inProcess(script(hold))).map(({ status, stdout }) => [status, stdout]),
    [
      [3, 'still here\n'],
      [0, ''],
    ],
  )
})

test('what a callback throws is an uncaught exception', () => {
  const { stdout } = inProcess(`
    const [read, write] = pipe()
    process.on('uncaughtException', ({ message }) => { console.log(message); process.exit() })
    watchReadable(read, () => { throw new Error('mine') })
    call('write', [write, Buffer.from('x'), 1])`)
  assert.equal(stdout, 'mine\n')
})

test('a worker thread that watches can end and can be terminated; its descriptors are closed', async () => {
  const open = (): number => readdirSync('/proc/self/fd').length
  const before = open()
  for (const ends of [false, true]) {
    const script = `(async () => { ${PRELUDE}
      const [read] = pipe()
      const watches = [watchReadable(read, () => {}), watchReadable(pipe()[0], () => {})]
      watches[0].end()
      watches[1].hold(${!ends})
      require('node:worker_threads').parentPort.postMessage('watching')
    })()`
    const worker = new Worker(script, { eval: true })
    const exited = new Promise(resolve => worker.once('exit', resolve))
    await new Promise((resolve, reject) => {
      worker.once('message', resolve)
      worker.once('error', reject)
    })
    if (!ends) await worker.terminate()
    await exited
  }
  assert.equal(open(), before)
})
