/**
 * What has to be visible in a box so that a program of a tool chain runs as on the host: the
 * directory of a version manager (pyenv, nvm, rustup), of a virtual environment, of node_modules,
 * or the directory above `bin`.
 */
import { lstatSync, realpathSync, statSync } from 'node:fs'
import { homedir } from 'node:os'
import { basename, dirname, join } from 'node:path'

export interface ToolChain {
  /** Directories of the host to bind. */
  readonly directories: readonly string[]
  /** Variables that its programs need. */
  readonly env: Readonly<Record<string, string>>
  /** Whether the program stands alone, so that its own directory is only a guess. */
  readonly isGuess: boolean
}

const isDirectory = (path: string): boolean => {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false
  } catch {
    return false
  }
}
const isThere = (path: string): boolean => {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined
  } catch {
    return false
  }
}

const OF_SYSTEM = /^\/(usr|bin|sbin|lib|lib32|lib64|libx32)\//

/** Directories beside `bin` that a program finds by its own path. */
const BESIDE_BIN = ['lib', 'lib64', 'libexec', 'share']

/** Never proposed: they hold much more than one tool chain. */
const isTooMuch = (directory: string): boolean =>
  ['/', '/home', '/root', '/opt', '/srv', '/usr', '/usr/local', homedir()].includes(directory)

/** The directory to which a file belongs; `undefined` for a program that stands alone. */
function directoryOf(file: string): string | undefined {
  const [before = '', after] = file.split('/node_modules/', 2)
  if (after !== undefined) return `${before}/node_modules`
  const bin = dirname(file)
  const above = dirname(bin)
  // pyenv, rbenv, nodenv, jenv, asdf
  if (basename(bin) === 'shims') return above
  if (isThere(join(above, 'pyvenv.cfg')) || isDirectory(join(above, 'conda-meta'))) return above
  const hasParts = basename(bin) === 'bin' && BESIDE_BIN.some(name => isDirectory(join(above, name)))
  return hasParts && !isTooMuch(above) ? above : undefined
}

/** Whether a virtual environment is around the program, which runs without it in silence. */
export const isInVirtualEnvironment = (file: string): boolean =>
  isThere(join(dirname(dirname(file)), 'pyvenv.cfg'))

function rustup(file: string): ToolChain | undefined {
  const cargo = dirname(dirname(file))
  const { RUSTUP_HOME = join(dirname(cargo), '.rustup') } = process.env
  if (!isThere(join(dirname(file), 'rustup')) || !isDirectory(RUSTUP_HOME)) return undefined
  return { directories: [cargo, RUSTUP_HOME], env: { RUSTUP_HOME }, isGuess: false }
}

/** The tool chain of a program of the host. `file`: its path, which may be a link. */
export function toolChainOf(file: string): ToolChain {
  const known = rustup(file)
  if (known) return known
  const real = realpathSync.native(file)
  const found = [file, real].filter(path => !OF_SYSTEM.test(path)).map(path => directoryOf(path))
  const directories = [...new Set(found.filter(directory => directory !== undefined))]
  const outer = directories.filter(one => !directories.some(other => one.startsWith(`${other}/`)))
  // A program that stands alone may have files beside it.
  const isGuess = outer.length === 0
  return { directories: isGuess ? [dirname(real)] : outer, env: {}, isGuess }
}
