/**
 * Walks a path: the components of path_resolution(7), with permissions, symbolic links, `..`
 * within the root, and mounts. The path stays bytes; what it found stands in the fields of the one
 * walk, until the next one. So a look-up allocates nothing.
 */
import { EACCES, ELOOP, ENAMETOOLONG, ENOENT, ENOTDIR, EXDEV } from '../../../linux/errno-numbers.ts'
import {
  RESOLVE_BENEATH,
  RESOLVE_IN_ROOT,
  RESOLVE_NO_MAGICLINKS,
  RESOLVE_NO_SYMLINKS,
  RESOLVE_NO_XDEV,
  S_IFDIR,
  S_IFLNK,
} from '../../../linux/constants.ts'
import { EXECUTE, permits } from '../permissions.ts'
import type { FsCaller, Location, Mount } from '../vfs.ts'
import { childOf, type Name } from './dentry.ts'
import { nameOf } from './names.ts'

export const PATH_MAX = 4096
export const NAME_MAX = 255
const MOST_LINKS = 40

/** How to walk, beside the RESOLVE_* of openat2(2). */
export const FOLLOW = 0x1_0000
/** The last component is to be made: a link of its name is not followed, even with a slash. */
export const TO_MAKE = 0x2_0000
/** The last name is to be removed: a link is not followed, and with a slash it is ENOTDIR. */
export const TO_REMOVE = 0x4_0000

export type LastKind = 'name' | 'dot' | 'dotdot' | 'root'

const SLASH = 47
const DOT = 46

/** Paths that links led away from: their rest is walked when the link's text is. */
interface Rest {
  bytes: Uint8Array
  at: number
  end: number
}

export class Walk {
  mount!: Mount
  /** What was found; after −ENOENT with `missing`, the directory that lacks the last name. */
  dentry!: Name
  parentMount!: Mount
  /** The directory of the last name, if `last` is 'name'. */
  parent!: Name
  name = ''
  last: LastKind = 'root'
  /** Whether the path ended in a name and a slash: it has to be a directory. */
  trailing = false
  /** Whether only the last component is missing, so that it can be made. */
  missing = false

  readonly #rests: Rest[] = []
  #rootMount!: Mount
  #rootDentry!: Name
  #isScoped = false

  /** 0, or a negative errno. `how`: FOLLOW, TO_MAKE and RESOLVE_* together. */
  run(start: Location, caller: FsCaller, bytes: Uint8Array, length: number, how: number): number {
    this.missing = false
    this.trailing = false
    this.last = 'root'
    this.#isScoped = (how & (RESOLVE_BENEATH | RESOLVE_IN_ROOT)) !== 0
    const root = this.#isScoped ? start : caller.fs.root
    this.#rootMount = root.mount
    this.#rootDentry = root.dentry as Name
    if (length === 0) return -ENOENT
    if (bytes[0] === SLASH) {
      if ((how & RESOLVE_BENEATH) !== 0) return -EXDEV
      if ((how & RESOLVE_NO_XDEV) !== 0 && start.mount !== root.mount) return -EXDEV
      this.#toRoot()
    } else {
      this.mount = start.mount
      this.dentry = start.dentry as Name
    }
    const error = this.#components(caller, bytes, length, how)
    if (error !== 0) return error
    const mustBeDirectory = this.trailing && (how & TO_MAKE) === 0
    return mustBeDirectory && this.dentry.inode.type !== S_IFDIR ? -ENOTDIR : 0
  }

  location(): Location {
    return { mount: this.mount, dentry: this.dentry }
  }

