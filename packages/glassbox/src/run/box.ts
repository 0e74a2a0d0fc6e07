/**
 * A box: a sandbox, its working directory, and the commands that run in it one after another.
 * Files persist from one command to the next. Processes and IPC objects do not: at the end of each
 * command, every process that it left running is killed.
 *
 * Owns the sandbox from `openBox` to `close`.
 */
import { GlassboxError } from '../errors.ts'
import { DEFAULT_COLLECT_BYTES } from '../job/box-layout.ts'
import { BOX_PATH, FILE_INPUT, READ_OPTIONS, WRITE_OPTIONS } from '../job/file-kinds.ts'
import {
  type DirectoryEntry,
  type FileInput,
  isContents,
  type ReadOptions,
  type WriteOptions,
} from '../job/files.ts'
import type {
  AskedEncoding,
  BoxOptions,
  CommandOptions,
  Encoding,
  InferredEncoding,
  OutputOf,
} from '../job/options.ts'
import type { AnyResult } from '../job/result.ts'
import type { ResolvedBox } from '../job/resolved.ts'
import { refuseMore } from '../options/arity.ts'
import type { Runner, Sandbox } from '../runners/runner.ts'
import { HostPaths } from '../stdio/host-paths.ts'
import { putInputs, readInput, readInputs } from '../stdio/input-files.ts'
import type { Call } from './call.ts'
import { checkBox, type CheckedCommand, checkCommand, checkWords, type Words } from './check.ts'
import { canceledResult, execute } from './execute.ts'
import type { RunHandle } from './handle.ts'
import { resolveInBox } from './program.ts'
import { runnerOf } from './runners.ts'
import { startCall } from './start-call.ts'
import { Turns } from './turns.ts'

/** An open sandbox and its options. */
interface Opened {
  readonly runner: Runner
  readonly sandbox: Sandbox
  readonly paths: HostPaths
  readonly options: ResolvedBox
}

/**
 * An open box. Its commands and file operations are queued: one runs at a time. Close it when you
 * no longer need it.
 *
 * @example
 * const box = await openBox()
 * try {
 *   await box.run('sh', ['-c', 'echo hello > greeting'])
 *   await box.run('cat', ['greeting'])
 * } finally {
 *   await box.close()
 * }
 */
