/**
 * The entry of the kernel's worker thread. The kernel is one script, and the build keeps the code
 * that V8 compiled for it (scripts/build-bundles.mjs), so that a thread is ready much sooner. If
 * there is none for this version of Node, or V8 refuses it, V8 compiles the script.
 */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { Script } from 'node:vm'

const directory = import.meta.dirname
const path = `${directory}/kernel.cjs`
const load = createRequire(path)
/** Two numbers of 64 bits: the bytes of the script, and of its code. */
const HEADER_BYTES = 16

/** The script as a function, and its code; undefined if there is none. */
function readCompiled(): { readonly source: string; readonly code: Buffer } | undefined {
  try {
    const bytes = readFileSync(`${path}.${process.version}.${process.arch}`)
    const end = HEADER_BYTES + bytes.readDoubleLE(0)
    return { source: bytes.toString('latin1', HEADER_BYTES, end), code: bytes.subarray(end) }
  } catch {
    return undefined
  }
}

/** For the script, which cannot import by itself. The URL or absolute path of a module. */
export const importModule = async (name: string): Promise<unknown> => import(name)

const compiled = readCompiled()
if (compiled === undefined) load(path)
else {
  const script = new Script(compiled.source, { filename: path, cachedData: compiled.code })
  const run = script.runInThisContext() as (...given: readonly unknown[]) => void
  const bundle = { exports: {} }
  run(bundle, bundle.exports, load, path, directory)
}
