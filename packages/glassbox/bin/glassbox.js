#!/usr/bin/env node
// The command's entry; kept apart from dist/ so that npm can link it before the first build. It
// runs the bundle of the subcommand that is asked for, with the code that V8 compiled for it at
// build time where that was the same version of Node (scripts/build-bundles.mjs makes both).
// CommonJS: Node's loader of modules alone takes longer to start than a bundle.
'use strict'
const { closeSync, existsSync, openSync, readFileSync, readSync, writeSync } = require('node:fs')
const { createRequire } = require('node:module')
const { Script } = require('node:vm')

const BUNDLES = ['run', 'strace', 'doctor', 'completion']
const HEADER_BYTES = 16
/**
 * A traced program waits for each stop to be handled, and often has its processors full: the
 * threads of V8's optimising compiler would take them from it, for code that most traces are too
 * short to use. So a function must have been four times as hot as usual. By the major version of
 * Node, since V8 says so on stderr where it does not know a flag; from 24 on it is another
 * compiler that takes the time, and there is nothing to be gained.
 */
const STRACE_FLAGS = { 20: '--interrupt-budget=270336', 22: '--invocation-count-for-turbofan=12000' }

/** Linux on x86-64: the gate's table of calls is not loaded yet. */
const [READ, MMAP, RT_SIGACTION, EXECVE, FCNTL, MEMFD_CREATE] = [0, 9, 13, 59, 72, 319]
const [SIGUSR1, SIGACTION_BYTES, SIGSET_BYTES, F_SETFD] = [10, 32, 8, 2]
const [PROT_READ_WRITE, MAP_PRIVATE_ANONYMOUS, POINTER_BYTES] = [3, 0x22, 8]

/**
 * Variables by which Node does more than it is asked for from now on: modules, profiles, an
 * inspector, files that it writes. They are meant for the programs of whoever set them, not for a
 * tool that happens to be written in JavaScript.
 */
const NODE_VARIABLES = new Set([
  ...['NODE_OPTIONS', 'NODE_V8_COVERAGE', 'NODE_COMPILE_CACHE', 'NODE_REDIRECT_WARNINGS'],
  ...['NODE_DEBUG', 'NODE_DEBUG_NATIVE', 'NODE_PENDING_DEPRECATION'],
])
/**
 * Under these names they are kept for a traced program, which gets them back
 * (src/strace/environment.ts).
 */
const WITHHELD = 'GLASSBOX_WITHHELD_'

function loadGate() {
  const found = { exports: {} }
  try {
    process.dlopen(found, process.env.GLASSBOX_GATE ?? `${__dirname}/../prebuilds/gate-linux-x64.node`)
    return found.exports
  } catch {
    return undefined // what needs the gate says why it is not there
  }
}

/** The words of a file of /proc, as bytes: they need not be text. */
const wordsOf = file => readFileSync(file, 'latin1').split('\0').slice(0, -1)

/** The words of this process, as bytes unless Node wrote a title over them (--title). */
function commandLine() {
  const text = [process.argv0, ...process.execArgv, ...process.argv.slice(1)]
  const words = wordsOf('/proc/self/cmdline')
  if (words.length === text.length && words[0] === process.argv0) return words
  return text.map(word => Buffer.from(word).latin1Slice())
}

/**
 * Puts strings and the two lists of pointers to them where execve(2) can read them. Returns the
 * addresses of the lists.
 */
function placeLists(gate, argv, env) {
  const strings = [...argv, ...env].map(text => Buffer.from(`${text}\0`, 'latin1'))
  const listBytes = POINTER_BYTES * (strings.length + 2)
  const bytes = Buffer.concat([Buffer.alloc(listBytes), ...strings])
  const address = gate.syscall(MMAP, 0, bytes.length, PROT_READ_WRITE, MAP_PRIVATE_ANONYMOUS, -1, 0)
  if (address < 0) throw new Error('no memory')
  let at = listBytes
  for (const [index, string] of strings.entries()) {
    // A null pointer ends the first list.
    const slot = index < argv.length ? index : index + 1
    bytes.writeBigUInt64LE(BigInt(address + at), slot * POINTER_BYTES)
    at += string.length
  }
  const file = gate.syscall(MEMFD_CREATE, Buffer.from('words\0'), 0)
  writeSync(file, bytes, 0, bytes.length, 0)
  gate.syscall(READ, file, address, bytes.length)
  closeSync(file)
  return [address, address + POINTER_BYTES * (argv.length + 1)]
}

