/** The guest programs of test/programs, compiled once, and their native runs. */
import { execFileSync, spawnSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { temporaryDirectory } from './temporary.js'

const sources = fileURLToPath(new URL('../../../test/programs/', import.meta.url))
const compiled = fileURLToPath(new URL('../../programs/', import.meta.url))

/**
 * Compiles test/programs/NAME.c if it is out of date, and returns the path of the program. `flags`
 * are additional compiler flags, which give another program.
 */
export function program(name: string, flags: readonly string[] = []): string {
  const source = `${sources}${name}.c`
  const output = `${compiled}${name}${flags.join('')}`
  if (existsSync(output) && statSync(output).mtimeMs >= changed(source)) return output
  mkdirSync(dirname(output), { recursive: true })
  // Test files run in parallel: each compiles for itself, and the last one wins.
  const temporary = `${output}.${process.pid}`
  execFileSync('cc', ['-O1', '-w', '-pthread', ...flags, '-o', temporary, source])
  chmodSync(temporary, 0o755)
  renameSync(temporary, output)
  return output
}

/** When the source, or a header beside it, was last changed. */
function changed(source: string): number {
  const directory = dirname(source)
  const headers = readdirSync(directory).filter(name => name.endsWith('.h'))
  return Math.max(
    ...[source, ...headers.map(name => join(directory, name))].map(path => statSync(path).mtimeMs),
  )
}

/**
 * Calls by int 0x80 need a kernel (and a virtual machine) that serves them: CONFIG_IA32_EMULATION,
 * and no software paravirtualisation.
 */
export const noGate32: false | string =
  spawnSync(program('calls'), ['i386:20'], { encoding: 'utf8' }).stdout !== '0\n' &&
  'this machine does not serve int 0x80'

/**
 * How a program ends without a box, in a directory of its own: the control of every test that
 * boxes it.
 */
export function native(
  name: string,
  args: readonly string[] = [],
): { code: number | null; signal: string | null } {
  const cwd = mkdtempSync(join(tmpdir(), 'glassbox-native-'))
  try {
    const { status, signal } = spawnSync(program(name), args, {
      cwd,
      env: { ...process.env, FILL: join(cwd, 'fill') },
      stdio: ['ignore', 'ignore', 'ignore'],
      timeout: 20_000,
    })
    return { code: status, signal }
  } finally {
    rmSync(cwd, { recursive: true, force: true })
  }
}

/**
 * The path of elf32, which exits with 42 by i386 calls. If it cannot be compiled or run, the test
 * is skipped and the result is `undefined`.
 */
export function program32(context: TestContext): string | undefined {
  const file = join(temporaryDirectory(context), 'elf32')
  const flags = [
    '-m32',
    '-nostdlib',
    '-static',
    '-fno-pie',
    '-no-pie',
    '-fno-stack-protector',
    '-Wl,--build-id=none',
  ]
  const made = spawnSync('cc', [...flags, '-o', file, `${sources}elf32.c`], { stdio: 'pipe' })
  if (made.status !== 0) context.skip('the compiler makes no i386 programs')
  else if (spawnSync(file).status !== 42) context.skip('this machine runs no i386 programs')
  else return file
  return undefined
}