export class Box {
  readonly #opened: Opened
  readonly #turns = new Turns(() => {
    if (this.#closed) throw closedError()
  })
  #closed: Promise<void> | undefined

  private constructor(opened: Opened) {
    this.#opened = opened
  }

  /** Opens a box; see `openBox`. `runners` chooses the runner; tests give their own. */
  static async open(
    options?: BoxOptions,
    runners: (options: Pick<BoxOptions, 'runner'>) => Runner = runnerOf,
  ): Promise<Box> {
    const box = checkBox(options)
    box.signal?.throwIfAborted()
    const paths = new HostPaths(box.binds)
    const runner = runners(box)
    runner.check(box)
    const inputs = readInputs(box.files, paths)
    const sandbox = await runner.open({ box, paths, programs: [], use: 'often' })
    try {
      await putInputs(sandbox.files, inputs, box.signal)
      box.signal?.throwIfAborted()
      return new Box({ runner, sandbox, paths, options: box })
    } catch (error) {
      await sandbox.close()
      throw error
    }
  }

  /**
   * Runs a program in the box, after the commands that were started before it. A relative path
   * names a file of the box. Options are checked at the call, not when the command starts. Never
   * throws: it rejects as run() does.
   *
   * @example
   * const { exitCode } = await box.run('./a.out', ['--fast'], { limits: { cpuTimeMs: 1000 } })
   */
  run<E extends AskedEncoding = 'utf8'>(
    program: string,
    args?: readonly string[],
    options?: CommandOptions<E & Encoding> & InferredEncoding<E>,
  ): RunHandle<OutputOf<E>>
  run(
    program: unknown,
    args?: unknown,
    options?: unknown,
    ...more: readonly unknown[]
  ): RunHandle<string | Uint8Array> {
    let isChecked = false
    const handle = startCall(async call => {
      refuseMore('box.run(program, args, options)', more)
      const words = checkWords(program, args)
      const command = checkCommand(options, this.#opened.options.here)
      this.#opened.runner.check(this.#opened.options, command.terms)
      isChecked = true
      return this.#start(words, command, call)
    })
    // If this fails, the next command fails with the same error.
    if (isChecked) this.#turns.add(() => this.#opened.sandbox.renew()).catch(() => {})
    return handle
  }

  #start({ program, args }: Words, command: CheckedCommand, call: Call): Promise<AnyResult> {
    const { runner, sandbox, paths, options } = this.#opened
    call.begin(command.options)
    const stopped = (): AnyResult => canceledResult(runner.name, command.terms.limits, command.options, call)
    return this.#turns.addStoppable(call.cancel, stopped, async () => {
      const inBox = (path: string): boolean => sandbox.files.has(path)
      const shown = { binds: options.binds, runner }
      const found = resolveInBox(program, command.terms, shown, inBox)
      const job = { ...command.terms, path: found.path, argv: [program, ...args] }
      return execute({ runner: runner.name, sandbox, paths, call }, job, command.options)
    })
  }

  /**
   * Writes a file, or copies a directory of the host, into the working directory. An existing file
   * of that name is replaced. The option `mode` takes precedence over `input.mode`. Bytes are not
   * copied: do not change them until the promise has resolved. Rejects with ERR_GLASSBOX_FILE if
   * the file cannot be written.
   *
   * @example
   * await box.writeFile('test.sh', '#!/bin/sh\nexit 3\n', { mode: 0o755 })
   * await box.writeFile('src', { file: '/home/me/project/src' })
   */
  writeFile(path: string, input: FileInput, options?: WriteOptions): Promise<void>
  async writeFile(
    path: unknown,
    input: unknown,
    options: unknown = {},
    ...more: readonly unknown[]
  ): Promise<void> {
    refuseMore('box.writeFile(path, input, options)', more)
    const name = BOX_PATH.read(path, 'path')
    const { mode } = WRITE_OPTIONS.read(options, 'options')
    const read = FILE_INPUT.read(input, 'input')
    const whole = mode === undefined ? read : isContents(read) ? { contents: read, mode } : { ...read, mode }
    const file = readInput('input', name, whole, this.#opened.paths)
    await this.#turns.add(() => this.#opened.sandbox.files.write(file))
  }

  /**
   * Reads a regular file of the working directory. Rejects with ERR_GLASSBOX_FILE if it does not
   * exist, is not a regular file, or is larger than `maxBytes` (default 64 MiB).
   *
   * @example
   * const report = Buffer.from(await box.readFile('report.txt')).toString()
   */
  readFile(path: string, options?: ReadOptions): Promise<Uint8Array>
  async readFile(path: unknown, options: unknown = {}, ...more: readonly unknown[]): Promise<Uint8Array> {
    refuseMore('box.readFile(path, options)', more)
    const name = BOX_PATH.read(path, 'path')
    const { maxBytes = DEFAULT_COLLECT_BYTES } = READ_OPTIONS.read(options, 'options')
    return this.#turns.add(async () => (await this.#opened.sandbox.files.read(name, maxBytes)).contents)
  }

  /**
   * Lists a directory below the working directory, or the working directory itself, sorted by
   * name. Links are listed, not followed.
   *
   * @example
   * for (const { name, type } of await box.readDirectory('out')) console.log(name, type)
   */
  readDirectory(path?: string): Promise<readonly DirectoryEntry[]>
  async readDirectory(path: unknown = '.', ...more: readonly unknown[]): Promise<readonly DirectoryEntry[]> {
    refuseMore('box.readDirectory(path)', more)
    const name = path === '.' ? path : BOX_PATH.read(path, 'path')
    return this.#turns.add(() => this.#opened.sandbox.files.list(name))
  }

  /**
   * Makes a directory and its missing parents. An existing directory is left unchanged. `mode`:
   * its permissions, by default 0o755.
   *
   * @example
   * await box.makeDirectory('build/objects')
   */
  makeDirectory(path: string, options?: WriteOptions): Promise<void>
  async makeDirectory(path: string, options: WriteOptions = {}, ...more: readonly unknown[]): Promise<void> {
    refuseMore('box.makeDirectory(path, options)', more)
    await this.writeFile(path, { directory: true }, options)
  }

  /**
   * Removes a file, or a directory with everything in it. Rejects with ERR_GLASSBOX_FILE if it
   * does not exist.
   *
   * @example
   * await box.remove('build')
   */
  remove(path: string): Promise<void>
  async remove(path: unknown, ...more: readonly unknown[]): Promise<void> {
    refuseMore('box.remove(path)', more)
    const name = BOX_PATH.read(path, 'path')
    await this.#turns.add(() => this.#opened.sandbox.files.remove(name))
  }

  /**
   * Kills every process in the box and removes the box. Later calls of `run()` and of the file
   * methods reject with ERR_GLASSBOX_BOX_CLOSED.
   */
  close(): Promise<void> {
    this.#closed ??= this.#opened.sandbox.close()
    return this.#closed
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}

const closedError = (): GlassboxError =>
  new GlassboxError('ERR_GLASSBOX_BOX_CLOSED', 'This box is closed.', { hint: 'Open a new box.' })

/**
 * Opens a box for several commands. Rejects with a `GlassboxError` if the options are invalid, or
 * if the host lacks a feature.
 *
 * @example
 * await using box = await openBox({ files: { 'main.c': 'int main(void) { return 42; }' } })
 * await box.run('gcc', ['main.c'])
 * const { exitCode } = await box.run('./a.out')
 */
export function openBox(options?: BoxOptions): Promise<Box>
export async function openBox(options?: BoxOptions, ...more: readonly unknown[]): Promise<Box> {
  refuseMore('openBox(options)', more)
  return Box.open(options)
}
