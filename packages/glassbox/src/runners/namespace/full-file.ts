/**
 * Whether a file of the box has reached the file size limit: the evidence that SIGXFSZ came from
 * the limit. Links are not followed. Names are looked up one at a time, from a descriptor of their
 * directory, so no path is too long, and at most two descriptors are open at any depth.
 * Directories that this user may not read are skipped.
 *
 * The program chooses how many files there are and how large their directories are. So the walk
 * has a budget, and yields to the event loop every few milliseconds.
 */
import { type Dirent, lstatSync, readdirSync, type Stats } from 'node:fs'
import { setImmediate as othersRan } from 'node:timers/promises'
import { close } from '../../gate/descriptors.ts'
import { cString, syscall } from '../../gate/gate.ts'
import { O_CLOEXEC, O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK, O_RDONLY } from '../../linux/constants.ts'
import { syscallNumber } from '../../linux/syscalls.ts'

/**
 * The budget of the walk, in files. It covers the 16 384 files that the default limits allow in
 * each of the three places.
 */
const MOST_FILES = 50_000
/** The cost of entering and leaving a directory, in files. */
const DIRECTORY_COST = 8
/** The longest time between two yields, in ms. */
const SLICE_MS = 4
/**
 * A directory of more bytes is read piece by piece. This is the size of 256 entries on tmpfs, and
 * of about as many on ext4.
 */
const LARGE_DIRECTORY = 5120
const PIECE = 256
const PLACES = ['box', 'tmp', 'dev/shm']
const OPENAT = syscallNumber('openat')
const FLAGS = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC

/**
 * Whether a file of at least `bytes` is in the box with this root, a descriptor that stays the
 * caller's. No program may run in the box meanwhile.
 */
export async function holdsFileOf(root: number, bytes: number): Promise<boolean> {
  const budget = new Budget()
  for (const place of PLACES) {
    const fd = syscall(OPENAT, root, cString(place), FLAGS, 0)
    if (fd >= 0 && (await new Walk(fd, bytes, budget).run())) return true
  }
  return false
}

/** The common budget of all places. */
class Budget {
  #files = MOST_FILES
  #since = performance.now()

  /** Returns false once the budget is exhausted. */
  take(files: number): boolean {
    this.#files -= files
    return this.#files >= 0
  }

  async breathe(): Promise<void> {
    if (performance.now() - this.#since < SLICE_MS) return
    await othersRan()
    this.#since = performance.now()
  }
}

/** A directory between the top and the current one. */
interface Level {
  readonly stats: Stats | undefined
  /** Its subdirectories that are yet to be examined. */
  readonly left: Uint8Array[]
}

class Walk {
  #fd: number
  readonly #bytes: number
  readonly #budget: Budget
  readonly #levels: Level[] = []
  #found = false

  /** `run` closes `top`. */
  constructor(top: number, bytes: number, budget: Budget) {
    this.#fd = top
    this.#bytes = bytes
    this.#budget = budget
  }

  async run(): Promise<boolean> {
    try {
      await this.#enter()
      while (this.#levels.length > 0 && !this.#found) {
        await this.#budget.breathe()
        await this.#step()
      }
      return this.#found
    } finally {
      close(this.#fd)
    }
  }

  async #step(): Promise<void> {
    const name = this.#levels.at(-1)?.left.pop()
    if (name === undefined) this.#leave()
    else if (this.#budget.take(DIRECTORY_COST) && this.#move(name)) await this.#enter()
  }

  /** Makes another directory the current one, if it can be searched and so left again. */
  #move(name: Uint8Array): boolean {
    const next = syscall(OPENAT, this.#fd, name, FLAGS, 0)
    if (next < 0) return false
    if (!look(next, HERE)) {
      close(next)
      return false
    }
    close(this.#fd)
    this.#fd = next
    return true
  }

  async #enter(): Promise<void> {
    const stats = look(this.#fd, HERE)
    const left: Uint8Array[] = []
    if ((stats?.size ?? 0) <= LARGE_DIRECTORY) this.#lookAt(readSmall(this.#fd), left)
    else
      for await (const piece of piecesOf(this.#fd)) {
        this.#lookAt(piece, left)
        if (this.#found || !this.#budget.take(0)) break
        await this.#budget.breathe()
      }
    this.#levels.push({ stats, left })
  }

  /** Adds the directories among the entries to `left`. */
  #lookAt(entries: readonly Entry[], left: Uint8Array[]): void {
    for (const entry of entries) {
      if (!this.#budget.take(1)) return
      if (entry.isDirectory()) left.push(Buffer.concat([entry.name, Buffer.of(0)]))
      else if (entry.isFile() && (look(this.#fd, entry.name)?.size ?? 0) >= this.#bytes) this.#found = true
    }
  }

  /**
   * Goes back to the parent, if it is still the same directory. A process outside may hold a
   * descriptor and have moved the current one; the walk then ends.
   */
  #leave(): void {
    this.#levels.pop()
    const above = this.#levels.at(-1)
    if (!above) return
    const same = this.#move(PARENT) && isSame(above.stats, look(this.#fd, HERE))
    if (!same) this.#levels.length = 0
  }
}

type Entry = Pick<Dirent, 'isDirectory' | 'isFile'> & { readonly name: Buffer }

function readSmall(fd: number): Entry[] {
  try {
    return readdirSync(`/proc/self/fd/${fd}`, {
      encoding: 'buffer',
      withFileTypes: true,
    })
  } catch {
    return []
  }
}

/** Reads a directory in a thread of libuv's pool, so this thread only examines the entries. */
async function* piecesOf(fd: number): AsyncGenerator<Entry[]> {
  // Node's types do not have this encoding.
  const options = { encoding: 'buffer' as BufferEncoding, bufferSize: PIECE }
  let piece: Entry[] = []
  try {
    // Loaded here: few programs end at this limit, and it takes a part of the start of the
    // command.
    const { opendir } = process.getBuiltinModule('node:fs/promises')
    for await (const entry of await opendir(`/proc/self/fd/${fd}`, options)) {
      piece.push(entry as unknown as Entry)
      if (piece.length < PIECE) continue
      yield piece
      piece = []
    }
  } catch {
    return // this user may not read it
  }
  yield piece
}

const PARENT = cString('..')
const HERE = Buffer.from('.')

function look(directory: number, name: Uint8Array): Stats | undefined {
  try {
    const path = Buffer.concat([Buffer.from(`/proc/self/fd/${directory}/`), name])
    return lstatSync(path, { throwIfNoEntry: false })
  } catch {
    return undefined
  }
}

const isSame = (a: Stats | undefined, b: Stats | undefined): boolean =>
  a !== undefined && a.ino === b?.ino && a.dev === b.dev
