#!/bin/sh
':' /*; # For sh, which reads no further than exec. The front is there once the native code is built.
self=$0
[ -h "$self" ] && self=$(readlink -f -- "$self")
front=${self%/*}/../prebuilds/front-linux-x64
[ -x "$front" ] && exec "$front" "$self" "$@"
exec node "$self" "$@"
*/
// The entry of the command. It is outside dist/ so that npm can link it before the first build.
// It runs the bundle of the given subcommand. If Node has the same version as at build time, it
// also uses the code that V8 compiled for the bundle then (scripts/build-bundles.mjs makes both).
// It is CommonJS because Node's ES module loader alone takes longer to start than a bundle.
'use strict'
const { closeSync, existsSync, openSync, readFileSync, readSync, writeSync } = require('node:fs')
const { Script } = require('node:vm')

const BUNDLES = ['run', 'strace', 'doctor', 'policy', 'kernel', 'isolate', 'completion']
const HEADER_BYTES = 16
/**
 * Flags of V8 by command and major version of Node, because V8 complains on stderr about a flag
 * that it does not know.
 *
 * strace: a traced program waits for each stop to be handled, and often all CPUs are busy. The
 * threads of V8's optimising compiler would take CPU time from the program, for code that most
 * traces are too short to benefit from. So a function is optimised only when it is four times as
 * hot as usual. From Node 24 on, another compiler takes the time, and these flags gain nothing.
 */
const FLAGS = {
  strace: { 20: '--interrupt-budget=270336', 22: '--invocation-count-for-turbofan=12000' },
}

/** Linux on x86-64. The gate's table of calls is not loaded yet. */
const [READ, MMAP, RT_SIGACTION, EXECVE, FCNTL, MEMFD_CREATE] = [0, 9, 13, 59, 72, 319]
const [SIGUSR1, SIGACTION_BYTES, SIGSET_BYTES, F_SETFD] = [10, 32, 8, 2]
const [PROT_READ_WRITE, MAP_PRIVATE_ANONYMOUS, POINTER_BYTES] = [3, 0x22, 8]

/**
 * Variables that make Node do additional things: load modules, write profiles and other files,
 * open an inspector. Users set them for their own programs, not for a tool that happens to be
 * written in JavaScript.
 */
const NODE_VARIABLES = new Set([
  ...['NODE_OPTIONS', 'NODE_V8_COVERAGE', 'NODE_COMPILE_CACHE', 'NODE_REDIRECT_WARNINGS'],
  ...['NODE_DEBUG', 'NODE_DEBUG_NATIVE', 'NODE_PENDING_DEPRECATION'],
])
/**
 * They are kept under these names for a traced program, which gets them back
 * (src/strace/environment.ts).
 */
const WITHHELD = 'GLASSBOX_WITHHELD_'
/** What inherited.cjs and the front say. */
const INHERITED = 'GLASSBOX_INHERITED'

/** The gate, unless it cannot be loaded. */
const gate = loadGate()

function loadGate() {
  const found = { exports: {} }
  try {
    process.dlopen(found, process.env.GLASSBOX_GATE ?? `${__dirname}/../prebuilds/gate-linux-x64.node`)
    return found.exports
  } catch {
    return undefined // code that needs the gate reports why it could not be loaded
  }
}

/** The strings of a file of /proc, as bytes, because they need not be text. */
const wordsOf = file => readFileSync(file, 'latin1').split('\0').slice(0, -1)

/**
 * The arguments of this process. They are bytes, unless Node wrote a title over them (--title).
 */
function commandLine() {
  const text = [process.argv0, ...process.execArgv, ...process.argv.slice(1)]
  const words = wordsOf('/proc/self/cmdline')
  if (words.length === text.length && words[0] === process.argv0) return words
  return text.map(word => Buffer.from(word).latin1Slice())
}

/**
 * Stores strings, and the two lists of pointers to them, in memory from which execve(2) can read
 * them. Returns the addresses of the lists.
 */
