// Runs the kernel's script in this thread, with some programs, and saves the code that V8 compiled
// for it. If ptrace is forbidden, the programs do not run, and less code is saved.
//
//   node scripts/warm-kernel.cjs DIRECTORY      that of the library's bundles
'use strict'
const { EventEmitter } = require('node:events')
const { readFileSync, renameSync, writeFileSync } = require('node:fs')
const { join } = require('node:path')
const { pathToFileURL } = require('node:url')
const v8 = require('node:v8')
const { Script } = require('node:vm')
const threads = require('node:worker_threads')

const [directory] = process.argv.slice(2)
const path = join(directory, 'kernel.cjs')
const PROGRAMS = [
  ['true'],
  ['sh', '-c', 'ls -l / | wc -l; cat /proc/self/status > /tmp/status; (exit 3); rm /tmp/status'],
]

const source = `(function (module, exports, require, __filename, __dirname) {${readFileSync(path, 'latin1')}\n})`
let script

/** Stands for the worker: its other end is in this thread. */
class Worker extends EventEmitter {
  constructor(_url, { workerData }) {
    super()
    const { port1, port2 } = new threads.MessageChannel()
    this.port = port1
    port1.on('message', message => this.emit('message', message))
    port1.on('close', () => this.emit('exit'))
    script = new Script(source, { filename: path })
    const own = { ...threads, parentPort: port2, workerData }
    const load = id => (id === 'node:worker_threads' ? own : require(id))
    const bundle = { exports: {} }
    script.runInThisContext()(bundle, bundle.exports, load, path, directory)
  }
  postMessage(message, given) {
    this.port.postMessage(message, given)
  }
  ref() {
    this.port.ref()
  }
  unref() {
    this.port.unref()
  }
}

async function runPrograms() {
  const { openBox } = await import(pathToFileURL(join(directory, 'index.js')))
  const box = await openBox({ runner: 'kernel' })
  for (const [name, ...args] of PROGRAMS) await box.run(name, args)
  await box.close()
}

async function warm() {
  // V8 discards code that was not used for a while, unless this flag is set. The flag must be
  // reset before the code is saved, because V8 refuses code that was made with other flags.
  v8.setFlagsFromString('--no-flush-bytecode')
  threads.Worker = Worker
  const failure = await runPrograms().catch(error => error)
  v8.setFlagsFromString('--flush-bytecode')
  if (failure !== undefined) console.error(failure)
  const file = `${path}.${process.version}.${process.arch}`
  const code = script.createCachedData()
  const lengths = Buffer.from(Float64Array.of(source.length, code.length).buffer)
  writeFileSync(`${file}.tmp`, Buffer.concat([lengths, Buffer.from(source, 'latin1'), code]))
  renameSync(`${file}.tmp`, file)
  process.exit(failure === undefined ? 0 : 1)
}

void warm()
