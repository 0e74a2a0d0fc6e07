/**
 * A box: a container, its working directory, and the commands that run in it one after another. Files stay from one
 * command to the next; processes do not: at the end of each command everything that it left running is killed.
 *
 * Owns the container and the descriptor of the working directory, from `openBox` to `close`.
 */
import { closeSync, readFileSync, realpathSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { Container } from '../container/container.ts'
import { copyIn, copyOut, hasFile, type Ownership } from '../container/files.ts'
import { GlassboxError, InvalidOptionError } from '../errors.ts'
import { hostRoot, identityFiles } from '../rootfs/host.ts'
import type { BindMount, RootSpec } from '../rootfs/types.ts'
import { runCommand, type Started } from './command.ts'
import { RunEvents, RunHandle } from './handle.ts'
import type { AsBytes, BoxOptions, CommandOptions } from './options.ts'
import { BOX_DIRECTORY, DEFAULT_PATH, type ResolvedProgram, resolveProgram } from './program.ts'
import type { AnyResult } from './result.ts'
import { validateBoxOptions, validateCommandOptions } from './validate.ts'

export const DEFAULT_DISK_BYTES: number = 256 * 2 ** 20
export const DEFAULT_DISK_FILES = 16_384
export const DEFAULT_HOSTNAME = 'glassbox'

/** The caller's binds, checked: a source that is not there would fail in the middle of the set-up. */
export function resolveBinds(options: BoxOptions): BindMount[] {
  return (options.binds ?? []).map(({ source, target, writable }) => {
    const stats = statSync(source, { throwIfNoEntry: false })
    if (!stats) {
      throw new InvalidOptionError(
        'binds',
        `Cannot bind ${source}: there is no such file or directory.`,
        'Check the path of the bind.',
      )
    }
    const seenAs = (target ?? resolve(source)).replace(/(?<=.)\/+$/, '')
    return {
      source: realpathSync(source),
      target: seenAs,
      directory: stats.isDirectory(),
      writable: writable === true,
      foreign: true,
    }
  })
}

/** What the box shows and may write; `extra` is a program of the host that must be visible. */
export function boxRoot(
  options: BoxOptions,
  extra: readonly string[],
  ids: { uid: number; gid: number },
): RootSpec {
  const host = hostRoot()
  const scratch = {
    bytes: options.diskBytes ?? DEFAULT_DISK_BYTES,
    inodes: options.diskFiles ?? DEFAULT_DISK_FILES,
    owner: ids,
  }
  const programs = extra.map(path => ({
    source: realpathSync(path),
    target: path,
    directory: false,
    writable: false,
  }))
  return {
    ...host,
    binds: [...host.binds, ...programs, ...resolveBinds(options), ...resolverFiles(options)],
    files: [...host.files, ...identityFiles(ids.uid, ids.gid, options.hostname ?? DEFAULT_HOSTNAME)],
    scratch: [
      { path: BOX_DIRECTORY, mode: 0o755, ...scratch },
      { path: '/tmp', mode: 0o1777, ...scratch },
      { path: '/dev/shm', mode: 0o1777, ...scratch, noexec: true },
    ],
  }
}

/** On the host's network names are looked up as the host does. */
function resolverFiles({ net }: BoxOptions): BindMount[] {
  const path = '/etc/resolv.conf'
  if (net !== 'host' || !statSync(path, { throwIfNoEntry: false })) return []
  return [{ source: realpathSync(path), target: path, directory: false, writable: false }]
}

/** A box that is open. Commands are queued: one runs at a time. */
export class Box {
  readonly #container: Container
  readonly #directory: number
  readonly #options: BoxOptions
  #last: Promise<unknown> = Promise.resolve()
  #closed = false

  private constructor(container: Container, options: BoxOptions) {
    this.#container = container
    this.#options = options
    this.#directory = container.openDirectory(BOX_DIRECTORY)
  }

  /** Opens a box. `programs`: files of the host that it must show although it would not by itself. */
  static async open(options: BoxOptions = {}, programs: readonly string[] = []): Promise<Box> {
    validateBoxOptions(options)
    options.signal?.throwIfAborted()
    const inputs = readInputs(options)
    const container = await Container.open({
      hostname: options.hostname ?? DEFAULT_HOSTNAME,
      network: options.net !== 'host',
      root: ids => boxRoot(options, programs, ids),
    })
    const box = new Box(container, options)
    try {
      for (const { path, bytes, mode } of inputs) copyIn(box.#directory, path, bytes, box.#ownership(mode))
      return box
    } catch (error) {
      await box.close()
      throw error
    }
  }

  /** Runs a program in the box, after those that were started before. A relative program is one of the box's files. */
  run(program: string, args: readonly string[], options: CommandOptions & AsBytes): RunHandle<Uint8Array>
  run(program: string, args?: readonly string[], options?: CommandOptions): RunHandle
  run(
    program: string,
    args: readonly string[] = [],
    options: CommandOptions = {},
  ): RunHandle<string | Uint8Array> {
    const started = {
      events: new RunEvents(),
      cancel: new AbortController(),
      calledAt: process.hrtime.bigint(),
    }
    const result = this.#enqueue(async () => {
      validateCommandOptions(options)
      return this.#execute(this.#resolve(program, options), [program, ...args], options, started)
    })
    return new RunHandle(result, started.events, () => started.cancel.abort())
  }

  /** As `run`, for a program that is known to be visible. */
  runResolved(
    program: ResolvedProgram,
    argv: readonly string[],
    options: CommandOptions,
    started: Started,
  ): Promise<AnyResult> {
    return this.#enqueue(() => this.#execute(program, argv, options, started))
  }

  #execute(
    program: ResolvedProgram,
    argv: readonly string[],
    options: CommandOptions,
    started: Started,
  ): Promise<AnyResult> {
    return runCommand(
      { container: this.#container, directory: this.#directory, ...started },
      program,
      argv,
      options,
    )
  }

  /** Puts a file into the working directory, replacing what has its name. */
  async writeFile(path: string, contents: string | Uint8Array, mode = 0o644): Promise<void> {
    const bytes = typeof contents === 'string' ? Buffer.from(contents) : contents
    await this.#enqueue(async () => copyIn(this.#directory, path, bytes, this.#ownership(mode)))
  }

  /** Reads a regular file of the working directory, at most `maxBytes` long. */
  readFile(path: string, maxBytes: number = 64 * 2 ** 20): Promise<Uint8Array> {
    return this.#enqueue(async () => (await copyOut(this.#directory, path, maxBytes)).bytes)
  }

  /** Ends whatever runs in the box and removes it. Further calls reject with ERR_GLASSBOX_BOX_CLOSED. */
  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    closeSync(this.#directory)
    await this.#container.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #ownership(mode: number): Ownership {
    const { userNamespace, uid, gid } = this.#container.identity
    return userNamespace ? { mode } : { mode, owner: { uid, gid } }
  }

  #enqueue<T>(work: () => Promise<T>): Promise<T> {
    const next = this.#last.then(() => {
      if (this.#closed) throw closedError()
      return work()
    })
    this.#last = next.then(
      () => {},
      () => {},
    )
    return next
  }

  #resolve(program: string, { cwd, env }: CommandOptions): ResolvedProgram {
    const found = resolveProgram(program, {
      hostDirectory: BOX_DIRECTORY,
      cwd: cwd ?? BOX_DIRECTORY,
      inBox: path => hasFile(this.#directory, path),
      bindTargets: (this.#options.binds ?? []).map(({ source, target }) => target ?? resolve(source)),
      boxPath: env?.['PATH'] ?? DEFAULT_PATH,
      hostPath: '',
    })
    if (found.bind === undefined) return found
    throw new GlassboxError(
      'ERR_GLASSBOX_PROGRAM_NOT_FOUND',
      `${program}: this box does not show ${found.bind}`,
      {
        path: found.bind,
        hint: 'Open the box with a bind of its directory, or put the file into the box.',
      },
    )
  }
}

