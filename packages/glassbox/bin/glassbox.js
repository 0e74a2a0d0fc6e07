#!/usr/bin/env node
// The command's entry; kept apart from dist/ so that npm can link it before the first build. It runs the bundle of the subcommand that is asked for,
// with the code that V8 compiled for it at build time where that is of the same version of Node (scripts/build-command.mjs makes both). CommonJS: the
// loader of modules alone takes Node longer to start than a bundle.
'use strict'
const { existsSync, readFileSync } = require('node:fs')
const { Script } = require('node:vm')

const BUNDLES = ['run', 'strace', 'doctor', 'completion']
const bundles = `${__dirname}/../dist/command/`

const name = BUNDLES.includes(process.argv[2]) ? process.argv[2] : 'glassbox'
const path = `${bundles}${name}.cjs`
const words = process.argv.slice(2)

/** Without the file there is nothing to be gained; a cache that does not fit is refused by V8, which compiles then as always. */
function compiledCode() {
  try {
    return readFileSync(`${bundles}${name}.${process.version}.cache`)
  } catch {
    return undefined
  }
}

function load() {
  // Node knows source maps of modules only.
  const cachedData = process.sourceMapsEnabled ? undefined : compiledCode()
  if (cachedData === undefined) return require(path)
  const source = `(function (module, exports, require, __filename) {${readFileSync(path, 'latin1')}\n})`
  const bundle = { exports: {} }
  new Script(source, { filename: path, cachedData })
    .runInThisContext()(bundle, bundle.exports, require, path)
  return bundle.exports
}

if (existsSync(path)) load().main(words)
else {
  console.error(`glassbox is not built: ${path} is not there. Run "npm run build" in the checkout.`)
  process.exitCode = 125
}
