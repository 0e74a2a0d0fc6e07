#!/usr/bin/env node
// The command's entry; kept apart from dist/ so that npm can link it before the first build. It runs the bundle of the subcommand that is asked for,
// with the code that V8 compiled for it at build time where that was the same version of Node (scripts/build-bundles.mjs makes both). CommonJS: Node's
// loader of modules alone takes longer to start than a bundle.
'use strict'
const { closeSync, existsSync, openSync, readSync } = require('node:fs')
const { createRequire } = require('node:module')
const { Script } = require('node:vm')

const BUNDLES = ['run', 'strace', 'doctor', 'completion']
const HEADER_BYTES = 16
/**
 * A traced program waits for each stop to be handled, and often has its processors full: the threads of V8's optimising compiler would take them from it,
 * for code that most traces are too short to use. So a function must have been four times as hot as usual. By the major version of Node, since V8 says
 * so on stderr where it does not know a flag; from 24 on it is another compiler that takes the time, and there is nothing to be gained.
 */
const STRACE_FLAGS = { 20: '--interrupt-budget=270336', 22: '--invocation-count-for-turbofan=12000' }

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
 * The source and its code: two lengths (64 bits each), the one, the other. Both are read to the same place, one after the other: touching memory for the
 * first time is the dearest part of a start.
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

/** To be called when the compiled code is in place: it is refused by a V8 that runs with other flags than it was made with. */
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
  console.error(`glassbox is not built: ${path} is not there. Run "npm run build" in the checkout.`)
  process.exitCode = 125
}