const closedError = (): GlassboxError =>
  new GlassboxError('ERR_GLASSBOX_BOX_CLOSED', 'This box is closed.', { hint: 'Open another one.' })

/** Reads the host's files before anything is started, so that one that is missing starts nothing. */
function readInputs({ files = {} }: BoxOptions): { path: string; bytes: Uint8Array; mode: number }[] {
  return Object.entries(files).map(([path, contents]) => {
    if (typeof contents === 'string') return { path, bytes: Buffer.from(contents), mode: 0o644 }
    if (contents instanceof Uint8Array) return { path, bytes: contents, mode: 0o644 }
    try {
      return {
        path,
        bytes: readFileSync(contents.file),
        mode: contents.mode ?? statSync(contents.file).mode & 0o777,
      }
    } catch (error) {
      throw new GlassboxError(
        'ERR_GLASSBOX_FILE',
        `Cannot copy ${contents.file} into the box: ${(error as Error).message}`,
        {
          path: contents.file,
          hint: 'Name a file that you may read.',
          cause: error,
        },
      )
    }
  })
}

/**
 * Opens a box for several commands.
 *
 * @example
 * await using box = await openBox({ files: { 'main.c': 'int main(void) { return 42; }' } })
 * await box.run('gcc', ['main.c'])
 * const { exitCode } = await box.run('./a.out')
 */
export function openBox(options: BoxOptions = {}): Promise<Box> {
  return Box.open(options)
}
