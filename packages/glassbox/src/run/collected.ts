/** Collected files, and their two destinations: the result, and the host. */
import type { GlassboxError } from '../errors.ts'
import { pathComponents } from '../job/box-path.ts'
import type { CollectedDirectory, CollectedFile, FileError } from '../job/files.ts'
import type { CollectedFiles } from '../job/result.ts'
import { ERRNO } from '../linux/errno.ts'
import { boxFileError, brief, fileError, refusal } from '../stdio/files/errors.ts'
import type { FileVisitor, FoundFile } from '../stdio/files/visitor.ts'
import type { HostPaths } from '../stdio/host-paths.ts'
import { OutputTree } from '../stdio/output-files.ts'

/** The files collected so far, by the names that the caller used. */
export class Collected {
  readonly #files = new Map<string, CollectedFile>()
  readonly #directories = new Map<string, CollectedDirectory>()
  readonly #errors = new Map<string, FileError>()
  readonly #most: number
  #bytes = 0

  constructor(most: number) {
    this.#most = most
  }

  file(name: string, file: CollectedFile): void {
    this.#files.set(name, file)
  }

  directory(name: string, mode: number): void {
    this.#directories.set(name, { directory: true, mode })
  }

  error(name: string, error: GlassboxError, side: FileError['side']): void {
    this.#errors.set(name, fileError(error, side))
  }

  /** Subtracts the size of a file from the remaining budget; throws EFBIG if it is too large. */
  charge({ path, size }: FoundFile): void {
    const left = this.#most - this.#bytes
    if (size > left) {
      const message = `its ${size} bytes are more than the ${left} that may still be collected`
      throw boxFileError(`Cannot read ${brief(path)}`, path, refusal(ERRNO.EFBIG, message))
    }
    this.#bytes += size
  }

  /** Ordinary objects. `Object.fromEntries` makes even `__proto__` an own property. */
  result(): CollectedFiles {
    return {
      files: Object.fromEntries(this.#files),
      directories: Object.fromEntries(this.#directories),
      fileErrors: Object.fromEntries(this.#errors),
    }
  }
}

/** Names of collected entries: the name that the caller used, then the path below it. */
class Names {
  readonly #asked: string
  readonly #path: string

  constructor(asked: string) {
    this.#asked = asked
    this.#path = pathComponents(asked).join('/')
  }

  /** The name of an entry in the result. */
  of(path: string): string {
    return path === this.#path
      ? this.#asked
      : `${this.#asked.replace(/\/+$/, '')}/${this.below(path).join('/')}`
  }

  /** The components of a path below the collected one; none for the collected path itself. */
  below(path: string): string[] {
    return path === this.#path ? [] : path.slice(this.#path.length + 1).split('/')
  }
}

/** Puts files into the result. */
export class IntoResult implements FileVisitor {
  readonly #names: Names
  readonly #found: Collected

  constructor(name: string, found: Collected) {
    this.#names = new Names(name)
    this.#found = found
  }

  async file(file: FoundFile): Promise<void> {
    try {
      this.#found.charge(file)
      this.#found.file(this.#names.of(file.path), { contents: await file.read(), mode: file.mode })
    } catch (error) {
      this.failed(file.path, boxFileError(`Cannot read ${brief(file.path)}`, file.path, error))
    }
  }

  async directory(path: string, mode: number): Promise<void> {
    this.#found.directory(this.#names.of(path), mode)
  }

  failed(path: string, error: GlassboxError): void {
    this.#found.error(this.#names.of(path), error, 'box')
  }

  close(): void {}
}

/** Writes files to the host. `close` closes its descriptors. */
export class OntoHost implements FileVisitor {
  readonly #names: Names
  readonly #found: Collected
  readonly #tree: OutputTree
  /** The top directory could not be made. Its contents are then skipped: one error is enough. */
  #failed = false

  constructor(name: string, found: Collected, target: string, paths: HostPaths) {
    this.#names = new Names(name)
    this.#found = found
    this.#tree = new OutputTree(target, paths)
  }

  async file(file: FoundFile): Promise<void> {
    if (this.#failed) return
    try {
      this.#found.charge(file)
    } catch (error) {
      this.failed(file.path, error as GlassboxError)
      return
    }
    await this.#onHost(file.path, () => this.#tree.file(this.#names.below(file.path), file))
  }

  async directory(path: string, mode: number): Promise<void> {
    if (this.#failed) return
    const below = this.#names.below(path)
    const made = await this.#onHost(path, async () => this.#tree.directory(below, mode))
    this.#failed = !made && below.length === 0
  }

  failed(path: string, error: GlassboxError): void {
    this.#found.error(this.#names.of(path), error, 'box')
  }

  /** Returns whether `write` succeeded; records its error otherwise. */
  async #onHost(path: string, write: () => Promise<void>): Promise<boolean> {
    try {
      await write()
      return true
    } catch (error) {
      this.#found.error(this.#names.of(path), error as GlassboxError, 'host')
      return false
    }
  }

  close(): void {
    this.#tree.close()
  }
}