function placeLists(argv, env) {
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
 * Executes the command again, in this process, without Node's variables. It keeps the descriptors
 * `inherited`. Returns if that fails: the command then runs with them.
 */
function startClean(inherited) {
  try {
    const env = wordsOf('/proc/self/environ')
      .filter(word => !word.startsWith(`${INHERITED}=`))
      .map(word => (NODE_VARIABLES.has(word.slice(0, word.indexOf('='))) ? `${WITHHELD}${word}` : word))
    const said = process.env[INHERITED]
    if (said !== undefined) env.push(`${INHERITED}=${said}`)
    const [argv, envp] = placeLists(commandLine(), env)
    for (const fd of [0, 1, 2, ...inherited]) gate.syscall(FCNTL, fd, F_SETFD, 0)
    gate.syscall(EXECVE, Buffer.from('/proc/self/exe\0'), argv, envp)
  } catch {}
}

/** struct sigaction whose handler is SIG_IGN. */
const IGNORE = new Uint8Array(SIGACTION_BYTES)
IGNORE[0] = 1

/**
 * Prepares this process for the command. First, SIGUSR1 must do nothing to it: by default Node
 * opens a debugger, through which any user of the host could act as the user who runs this
 * command. Programs that the command starts do not inherit that.
 */
function ownProcess() {
  const refused = gate?.syscall(RT_SIGACTION, SIGUSR1, IGNORE, 0, SIGSET_BYTES)
  if (refused !== 0) process.on('SIGUSR1', () => {})
  const inherited = givenDescriptors()
  if (gate && Object.keys(process.env).some(name => NODE_VARIABLES.has(name))) startClean(inherited)
}

/** Only strace passes on what it was given. */
function givenDescriptors() {
  if (process.argv[2] !== 'strace') {
    delete process.env[INHERITED]
    return []
  }
  const { noteInherited, inheritedDescriptors } = require('./inherited.cjs')
  if (gate) noteInherited(gate.syscall)
  return inheritedDescriptors()
}

ownProcess()

const given = process.argv.slice(2)
// bin/glassbox-isolate.js loads this file, and is the command with one word less.
const words = require.main === module ? given : ['isolate', ...given]
const name = BUNDLES.includes(words[0]) ? words[0] : 'glassbox'
const directory = `${__dirname}/../dist/command`
const pathOf = bundle => `${directory}/${bundle}.cjs`

function openCompiled(path) {
  try {
    return openSync(`${path}.${process.version}.${process.arch}`)
  } catch {
    return undefined
  }
}

/**
 * Reads the source and its compiled code: two lengths (64 bits each), the source, the code. Both
 * are read into the same buffer, one after the other, because touching memory for the first time
 * is the most expensive part of a start.
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
 * V8 refuses code that was compiled with other flags. So it is called after the decoder is loaded,
 * which every trace needs that keeps JavaScript busy.
 */
function setFlags() {
  const flags = FLAGS[name]?.[process.versions.node.split('.')[0]]
  if (flags === undefined || gate?.setFlags?.(Buffer.from(flags)) === 0) return
  require('node:v8').setFlagsFromString(flags)
}

/** Modules of Node that take long to load, and that most runs do not use. */
const SELDOM_USED = [
  ...['node:module', 'node:os', 'node:stream', 'node:string_decoder', 'node:timers/promises', 'node:url'],
]

/** Stands for a module, which is loaded when something of it is used. */
const loadedWhenUsed = id => new Proxy({}, { get: (_, member) => process.getBuiltinModule(id)[member] })

/** What the bundles export that are loaded, by their ids. */
const loaded = new Map()

/** Node's modules, without the search for a file; and other bundles. */
function requireFromBundle(id) {
  if (id.startsWith('node:'))
    return SELDOM_USED.includes(id) ? loadedWhenUsed(id) : process.getBuiltinModule(id)
  if (!loaded.has(id)) loaded.set(id, load(id.slice('./'.length, -'.cjs'.length)))
  return loaded.get(id)
}

function load(part) {
  const path = pathOf(part)
  // Node supports source maps for modules only.
  const fd = process.sourceMapsEnabled ? undefined : openCompiled(path)
  if (fd === undefined) return require(path)
  const { source, cachedData } = readCompiled(fd)
  const bundle = { exports: {} }
  // If the code does not match, V8 refuses it and compiles the source.
  new Script(source, { filename: path, cachedData }).runInThisContext()(
    bundle,
    bundle.exports,
    requireFromBundle,
    path,
    directory,
  )
  if (part === 'decode') setFlags()
  return bundle.exports
}

/**
 * A thread of Node takes longer to start than all else of a short run. So that of a kernel starts
 * while the bundle loads, which takes it over (src/runners/kernel/early-worker.ts). An argument
 * of the program that looks like the option costs a thread that is not used.
 */
function startKernelThread() {
  const path = `${__dirname}/../dist/library/kernel-worker.cjs`
  const isKernel = words.includes('--runner=kernel') || words[words.indexOf('--runner') + 1] === 'kernel'
  if (!['run', 'strace'].includes(name) || !isKernel || !existsSync(path)) return
  const { Worker } = require('node:worker_threads')
  const worker = new Worker(path, { name: 'glassbox-kernel' })
  worker.on('error', () => {})
  worker.unref()
  globalThis[Symbol.for('glassbox.kernelWorker')] = worker
}

startKernelThread()

// The command has written everything when it is done. Node would take milliseconds to take itself
// apart.
if (existsSync(pathOf(name)))
  load(name)
    .main(words)
    .then(() => process.exit())
else {
  writeSync(
    2,
    `glassbox is not built: ${pathOf(name)} does not exist. Run "npm run build" in the checkout.\n`,
  )
  process.exitCode = 125
}
