// Makes the bundles that are loaded: one JavaScript file for the library, for each of its workers
// and for each subcommand, with the code that V8 compiles for the subcommands. Node's module
// loader takes longer for 300 files than everything else together.
//
//   node scripts/build-bundles.mjs [--force]     after the native code is built
//
// The code is taken after the subcommand has run, so that it includes the functions that were
// used. It works only with this version of Node, which its name contains; other versions compile
// the bundle. V8 checks only the length of a source to see whether the code belongs to it, so both
// are in one file (bin/glassbox.js reads it).
import { spawnSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { buildLanes } from './build-lanes.mjs'
import { syscallNumber } from '../packages/glassbox/dist/linux/syscalls.js'

const source = fileURLToPath(new URL('../packages/glassbox/src/', import.meta.url))
/** The modules as tsc makes them. */
const built = fileURLToPath(new URL('../packages/glassbox/dist/', import.meta.url))
const output = fileURLToPath(new URL('../packages/glassbox/dist/command/', import.meta.url))
/**
 * The bundles of the library. Like those of the command, they are as deep in the tree as the
 * modules, so that paths relative to a module stay correct.
 */
const library = fileURLToPath(new URL('../packages/glassbox/dist/library/', import.meta.url))
/** The plans of calls that the command uses: beside the bundles, and made with them. */
const lanes = fileURLToPath(new URL('../packages/glassbox/dist/lanes/', import.meta.url))
const warmer = fileURLToPath(new URL('warm-command.cjs', import.meta.url))
const kernelWarmer = fileURLToPath(new URL('warm-kernel.cjs', import.meta.url))
const WARM_TIMEOUT_MS = 60_000

const COMMANDS = ['run', 'strace', 'doctor', 'policy', 'kernel', 'isolate', 'completion']

/**
 * The entry of each bundle. `glassbox` handles command lines without a subcommand: --version,
 * help, a mistyped word.
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

/** The entries of the library: the one that callers import, and those of its worker threads. */
const LIBRARY = {
  index: 'index.ts',
  'ptrace-worker': 'ptrace/worker.ts',
  'supervisor-worker': 'supervisor/worker.ts',
}

/** The worker of the kernel runner: what is loaded first, and the kernel as one script. */
const KERNEL = {
  'kernel-worker': 'runners/kernel/load-worker.ts',
  kernel: 'runners/kernel/worker.ts',
}

/** What it needs to trace alone. Like APART below, in a bundle beside it. */
const KERNEL_APART = { 'kernel-decode': ['decode/values.ts', 'decode/lanes/call-plans.ts'] }

/**
 * What few runs of some subcommands need, as bundles of their own: modules that export functions
 * alone. The first call of one loads the bundle. Modules in it have no state, or the subcommand
 * has no other use for it, so each bundle may have its own copy of what they import. (All copies
 * of GlassboxError are one class to `instanceof`.)
 */
const APART = {
  decode: [
    ...['decode/decode.ts', 'decode/values.ts', 'decode/memory-free.ts'],
    ...['decode/lanes/call-plans.ts', 'decode/lanes/names.ts'],
    ...['linux/schema/calls.ts', 'codec/network.ts', 'decode/network/order.ts'],
  ],
  siginfo: ['decode/siginfo.ts'],
  'in-kernel': ['cli/strace/in-kernel.ts'],
}

/** What each subcommand has apart. Those that start programs often do so without a trace. */
const WITHOUT = {
  strace: [...APART.decode, ...APART.siginfo, ...APART['in-kernel']],
  run: ['decode/decode.ts'],
  isolate: ['decode/decode.ts'],
}

/** Those that start programs often have no policy either. */
const STARTERS = new Set(['run', 'isolate'])

/** As a bundle has them: modules of one name each, `module0`, `module1` … */
const entryOf = modules => modules.map((name, at) => `export * as module${at} from './${name}'`).join('\n')
const PARTS = Object.fromEntries(Object.entries(APART).map(([name, modules]) => [name, entryOf(modules)]))

const inputs = [
  fileURLToPath(import.meta.url),
  fileURLToPath(new URL('build-lanes.mjs', import.meta.url)),
  warmer,
  kernelWarmer,
  ...readdirSync(source, { recursive: true, encoding: 'utf8' })
    .filter(name => name.endsWith('.ts'))
    .map(name => join(source, name)),
]

function isFresh() {
  const bundles = Object.keys({ ...ENTRIES, ...PARTS }).map(name => join(output, `${name}.cjs`))
  bundles.push(...Object.keys(LIBRARY).map(name => join(library, `${name}.js`)))
  bundles.push(...Object.keys({ ...KERNEL, ...KERNEL_APART }).map(name => join(library, `${name}.cjs`)))
  if (!bundles.every(existsSync)) return false
  const made = Math.min(...bundles.map(path => statSync(path).mtimeMs))
  return inputs.every(path => statSync(path).mtimeMs <= made)
}

/**
 * Names and the structure of the code are kept, for stack traces. Each bundle has its own copy of
 * what the threads share, as threads have anyway. Handler modules are loaded from their own files.
 */
async function bundleLibrary() {
  await build({
    entryPoints: Object.entries(LIBRARY).map(([out, name]) => ({ in: join(source, name), out })),
    outdir: library,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    charset: 'utf8',
    logLevel: 'warning',
  })
}

/**
 * What modules know of themselves. Bundles are as deep in the tree as their modules, so that paths
 * relative to a module stay correct. Few runs need the address, and making it takes most of a
 * millisecond.
 */
const inScript = {
  define: { 'import.meta.url': 'bundle.url', 'import.meta.dirname': '__dirname' },
  banner: {
    js: "const bundle = { get url() { return require('node:url').pathToFileURL(__filename).href } };",
  },
}

/**
 * A script with compiled code cannot import modules: V8 forgets who would do that. So the module
 * that imports those of handlers asks the one that has loaded the script.
 */
const importedByLoader = {
  name: 'imported by the loader',
  setup({ onLoad }) {
    onLoad({ filter: /\/trace\/carrier\.ts$/ }, ({ path }) => {
      const text = readFileSync(path, 'utf8')
      const contents = text.replace('import(module)', "require('./kernel-worker.cjs').importModule(module)")
      if (contents === text) throw new Error(`${path} imports no module`)
      return { contents, loader: 'ts' }
    })
  },
}

/** A script can be kept with its compiled code; a module cannot. */
const asScript = {
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  charset: 'ascii',
  ...inScript,
  logLevel: 'warning',
}

/** Names are kept, for stack traces. */
async function bundleKernel() {
  const parts = Object.entries(KERNEL_APART)
  const ofKernel = { ...asScript, minifyWhitespace: true, minifySyntax: true, lineLimit: 200 }
  await Promise.all([
    build({
      ...ofKernel,
      entryPoints: Object.entries(KERNEL).map(([out, name]) => ({ in: join(source, name), out })),
      outdir: library,
      outExtension: { '.js': '.cjs' },
      external: ['./kernel-worker.cjs', ...parts.map(([name]) => `./${name}.cjs`)],
      plugins: [apart(Object.values(KERNEL_APART).flat(), KERNEL_APART), importedByLoader, numbersOfCalls],
    }),
    ...parts.map(([name, modules]) =>
      build({
        ...ofKernel,
        stdin: { contents: entryOf(modules), resolveDir: source, sourcefile: `${name}.ts`, loader: 'ts' },
        outfile: join(library, `${name}.cjs`),
        plugins: [numbersOfCalls],
      }),
    ),
  ])
}

/** Writes the numbers of system calls into the bundle: the command then looks none up. */
const numbersOfCalls = {
  name: 'numbers of calls',
  setup({ onLoad }) {
    onLoad({ filter: /\/src\/.*\.ts$/, namespace: 'file' }, ({ path }) => ({
      contents: readFileSync(path, 'utf8').replace(/\bsyscallNumber\('(\w+)'\)/g, (_, call) =>
        syscallNumber(call),
      ),
      loader: 'ts',
    }))
  },
}

/** The names of the functions that a module exports. It may export types and nothing else. */
async function functionsOf(path) {
  const exported = Object.entries(await import(join(built, relative(source, path).replace(/\.ts$/, '.js'))))
  for (const [name, value] of exported)
    if (typeof value !== 'function') throw new Error(`${path} exports more than functions: ${name}`)
  return exported.map(([name]) => name)
}

/** In place of these modules: functions that load the bundle of the module at their first call. */
const apart = (modules, parts = APART) => ({
  name: 'apart',
  setup({ onResolve, onLoad }) {
    const places = new Map(
      Object.entries(parts).flatMap(([part, names]) =>
        names.map((name, at) => [join(source, name), `require('./${part}.cjs').module${at}`]),
      ),
    )
    const isApart = new Set(modules.map(name => join(source, name)))
    onResolve({ filter: /\.ts$/ }, ({ path, resolveDir }) => {
      const found = join(resolveDir, path)
      return isApart.has(found) ? { path: found, namespace: 'apart' } : undefined
    })
    onLoad({ filter: /./, namespace: 'apart' }, async ({ path }) => ({
      contents: (await functionsOf(path))
        .map(name => `export let ${name} = (...given) => (${name} = ${places.get(path)}.${name})(...given)`)
        .join('\n'),
      loader: 'js',
    }))
  },
})

/**
 * Modules of functions that few runs call. They, and the modules that only they import, are
 * evaluated at the first call of one of the functions.
 */
const AT_FIRST_CALL = ['policy/resolve.ts', 'job/profiles/profile.ts'].map(name => join(source, name))

const evaluatedWhenCalled = {
  name: 'evaluated when called',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /\.ts$/ }, ({ path, kind, resolveDir }) => {
      const found = join(resolveDir, path)
      if (kind !== 'import-statement' || !AT_FIRST_CALL.includes(found)) return undefined
      return { path: found, namespace: 'at-first-call' }
    })
    onLoad({ filter: /./, namespace: 'at-first-call' }, async ({ path }) => {
      const functions = (await functionsOf(path)).map(
        name => `export const ${name} = (...given) => require(${JSON.stringify(path)}).${name}(...given)`,
      )
      return { contents: functions.join('\n'), resolveDir: source, loader: 'js' }
    })
  },
}

