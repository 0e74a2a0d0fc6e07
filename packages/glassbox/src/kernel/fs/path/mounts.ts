/**
 * The mounts of a world, and the names of places. A mount belongs to the world for its whole life:
 * guests cannot mount.
 */
import { bytesText, nameOf } from './names.ts'
import { childOf, Name } from './dentry.ts'
import type { FileSystem, Inode, Location, Mount } from '../vfs.ts'

export interface MountOptions {
  readonly readOnly?: boolean
  readonly noExec?: boolean
  readonly noSuid?: boolean
  readonly noDevices?: boolean
}

class Mounted implements Mount {
  readonly id: number
  readonly fileSystem: FileSystem
  readonly root: Name
  readonly at: Location | undefined
  readonly readOnly: boolean
  readonly noExec: boolean
  readonly noSuid: boolean
  readonly noDevices: boolean

  constructor(
    id: number,
    fileSystem: FileSystem,
    root: Inode,
    at: Location | undefined,
    { readOnly = false, noExec = false, noSuid = false, noDevices = false }: MountOptions,
  ) {
    this.id = id
    this.fileSystem = fileSystem
    this.root = new Name('', undefined, root)
    this.at = at
    this.readOnly = readOnly
    this.noExec = noExec
    this.noSuid = noSuid
    this.noDevices = noDevices
  }
}

/** All mounts of a world, the root first. */
export class Mounts {
  readonly all: Mount[] = []
  #nextId = 21

  /** Mounts on a directory or file; the first one, without `at`, is the root of the world. */
  add(fileSystem: FileSystem, root: Inode, at: Location | undefined, options: MountOptions = {}): Mount {
    const mount = new Mounted(this.#nextId++, fileSystem, root, at, options)
    if (at !== undefined) (at.dentry as Name).mounted = mount
    this.all.push(mount)
    return mount
  }

  get root(): Mount {
    const [root] = this.all
    if (root === undefined) throw new Error('The world has no root yet.')
    return root
  }

  /**
   * Finds a place by an absolute path of the host's text, without permissions and links, and makes
   * names that are missing: `missing` gives their inodes. Such a name exists in the cache of names
   * only, so a read-only tree may get one.
   */
  place(path: string, missing: (name: string, isLast: boolean) => Inode): Location {
    let mount = this.root
    let dentry = mount.root as Name
    const parts = bytesText(path)
      .split('/')
      .filter(part => part !== '')
    for (const [index, part] of parts.entries()) {
      const bytes = Buffer.from(part, 'latin1')
      const name = nameOf(bytes, 0, bytes.length)
      let child = childOf(dentry, name)
      if (typeof child === 'number') {
        child = new Name(name, dentry, missing(name, index === parts.length - 1))
        dentry.children.set(name, child)
        dentry.own = (dentry.own ?? new Set<string>()).add(name)
      }
      dentry = child
      while (dentry.mounted !== undefined && index < parts.length - 1) {
        mount = dentry.mounted
        dentry = mount.root as Name
      }
    }
    return { mount, dentry }
  }
}

/**
 * The path of a place as seen from a root, as a string of bytes; `undefined` if it is not below
 * that root. A name that was removed ends in ` (deleted)`.
 */
export function pathFrom(root: Location, { mount, dentry }: Location): string | undefined {
  let path = ''
  let at = mount
  let name = dentry as Name | undefined
  const suffix = dentry.removed ? ' (deleted)' : ''
  while (name !== undefined) {
    if (name === root.dentry && at === root.mount) return (path === '' ? '/' : path) + suffix
    if (name === at.root) {
      if (at.at === undefined) return undefined
      name = at.at.dentry as Name
      at = at.at.mount
      continue
    }
    path = `/${name.name}${path}`
    name = name.parent
  }
  return undefined
}