  #toRoot(): void {
    this.mount = this.#rootMount
    this.dentry = this.#rootDentry
  }

  #components(caller: FsCaller, path: Uint8Array, length: number, how: number): number {
    const { credentials } = caller
    let bytes = path
    let at = 0
    let end = length
    let links = 0
    let depth = 0
    for (;;) {
      while (at < end && bytes[at] === SLASH) at++
      if (at === end) {
        if (depth === 0) return 0
        const rest = this.#rests[--depth] as Rest
        bytes = rest.bytes
        at = rest.at
        end = rest.end
        continue
      }
      const from = at
      while (at < end && bytes[at] !== SLASH) at++
      const to = at
      while (at < end && bytes[at] === SLASH) at++
      const isLast = at === end && depth === 0
      const directory = this.dentry
      if (directory.inode.type !== S_IFDIR) return -ENOTDIR
      const denied = permits(directory.inode, EXECUTE, credentials)
      if (denied !== 0) return denied
      if (bytes[from] === DOT) {
        if (to - from === 1) {
          this.last = 'dot'
          continue
        }
        if (to - from === 2 && bytes[from + 1] === DOT) {
          this.last = 'dotdot'
          const refused = this.#up(how)
          if (refused !== 0) return refused
          continue
        }
      }
      if (to - from > NAME_MAX) return -ENAMETOOLONG
      const name = nameOf(bytes, from, to)
      const { mount } = this
      if (isLast) {
        this.last = 'name'
        if (to !== end) this.trailing = true
        this.name = name
        this.parent = directory
        this.parentMount = mount
      }
      let child = childOf(directory, name)
      if (typeof child === 'number') {
        this.missing = isLast && child === -ENOENT
        return child
      }
      if (child.mounted !== undefined) {
        if ((how & RESOLVE_NO_XDEV) !== 0) return -EXDEV
        do {
          this.mount = child.mounted
          child = child.mounted.root as Name
        } while (child.mounted !== undefined)
      }
      if (child.inode.type !== S_IFLNK) {
        this.dentry = child
        continue
      }
      const isFollowed =
        !isLast || ((this.trailing || (how & FOLLOW) !== 0) && (how & (TO_MAKE | TO_REMOVE)) === 0)
      if (!isFollowed) {
        this.dentry = child
        return (how & RESOLVE_NO_SYMLINKS) !== 0 && (how & FOLLOW) !== 0 ? -ELOOP : 0
      }
      if ((how & RESOLVE_NO_SYMLINKS) !== 0 || ++links > MOST_LINKS) return -ELOOP
      if (child.inode.follow !== undefined) {
        if ((how & RESOLVE_NO_MAGICLINKS) !== 0) return -ELOOP
        if (this.#isScoped) return -EXDEV
        const target = child.inode.follow(caller)
        if (typeof target === 'number') return target
        if ((how & RESOLVE_NO_XDEV) !== 0 && target.mount !== mount) return -EXDEV
        this.mount = target.mount
        this.dentry = target.dentry as Name
        if (isLast) this.last = 'root'
        continue
      }
      const text = child.inode.readlink?.(caller) ?? -EACCES
      if (typeof text === 'number') return text
      if (text.length === 0) return -ENOENT
      if (!isLast && at < end) {
        const rest = (this.#rests[depth] ??= { bytes, at, end })
        rest.bytes = bytes
        rest.at = at
        rest.end = end
        depth++
      }
      bytes = linkBytes(text)
      at = 0
      end = bytes.length
      if (bytes[0] !== SLASH) continue
      if ((how & RESOLVE_BENEATH) !== 0) return -EXDEV
      if ((how & RESOLVE_NO_XDEV) !== 0 && this.mount !== this.#rootMount) return -EXDEV
      this.#toRoot()
      if (isLast) this.last = 'root'
    }
  }

  /** `..`: stops at the root; leaves a mount by the place where it is mounted. */
  #up(how: number): number {
    for (;;) {
      if (this.dentry === this.#rootDentry && this.mount === this.#rootMount) {
        return (how & RESOLVE_BENEATH) !== 0 ? -EXDEV : 0
      }
      if (this.dentry !== this.mount.root) {
        // A directory that was removed has lost its way up only in getcwd(2).
        this.dentry = this.dentry.parent ?? this.dentry
        break
      }
      const { at } = this.mount
      if (at === undefined) return 0
      if ((how & RESOLVE_NO_XDEV) !== 0) return -EXDEV
      this.mount = at.mount
      this.dentry = at.dentry as Name
    }
    while (this.dentry.mounted !== undefined) {
      if ((how & RESOLVE_NO_XDEV) !== 0) return -EXDEV
      this.mount = this.dentry.mounted
      this.dentry = this.mount.root as Name
    }
    return 0
  }
}

/** The texts of links as bytes, for the links that are followed all the time. */
const texts = new Map<string, Uint8Array>()
const MOST_TEXTS = 4096

function linkBytes(text: string): Uint8Array {
  let bytes = texts.get(text)
  if (bytes === undefined) {
    if (texts.size >= MOST_TEXTS) texts.clear()
    bytes = Buffer.from(text, 'latin1')
    texts.set(text, bytes)
  }
  return bytes
}
