/** Workers that are terminated at any moment while they open boxes and run programs in them. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { Worker } from 'node:worker_threads'
import { run } from '#glassbox/index.js'
import { failOnFaults } from '../support/faults.js'
import { assertNothingLeft, surroundings } from '../support/left.js'

failOnFaults()

const WORKERS = 100
const AT_A_TIME = 4
/** A box with a program takes about this long here, so every moment of it is met. */
const LONGEST_LIFE_MS = 40

const initial = surroundings()
before(async () => {
  await run('true')
  await terminated() // what a worker opens once and for all in Node
  Object.assign(initial, surroundings())
})
after(() => assertNothingLeft(initial))

const index = pathToFileURL(
  fileURLToPath(new URL('../../../packages/glassbox/dist/library/index.js', import.meta.url)),
).href

/** Opens boxes without end, three at a time, with all kinds of descriptors. */
const script = `const { parentPort } = require('node:worker_threads')
  const work = async ({ openBox, run }) => {
    const box = await openBox()
    await box.writeFile('a', 'x')
    await box.run('cat', ['a'], { stdin: Buffer.alloc(100000), stderr: { file: '/dev/null' } })
    await box.close()
    await run('cat', [], { stdin: { file: '/etc/passwd' } })
  }
  import(${JSON.stringify(index)}).then(glassbox => {
    parentPort.postMessage('begins')
    for (let i = 0; i < 3; i++) (async () => { for (;;) await work(glassbox) })().catch(error => parentPort.postMessage(String(error)))
  })`

/** Resolves when the worker is terminated, with an error that it met before. */
function terminated(): Promise<string | undefined> {
  const worker = new Worker(script, { eval: true })
  return new Promise((resolve, reject) => {
    let failure: string | undefined
    worker.on('error', reject)
    worker.on('message', (message: string) => {
      if (message !== 'begins') failure = message
      else
        setTimeout(
          () => void worker.terminate().then(() => resolve(failure)),
          Math.random() * LONGEST_LIFE_MS,
        )
    })
  })
}

/** Numbers and files of the open descriptors. */
function open(): string[] {
  return readdirSync('/proc/self/fd').flatMap(fd => {
    try {
      return [`${fd} ${readlinkSync(`/proc/self/fd/${fd}`)}`]
    } catch {
      return [] // it is the one of this list
    }
  })
}

/** Children of this process in any state: `PID (name) state`. */
const children = (): string[] =>
  readdirSync('/proc').flatMap(pid => {
    try {
      const [text, parent] = / \((?:.*)\) . (\d+) /s.exec(readFileSync(`/proc/${pid}/stat`, 'latin1')) ?? []
      return text !== undefined && Number(parent) === process.pid ? [pid + text] : []
    } catch {
      return []
    }
  })

test(`${WORKERS} terminated workers leave no descriptor and no process [L5]`, async () => {
  const then = { open: open(), children: children() }
  for (let ended = 0; ended < WORKERS; ended += AT_A_TIME)
    assert.deepEqual(
      await Promise.all(Array.from({ length: AT_A_TIME }, terminated)),
      Array<undefined>(AT_A_TIME).fill(undefined),
    )
  assert.deepEqual({ open: open(), children: children() }, then)
})
