/**
 * The names in a directory, kept from one program to the next: /usr/bin has thousands. A directory
 * has a time of its last change, so as long as it is the same, so are the names. A change within
 * the resolution of that time could be missed, so only what was not changed lately is kept.
 */
import { opendirSync } from 'node:fs'
import { withDescriptor } from '../gate/descriptors.ts'
import { call, cString, syscall } from '../gate/gate.ts'
import { O_CLOEXEC, O_NOFOLLOW, O_PATH } from '../linux/constants.ts'
import { pathOfBytes } from '../linux/path-bytes.ts'
import { syscallNumber } from '../linux/syscalls.ts'
import { matchesName, namePattern } from '../policy/wildcards.ts'
import { look, STAT } from './look.ts'

/** Longer than a tick of any kernel's clock, which its times are taken from. */
const SETTLED_MS = 2000
const MOST_KEPT = 64
const MOST_KEPT_NAMES = 16_384
const MS_NS = 1_000_000n
const SECOND_NS = 1_000_000_000n

/**
 * File systems whose times come from the clock of this kernel: ext, xfs, btrfs, f2fs, tmpfs and
 * overlays of them (statfs(2)).
 */
const OWN_CLOCK: ReadonlySet<number> = new Set([
  ...[0xef53, 0x5846_5342, 0x9123_683e, 0xf2f5_2010],
  ...[0x0102_1994, 0x794c_7630],
])
/** struct statfs. */
const STATFS_BYTES = 120

export class Listing {
  readonly #names: readonly string[]
  readonly directories: readonly string[]
  readonly #matching = new Map<string, readonly string[]>()

  constructor(names: readonly string[], directories: readonly string[]) {
    this.#names = names
    this.directories = directories
  }

  /** The number of entries. */
  get size(): number {
    return this.#names.length
  }

  /** The names that match one with wildcards. */
  matching(text: string): readonly string[] {
    const known = this.#matching.get(text)
    if (known) return known
    const pattern = namePattern(text)
    const found = this.#names.filter(name => matchesName(pattern, name))
    this.#matching.set(text, found)
    return found
  }
}

/** By the directory's identity and time. */
const kept = new Map<string, Listing>()

/**
 * The names in an open directory; `undefined` if it has more than `most`.
 */
export function listingOf(fd: number, most: number): Listing | undefined {
  const { key, isSettled } = stampOf(fd)
  const known = kept.get(key)
  if (known) return known.size <= most ? known : undefined
  const listing = read(fd, most)
  if (listing && isSettled && listing.size <= MOST_KEPT_NAMES && hasOwnClock(fd)) {
    if (kept.size >= MOST_KEPT) kept.clear()
    kept.set(key, listing)
  }
  return listing
}

const stat = new BigInt64Array(STAT.SIZE / 8)

function stampOf(fd: number): { readonly key: string; readonly isSettled: boolean } {
  const nowNs = BigInt(Date.now()) * MS_NS
  call('fstat', [fd, stat])
  const [seconds = 0n, nanoseconds = 0n] = stat.subarray(STAT.changed / 8)
  return {
    key: `${stat[STAT.device / 8]} ${stat[STAT.inode / 8]} ${seconds} ${nanoseconds}`,
    isSettled: seconds * SECOND_NS + nanoseconds < nowNs - BigInt(SETTLED_MS) * MS_NS,
  }
}

function hasOwnClock(fd: number): boolean {
  const words = new BigInt64Array(STATFS_BYTES / 8)
  return syscall(syscallNumber('fstatfs'), fd, words) === 0 && OWN_CLOCK.has(Number(words[0]))
}

function read(fd: number, most: number): Listing | undefined {
  const directory = opendirSync(`/proc/self/fd/${fd}`, { encoding: 'buffer' as BufferEncoding })
  const names: string[] = []
  const directories: string[] = []
  try {
    for (let entry = directory.readSync(); entry; entry = directory.readSync()) {
      if (names.length >= most) return undefined
      const name = pathOfBytes(entry.name as unknown as Uint8Array)
      names.push(name)
      if (entry.isDirectory() || (!entry.isFile() && !entry.isSymbolicLink() && isDirectoryAt(fd, name)))
        directories.push(name)
    }
    return new Listing(names, directories)
  } finally {
    directory.closeSync()
  }
}

/** For file systems whose directories do not store the types of their entries. */
function isDirectoryAt(directory: number, name: string): boolean {
  const flags = O_PATH | O_NOFOLLOW | O_CLOEXEC
  const fd = syscall(syscallNumber('openat'), directory, cString(name), flags, 0)
  return fd >= 0 && withDescriptor(fd, () => look(fd).isDirectory)
}
