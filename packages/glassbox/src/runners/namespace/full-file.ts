/**
 * Whether a file of the box is as large as a file may become: the evidence that SIGXFSZ came from the limit. Links are not
 * followed, and names of a program's choice are looked up one at a time, from a descriptor of their directory: so no path is too
 * long, and no more than one descriptor is held at any depth. What this user may not read holds no evidence that could be had.
 */
import { lstatSync, readdirSync, type Stats } from 'node:fs'
import { close } from '../../gate/descriptors.ts'
import { cString, syscall } from '../../gate/gate.ts'
import { AT_FDCWD, O_CLOEXEC, O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK, O_RDONLY } from '../../linux/constants.ts'
import { syscallNumber } from '../../linux/syscalls.ts'

const MAX_ENTRIES = 100_000
const PLACES = ['box', 'tmp', 'dev/shm']
const OPENAT = syscallNumber('openat')
const FLAGS = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC

/** Nothing runs in the box whose init is process `pid`. */
export function holdsFileOf(pid: number, bytes: number): boolean {
  const budget = { entries: MAX_ENTRIES }
  return PLACES.some(place => {
    const fd = syscall(OPENAT, AT_FDCWD, cString(`/proc/${pid}/root/${place}`), FLAGS, 0)
    return fd >= 0 && new Walk(fd, bytes, budget).run()
  })
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
  readonly #budget: { entries: number }
  readonly #levels: Level[] = []
  #found = false

  /** `top` is closed when it has run. */
  constructor(top: number, bytes: number, budget: { entries: number }) {
    this.#fd = top
    this.#bytes = bytes
    this.#budget = budget
  }

  run(): boolean {
    try {
      this.#enter()
      while (this.#levels.length > 0 && !this.#found) this.#step()
      return this.#found
    } finally {
      close(this.#fd)
    }
  }

  #step(): void {
    const name = this.#levels.at(-1)?.left.pop()
    if (name === undefined) this.#leave()
    else if (this.#budget.entries > 0 && this.#move(name)) this.#enter()
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

  #enter(): void {
    const left: Uint8Array[] = []
    for (const name of this.#names()) {
      if (this.#budget.entries-- <= 0) break
      const stats = look(this.#fd, name)
      if (stats?.isDirectory()) left.push(Buffer.concat([name, Buffer.of(0)]))
      else if (stats?.isFile() && stats.size >= this.#bytes) this.#found = true
    }
    this.#levels.push({ stats: look(this.#fd, HERE), left })
  }

  /** Back to the directory above, if it is still the one that was come from: another box may hold a descriptor and move it. */
  #leave(): void {
    this.#levels.pop()
    const above = this.#levels.at(-1)
    if (!above) return
    const same = this.#move(PARENT) && isSame(above.stats, look(this.#fd, HERE))
    if (!same) this.#levels.length = 0
  }

  #names(): Buffer[] {
    try {
      return readdirSync(`/proc/self/fd/${this.#fd}`, { encoding: 'buffer' })
    } catch {
      return []
    }
  }
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
