/**
 * What a path of a box means on the host, so that a program is found before anything is started,
 * as execvp(3) would find it in the box: through the caller's binds, the system directories that
 * every box shows, and the links in both.
 *
 * Files that programs or the caller put into the box are not on the host: see `inBox` of
 * program.ts.
 */
import { lstatSync, readlinkSync, realpathSync, type Stats, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { isProgram } from '../launch/find-program.ts'

/** A bind of the caller, with both paths absolute. */
export interface ShownBind {
  readonly source: string
  readonly target: string
  readonly writable: boolean
}

/** The system directories that every box shows under the same name, and their configuration. */
const SHOWN = /^\/(usr|bin|sbin|lib|lib32|lib64|libx32|etc)(\/|$)/

/** Everyone may read it, and enter it or execute it. */
const READABLE = 0o005

/** The most links that the kernel follows in one path. */
const MOST_LINKS = 40

const isAtOrBelow = (path: string, directory: string): boolean =>
  path === directory || path.startsWith(`${directory}/`)

const lookAt = (path: string): Stats | undefined => {
  try {
    return lstatSync(path, { throwIfNoEntry: false })
  } catch {
    return undefined // below a file, or in a directory that this user may not enter
  }
}

/** A file of the host, as a box shows it. */
export interface ShownFile {
  /** Its path on the host, without links. */
  readonly source: string
  /** The bind of the caller that shows it, if one does. */
  readonly bind?: ShownBind
}

export class BoxView {
  readonly #binds: readonly ShownBind[]
  readonly #showsHost: boolean

  /** `showsHost`: every path of the host has the same meaning in the box. */
  constructor(binds: readonly ShownBind[], showsHost: boolean) {
    this.#showsHost = showsHost
    this.#binds = binds.map(bind => ({ ...bind, target: withoutSystemLinks(bind.target) }))
  }

  /** Whether a bind of the caller is at the path or above it. */
  isBound(path: string): boolean {
    return this.#binds.length > 0 && this.#bindOf(withoutSystemLinks(path)) !== undefined
  }

  /** Whether an existing path of the host means the same file in the box. */
  showsHostFile(path: string): boolean {
    return this.#showsHost || this.file(path)?.source === realpathSync.native(path)
  }

  /** The file that the path means in the box; `undefined` if the box shows none there. */
  file(path: string): ShownFile | undefined {
    if (this.#showsHost || (SHOWN.test(path) && !this.#isDisturbed(path))) return this.#plain(path)
    return this.#walk(path)
  }

  /** No bind is concerned: the kernel follows the links, and the end must be shown. */
  #plain(path: string): ShownFile | undefined {
    try {
      const source = realpathSync.native(path)
      if (this.#showsHost || (SHOWN.test(source) && !this.#isDisturbed(source))) return { source }
      return this.#walk(path)
    } catch {
      return undefined
    }
  }

  /** Whether a bind is at, above or below the path, or below a directory above it. */
  #isDisturbed(path: string): boolean {
    const [, top = ''] = path.split('/')
    return this.#binds.some(({ target }) => isAtOrBelow(target, `/${top}`) || isAtOrBelow(path, target))
  }

  #bindOf(path: string): ShownBind | undefined {
    return this.#binds
      .filter(({ target }) => isAtOrBelow(path, target))
      .toSorted((a, b) => b.target.length - a.target.length)[0]
  }

  /** Follows the path name by name, with links in terms of the box (path_resolution(7)). */
  #walk(path: string, links = 0): ShownFile | undefined {
    const names = path.split('/').filter(name => name !== '')
    let found: ShownFile | undefined
    let at = ''
    for (const [index, name] of names.entries()) {
      at = `${at}/${name}`
      const bind = this.#bindOf(at)
      const source = bind ? join(bind.source, at.slice(bind.target.length)) : SHOWN.test(at) ? at : undefined
      if (source === undefined) {
        // The box makes the directories above its binds.
        if (this.#binds.some(({ target }) => target.startsWith(`${at}/`))) continue
        return undefined
      }
      const stats = at === bind?.target ? followed(source) : lookAt(source)
      if (!stats) return undefined
      if (stats.isSymbolicLink()) {
        if (links === MOST_LINKS) return undefined
        const rest = names.slice(index + 1)
        return this.#walk(resolve(dirname(at), readlinkSync(source), ...rest), links + 1)
      }
      found = bind ? { source, bind } : { source }
    }
    return found
  }
}

/** The source of a bind is resolved when the box is made. */
function followed(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false })
  } catch {
    return undefined
  }
}

/** A target below a link of the root, such as /bin, with the link followed. */
function withoutSystemLinks(path: string): string {
  const [, top = ''] = path.split('/')
  if (!SHOWN.test(`/${top}`) || !lookAt(`/${top}`)?.isSymbolicLink()) return path
  return realpathSync.native(`/${top}`) + path.slice(top.length + 1)
}

/**
 * Whether the programs of a box may execute a file. `strangers`: they run as another user, so what
 * counts is the rights of others, unless the bind gives them those of its owner.
 */
export function mayExecute({ source, bind }: ShownFile, strangers: boolean): boolean {
  if (!strangers) return isProgram(source)
  const stats = followed(source)
  if (!stats?.isFile()) return false
  const owner = bind && ownerOf(bind)
  const bit = owner?.uid === stats.uid ? 0o100 : owner?.gid === stats.gid ? 0o010 : 0o001
  return (stats.mode & bit) !== 0
}

/**
 * The owner of the source, if the bind shows it as the property of the box's user: as a rule a
 * writable source, and one that others may not read.
 */
function ownerOf({ source, writable }: ShownBind): Stats | undefined {
  const stats = followed(source)
  const isOpen = stats && (stats.mode & READABLE) === READABLE
  return writable || !isOpen ? stats : undefined
}