async function bundle(name, contents) {
  await build({
    stdin: { contents, resolveDir: source, sourcefile: `${name}.ts`, loader: 'ts' },
    outfile: join(output, `${name}.cjs`),
    ...asScript,
    external: [...COMMANDS, ...Object.keys(PARTS)].map(each => `./${each}.cjs`),
    sourcemap: true,
    sourcesContent: false,
    // Smaller files load faster. Stacks are translated by the map: see cli/original-stack.ts.
    minify: true,
    lineLimit: 200,
    // A script has require() only.
    supported: { 'dynamic-import': false },
    plugins: [
      apart(WITHOUT[name] ?? []),
      ...(STARTERS.has(name) ? [evaluatedWhenCalled] : []),
      numbersOfCalls,
    ],
  })
}

/** Boxes of isolate for the build alone, with the config file that says where they are. */
function directoryOfBoxes() {
  const directory = mkdtempSync(join(tmpdir(), 'glassbox-build-'))
  const config = {
    ...{ box_root: join(directory, 'boxes'), lock_root: join(directory, 'locks') },
    ...{ cg_root: `auto:${join(directory, 'none')}`, num_boxes: 2_000_000_000 },
  }
  const lines = Object.entries(config).map(([key, value]) => `${key} = ${value}\n`)
  writeFileSync(join(directory, 'config'), lines.join(''))
  return directory
}

/** Runs a program that saves compiled code. Without the code everything works. */
function keepCode(program, args, what, env) {
  const { status, stderr } = spawnSync(process.execPath, [program, ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, ...env },
    timeout: WARM_TIMEOUT_MS,
    encoding: 'utf8',
  })
  if (status !== 0) console.error(`no compiled code for ${what}, which starts more slowly: ${stderr}`)
}

if (process.argv.includes('--force') || !isFresh()) {
  rmSync(output, { recursive: true, force: true })
  buildLanes(lanes)
  mkdirSync(output, { recursive: true })
  await Promise.all([
    bundleLibrary(),
    bundleKernel(),
    ...Object.entries({ ...ENTRIES, ...PARTS }).map(([name, contents]) => bundle(name, contents)),
  ])
  const boxes = directoryOfBoxes()
  const env = { GLASSBOX_ISOLATE_CONFIG: join(boxes, 'config') }
  keepCode(kernelWarmer, [library], 'the kernel runner', {})
  for (const name of Object.keys(ENTRIES)) keepCode(warmer, [output, name], `glassbox ${name}`, env)
  rmSync(boxes, { recursive: true, force: true })
}
