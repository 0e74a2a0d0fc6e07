/**
 * A container with the child prepared that will be its next program: what run(), a box and a pool run programs in.
 *
 * Owns the container, the account of the program that ran last, that of the next, and a descriptor of the working directory.
 * Nobody may use it for two things at a time; whoever owns it sees to that.
 */
import { closeSync } from 'node:fs'
import { Container } from '../container/container.ts'
import { copyIn, copyOut, hasFile } from '../container/files.ts'
import { PART } from '../container/wire.ts'
import { boxRoot, DEFAULT_HOSTNAME } from './furniture.ts'
import { type InputFile, readInputs } from './inputs.ts'
import { DEFAULT_LIMITS } from './limits.ts'
import type { BoxOptions, Limits } from './options.ts'
import { Prepared } from './prepared.ts'
import { BOX_DIRECTORY } from './program.ts'
import { validateBoxOptions } from './validate.ts'

export class PreparedContainer {
  readonly container: Container
  readonly #isolated: boolean
  #directory: number | undefined
  #current: Prepared | undefined
  #next: Prepared | undefined
  /** The next program will most likely have the limits of the last one. */
  #limits: Required<Limits> = DEFAULT_LIMITS

  private constructor(container: Container, isolated: boolean) {
    this.container = container
    this.#isolated = isolated
  }

  /**
   * Opens a container as `options` say. `programs`: files of the host that it must show although it would not by itself. Only a
   * `reusable` one can be reset.
   */
  static async open(
    options: BoxOptions,
    { programs = [], reusable = false }: { programs?: readonly string[]; reusable?: boolean } = {},
  ): Promise<PreparedContainer> {
    validateBoxOptions(options)
    options.signal?.throwIfAborted()
    const inputs = readInputs(options.files)
    const isolated = options.net !== 'host'
    const container = await Container.open({
      hostname: options.hostname ?? DEFAULT_HOSTNAME,
      network: isolated,
      root: ids => boxRoot(options, programs, ids),
    })
    const prepared = new PreparedContainer(container, isolated)
    try {
      if (reusable) await container.examine(PART.scratch + PART.network + PART.init)
      prepared.#prepare()
      for (const input of inputs) prepared.writeFile(input)
      if (reusable) await prepared.#next?.waiting
      return prepared
    } catch (error) {
      await prepared.close()
      throw error
    }
  }

  #prepare(): void {
    this.#next ??= new Prepared(this.container, this.#limits)
  }

  /** The child for a program with these limits. */
  take(limits: Required<Limits>): Prepared {
    this.#limits = limits
    this.#current = this.#next ?? new Prepared(this.container, limits)
    this.#next = undefined
    this.#current.limit(limits)
    return this.#current
  }

  async #releaseLast(): Promise<void> {
    const last = this.#current
    this.#current = undefined
    await last?.release()
  }

  async #releaseNext(): Promise<void> {
    const next = this.#next
    this.#next = undefined
    await next?.release()
  }

  /** Makes ready for another program that finds the files of the last one. */
  async renew(): Promise<void> {
    await this.#releaseLast()
    if (!this.container.ended) this.#prepare()
  }

  /** Makes ready for another program that finds nothing of the last one. False where that cannot be done. */
  async reset(): Promise<boolean> {
    await this.#releaseLast()
    const changed = await this.container.examine() // a child that still waits ends
    await this.#releaseNext()
    if (changed & PART.init || (this.#isolated && changed & PART.network)) return false
    if (changed & PART.scratch) {
      this.#closeDirectory()
      if (!(await this.container.freshScratch())) return false
    }
    this.#prepare()
    await this.#next?.waiting
    return true
  }

  /** A descriptor of the working directory; stays this object's. */
  directory(): number {
    this.#directory ??= this.container.openDirectory(BOX_DIRECTORY)
    return this.#directory
  }

  #closeDirectory(): void {
    if (this.#directory !== undefined) closeSync(this.#directory)
    this.#directory = undefined
  }

  hasFile(path: string): boolean {
    return hasFile(this.directory(), path)
  }

  writeFile({ path, bytes, mode }: InputFile): void {
    const { userNamespace, uid, gid } = this.container.identity
    copyIn(this.directory(), path, bytes, userNamespace ? { mode } : { mode, owner: { uid, gid } })
  }

  async readFile(path: string, maxBytes: number): Promise<Uint8Array> {
    return (await copyOut(this.directory(), path, maxBytes)).bytes
  }

  /** Ends everything in it and removes it. */
  async close(): Promise<void> {
    this.#closeDirectory()
    await this.container.close()
    await this.#releaseLast()
    await this.#releaseNext()
  }
}