/**
 * Starts the command again, in this process, without variables of Node's. Returns if that cannot
 * be done: the command then works as Node was told.
 */
function startClean(gate) {
  try {
    const env = wordsOf('/proc/self/environ').map(word =>
      NODE_VARIABLES.has(word.slice(0, word.indexOf('='))) ? `${WITHHELD}${word}` : word,
    )
    const [argv, envp] = placeLists(gate, commandLine(), env)
    for (const fd of [0, 1, 2]) gate.syscall(FCNTL, fd, F_SETFD, 0)
    gate.syscall(EXECVE, Buffer.from('/proc/self/exe\0'), argv, envp)
  } catch {}
}

/**
 * Makes this process the command's own. First, SIGUSR1 ends it, as it ends any program that does
 * not expect it: by itself Node opens a debugger, through which any user of the host becomes
 * whoever runs this.
 */
function ownProcess() {
  const gate = loadGate()
  const refused = gate?.syscall(RT_SIGACTION, SIGUSR1, new Uint8Array(SIGACTION_BYTES), 0, SIGSET_BYTES)
  if (refused !== 0) process.on('SIGUSR1', () => process.exit(128 + SIGUSR1))
  if (gate && Object.keys(process.env).some(name => NODE_VARIABLES.has(name))) startClean(gate)
}

ownProcess()

const words = process.argv.slice(2)
const name = BUNDLES.includes(words[0]) ? words[0] : 'glassbox'
const path = `${__dirname}/../dist/command/${name}.cjs`

function openCompiled() {
  try {
    return openSync(`${path}.${process.version}.${process.arch}`)
  } catch {
    return undefined
  }
}

/**
 * The source and its code: two lengths (64 bits each), the one, the other. Both are read to the
 * same place, one after the other: touching memory for the first time is the dearest part of a
 * start.
 */
function readCompiled(fd) {
  const header = new Float64Array(HEADER_BYTES / 8)
  readSync(fd, header, 0, HEADER_BYTES, 0)
  const [sourceBytes, codeBytes] = header
  const bytes = Buffer.allocUnsafeSlow(Math.max(sourceBytes, codeBytes))
  readSync(fd, bytes, 0, sourceBytes, HEADER_BYTES)
  const source = bytes.latin1Slice(0, sourceBytes)
  readSync(fd, bytes, 0, codeBytes, HEADER_BYTES + sourceBytes)
  closeSync(fd)
  return { source, cachedData: bytes.subarray(0, codeBytes) }
}

/**
 * To be called when the compiled code is in place: it is refused by a V8 that runs with other
 * flags than it was made with.
 */
function optimiseLate() {
  const flags = STRACE_FLAGS[process.versions.node.split('.')[0]]
  if (flags !== undefined) require('node:v8').setFlagsFromString(flags)
}

function load() {
  // Node knows source maps of modules only.
  const fd = process.sourceMapsEnabled ? undefined : openCompiled()
  if (fd === undefined) return require(path)
  const { source, cachedData } = readCompiled(fd)
  const bundle = { exports: {} }
  // Code that does not fit is refused by V8, which compiles the source then.
  new Script(source, { filename: path, cachedData }).runInThisContext()(
    bundle,
    bundle.exports,
    createRequire(path),
    path,
  )
  if (name === 'strace') optimiseLate()
  return bundle.exports
}

if (existsSync(path)) load().main(words)
else {
  writeSync(2, `glassbox is not built: ${path} does not exist. Run "npm run build" in the checkout.\n`)
  process.exitCode = 125
}
