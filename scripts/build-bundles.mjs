// Makes what is loaded: one file of JavaScript for the library, one for each subcommand of the
// command, and the code that V8 compiles for the latter. The loader of modules needs longer for
// 300 files than everything else together.
//
//   node scripts/build-bundles.mjs [--force]     after the native code is built
//
// The code is taken after the subcommand has run, so that the functions which it uses are in it.
// It serves this version of Node only (its name says which); any other compiles the bundle. All
// that V8 compares to see whether code belongs to a source is its length: so both are in one file
// (bin/glassbox.js reads it).
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const source = fileURLToPath(new URL('../packages/glassbox/src/', import.meta.url))
const output = fileURLToPath(new URL('../packages/glassbox/dist/command/', import.meta.url))
/**
 * Lies as deep as the modules, as the bundles of the command do: what those find by their own
 * place is found from here too.
 */
const library = fileURLToPath(new URL('../packages/glassbox/dist/library/index.js', import.meta.url))
const warmer = fileURLToPath(new URL('warm-command.cjs', import.meta.url))
const WARM_TIMEOUT_MS = 60_000

const COMMANDS = ['run', 'strace', 'doctor', 'completion']

/**
 * What each bundle is made of; `glassbox` serves what names no subcommand: --version, help, a word
 * that was mistyped.
 */
const ENTRIES = {
  ...Object.fromEntries(
    COMMANDS.map(name => [
      name,
      `import { start } from './cli/start.ts'
import * as command from './cli/${name}.ts'
export { command }
export const main = words => start({ ${name}: async () => command }, words)`,
    ]),
  ),
  glassbox: `import { start } from './cli/start.ts'
const commands = { ${COMMANDS.map(name => `${name}: async () => require('./${name}.cjs').command`).join(', ')} }
export const main = words => start(commands, words)`,
}

const inputs = [
  fileURLToPath(import.meta.url),
  warmer,
  ...readdirSync(source, { recursive: true, encoding: 'utf8' })
    .filter(name => name.endsWith('.ts'))
    .map(name => join(source, name)),
]

function isFresh() {
  const bundles = Object.keys(ENTRIES).map(name => join(output, `${name}.cjs`))
  bundles.push(library)
  if (!bundles.every(existsSync)) return false
  const made = Math.min(...bundles.map(path => statSync(path).mtimeMs))
  return inputs.every(path => statSync(path).mtimeMs <= made)
}

/**
 * Names stay, for stacks; so does the shape of the code. Workers and modules of handlers are
 * loaded as the files that they are.
 */
async function bundleLibrary() {
  await build({
    entryPoints: [join(source, 'index.ts')],
    outfile: library,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    charset: 'utf8',
    logLevel: 'warning',
  })
}

async function bundle(name, contents) {
  await build({
    stdin: { contents, resolveDir: source, sourcefile: `${name}.ts`, loader: 'ts' },
    outfile: join(output, `${name}.cjs`),
    bundle: true,
    external: COMMANDS.map(each => `./${each}.cjs`),
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    charset: 'ascii',
    sourcemap: true,
    sourcesContent: false,
    // Names stay, for stacks. What is not there need not be read.
    minifyWhitespace: true,
    minifySyntax: true,
    lineLimit: 200,
    // A script has require() only.
    supported: { 'dynamic-import': false },
    // Bundles lie as deep as the modules that they are made of: what those find by their own place
    // is found from here too.
    define: { 'import.meta.url': 'moduleUrl' },
    banner: { js: "const moduleUrl = require('node:url').pathToFileURL(__filename).href;" },
    logLevel: 'warning',
  })
}

if (process.argv.includes('--force') || !isFresh()) {
  rmSync(output, { recursive: true, force: true })
  mkdirSync(output, { recursive: true })
  await Promise.all([
    bundleLibrary(),
    ...Object.entries(ENTRIES).map(([name, contents]) => bundle(name, contents)),
  ])
  for (const name of Object.keys(ENTRIES)) {
    const { status, stderr } = spawnSync(process.execPath, [warmer, output, name], {
      stdio: ['ignore', 'ignore', 'pipe'],
      timeout: WARM_TIMEOUT_MS,
      encoding: 'utf8',
    })
    if (status !== 0)
      console.error(`no compiled code for glassbox ${name}, which starts more slowly: ${stderr}`)
  }
}
