/**
 * Removes a file or a whole tree beneath an open directory, at any depth. A directory that is not
 * empty is first moved up to the top of the tree, so paths stay short and two descriptors are
 * enough. Links are removed, never followed.
 *
 * The work is a generator that yields after each small step. `removeTree` pauses there, so the
 * event loop goes on; `removeTreeNow` does not, for a process that is about to exit.
 */
import { fstatSync } from 'node:fs'
import { close, withDescriptor } from '../../gate/descriptors.ts'
import { cString, syscall, systemError } from '../../gate/gate.ts'
import { RENAME_NOREPLACE } from '../../linux/constants.ts'
import { ERRNO } from '../../linux/errno.ts'
import { pathOfBytes } from '../../linux/path-bytes.ts'
import { syscallNumber } from '../../linux/syscalls.ts'
import { nextNames, openDirectory, openToLook, removeDirectory, setMode, unlink } from './beneath.ts'
import type { Pace } from './pace.ts'

const OWNER_ALL = 0o700

/** Removes the file or directory `name` of the directory `parent`. */
export async function removeTree(parent: number, name: string, resolve: number, pace: Pace): Promise<void> {
  for (const _ of removal(parent, name, resolve)) await pace.rest()
}

/** The same at once. Blocks this thread as long as it takes. */
export function removeTreeNow(parent: number, name: string, resolve: number): void {
  for (const _ of removal(parent, name, resolve));
}

function* removal(parent: number, name: string, resolve: number): Generator<void, void, void> {
  const removed = unlink(parent, name)
  if (removed === 0) return
  if (removed !== -ERRNO.EISDIR) throw systemError('unlinkat', -removed, name)
  const tree = openToEmpty(parent, name, resolve)
  try {
    yield* new Removal(tree, resolve).run()
  } finally {
    close(tree)
  }
  const gone = removeDirectory(parent, name)
  if (gone < 0) throw systemError('unlinkat', -gone, name)
}

/**
 * Opens a directory that is about to be removed. If its program removed the owner's permissions,
 * they are set again.
 */
function openToEmpty(parent: number, name: string, resolve: number): number {
  withDescriptor(openToLook(parent, name, resolve), fd => {
    const stats = fstatSync(fd)
    if (stats.isDirectory() && (stats.mode & OWNER_ALL) !== OWNER_ALL) setMode(fd, OWNER_ALL)
  })
  return openDirectory(parent, name, resolve)
}

class Removal {
  readonly #tree: number
  readonly #resolve: number
  /** Directories in the top of the tree that are yet to be emptied. */
  readonly #left: string[] = []
  #moved = 0

  constructor(tree: number, resolve: number) {
    this.#tree = tree
    this.#resolve = resolve
  }

  *run(): Generator<void, void, void> {
    yield* this.#empty(this.#tree)
    for (let name = this.#left.pop(); name !== undefined; name = this.#left.pop()) {
      const directory = openToEmpty(this.#tree, name, this.#resolve)
      try {
        yield* this.#empty(directory)
      } finally {
        close(directory)
      }
      const gone = removeDirectory(this.#tree, name)
      if (gone < 0) throw systemError('unlinkat', -gone, name)
    }
  }

  /** Removes all entries. A subdirectory that is not empty is moved to the top of the tree. */
  *#empty(directory: number): Generator<void, void, void> {
    for (let names = nextNames(directory); names.length > 0; names = nextNames(directory)) {
      for (const { name } of names) {
        this.#remove(directory, pathOfBytes(name))
        yield
      }
    }
  }

  #remove(directory: number, name: string): void {
    const removed = unlink(directory, name)
    if (removed === 0) return
    if (removed !== -ERRNO.EISDIR) throw systemError('unlinkat', -removed, name)
    if (removeDirectory(directory, name) === 0) return
    if (directory === this.#tree) this.#left.push(name)
    else this.#left.push(this.#moveUp(directory, name))
  }

  #moveUp(directory: number, name: string): string {
    for (;;) {
      const to = `.remove-${this.#moved++}`
      // Moving a directory changes its "..", which requires write permission for it.
      close(openToEmpty(directory, name, this.#resolve))
      const how = [directory, cString(name), this.#tree, cString(to), RENAME_NOREPLACE] as const
      const moved = syscall(syscallNumber('renameat2'), ...how)
      if (moved === 0) return to
      if (moved !== -ERRNO.EEXIST) throw systemError('renameat2', -moved, name)
    }
  }
}
