/**
 * Whether a file of the box is as large as a file may become: the evidence that SIGXFSZ came from
 * the limit. Links are not followed, and names of a program's choice are looked up one at a time,
 * from a descriptor of their directory: so no path is too long, and no more than two descriptors
 * are held at any depth. What this user may not read holds no evidence that could be had.
 *
 * How many files there are, and in how large directories, is the program's choice: so the walk has
 * an end, and lets others run every few milliseconds.
 */
import { type Dirent, lstatSync, readdirSync, type Stats } from 'node:fs'
import { opendir } from 'node:fs/promises'
import { setImmediate as othersRan } from 'node:timers/promises'
import { close } from '../../gate/descriptors.ts'
import { cString, syscall } from '../../gate/gate.ts'
import { AT_FDCWD, O_CLOEXEC, O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK, O_RDONLY } from '../../linux/constants.ts'
import { syscallNumber } from '../../linux/syscalls.ts'

/**
 * What is looked at before the walk gives up, in files: all that the default limits let a program
 * make in one directory each.
 */
const MOST_FILES = 50_000
/** What entering and leaving a directory costs, in files. */
const DIRECTORY_COST = 8
/** ms without a break. */
const SLICE_MS = 4
/**
 * A directory of more bytes is read piece by piece: 256 entries of a tmpfs, about as many of ext4.
 */
const LARGE_DIRECTORY = 5120
const PIECE = 256
const PLACES = ['box', 'tmp', 'dev/shm']
const OPENAT = syscallNumber('openat')
const FLAGS = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC

/** Nothing runs in the box whose init is process `pid`, until this is over. */
export async function holdsFileOf(pid: number, bytes: number): Promise<boolean> {
  const budget = new Budget()
  for (const place of PLACES) {
    const fd = syscall(OPENAT, AT_FDCWD, cString(`/proc/${pid}/root/${place}`), FLAGS, 0)
    if (fd >= 0 && (await new Walk(fd, bytes, budget).run())) return true
  }
  return false
}

/** Of all places together. */
class Budget {
  #files = MOST_FILES
  #since = performance.now()

  /** False where everything is used up. */
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

/** A directory on the way down from the top. */
interface Level {
  readonly stats: Stats | undefined
  /** Directories in it that have still to be looked at. */
  readonly left: Uint8Array[]
}

class Walk {
  #fd: number
  readonly #bytes: number
  readonly #budget: Budget
  readonly #levels: Level[] = []
  #found = false

  /** `top` is closed when it has run. */
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

  /** Makes another directory the current one, if there is a way back from it. */
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
   * Back to the directory above, if it is still the one that was come from: another box may hold a
   * descriptor and move it.
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

/** Read by another thread, so that only what is looked at takes this one's time. */
async function* piecesOf(fd: number): AsyncGenerator<Entry[]> {
  const options = { encoding: 'buffer' as BufferEncoding, bufferSize: PIECE } // Node takes it, its types do not tell
  let piece: Entry[] = []
  try {
    for await (const entry of await opendir(`/proc/self/fd/${fd}`, options)) {
      piece.push(entry as unknown as Entry)
      if (piece.length < PIECE) continue
      yield piece
      piece = []
    }
  } catch {
    return // what this user may not read
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
