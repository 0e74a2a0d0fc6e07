/**
 * Objects of TypeScript as file systems of a program: the option `mounts`. Each is functions of
 * the caller, which are called in the caller's thread while the program waits.
 */
import { resolve } from 'node:path'
import { InvalidOptionError } from '../../errors.ts'
import { func, type Kind } from '../../options/kind.ts'
import { dictionary, entryPath, record } from '../../options/record.ts'
import { show } from '../../options/show.ts'
import { bytesOfPath } from '../../linux/path-bytes.ts'
import { MAX_PATH_BYTES } from '../box-path.ts'

/** A value, or a promise of it. */
export type Awaitable<T> = T | Promise<T>

/** What `stat` says of a name. */
export interface MountedEntry {
  readonly type: 'file' | 'directory'
  /** In bytes. Default 0; an open file has the size of its contents anyway. */
  readonly size?: number
  /** Since 1970. Default 0. */
  readonly mtimeMs?: number
}

/** What a handler was asked for. */
export interface MountedRequest {
  readonly operation: 'list' | 'read' | 'stat' | 'write'
  readonly path: string
}

/**
 * A file system that is served by functions. Paths begin at the mount point: `/`, `/notes/a.txt`.
 *
 * Only the call that asks waits; other threads of the program go on. Nothing is cached between two
 * system calls. `undefined` means that there is no such name (ENOENT). An error with a `code` such
 * as `EACCES` is that errno for the program; any other error is EIO, and is passed to `onError`.
 *
 * @example
 * const hello = { list: () => ['hello'], read: () => 'Hello!\n' }
 * await run('cat', ['/world/hello'], { runner: 'kernel', mounts: { '/world': hello } })
 */
export interface MountedObject {
  /** The names in a directory; those of directories end in a slash. At most 65 536. */
  readonly list: (path: string) => Awaitable<readonly string[] | undefined>
  /** The contents of a file, at most 16 MiB. It is called when the file is opened. */
  readonly read: (path: string) => Awaitable<string | Uint8Array | undefined>
  /**
   * The new contents of a file, whole: when it is made or emptied, at fsync, and when a program
   * that has changed it closes it. Without it everything is read-only.
   */
  readonly write?: (path: string, bytes: Uint8Array) => Awaitable<unknown>
  /** What a name is. Without it, `list` of the directory above is asked. */
  readonly stat?: (path: string) => Awaitable<MountedEntry | undefined>
  /** Called with errors of the others. Without it, Node's process emits a warning. */
  readonly onError?: (error: unknown, request: MountedRequest) => void
}

/** By mount point. */
export type Mounts = Readonly<Record<string, MountedObject>>

const mounted = record<MountedObject>({
  fields: {
    list: { kind: func('a function, (path) => names'), words: ['readdir', 'ls', 'entries', 'names', 'dir'] },
    read: { kind: func('a function, (path) => contents'), words: ['readFile', 'open', 'get', 'cat'] },
    write: { kind: func('a function, (path, bytes) => void'), words: ['writeFile', 'put', 'set', 'save'] },
    stat: { kind: func('a function, (path) => { type, size }'), words: ['lookup', 'lstat', 'getattr'] },
    onError: { kind: func('a function, (error, request) => void'), words: ['error', 'catch', 'onerror'] },
  },
  required: ['list', 'read'],
  lacks: 'A mounted object has no key',
  expected: 'an object with functions, { list, read, write, stat, onError }',
  hint: () => "For example { list: () => ['hello'], read: () => 'Hello!' }.",
})

const MOST_NAME_BYTES = 255

const isMountPoint = (path: string): boolean =>
  path.startsWith('/') &&
  path !== '/' &&
  resolve(path) === path &&
  !path.includes('\0') &&
  bytesOfPath(path).length <= MAX_PATH_BYTES &&
  path.split('/').every(name => bytesOfPath(name).length <= MOST_NAME_BYTES)

const objects = dictionary<MountedObject>({
  expected: 'an object, { mountPoint: { list, read } }',
  of: mounted,
  name: (name, path) => {
    if (!isMountPoint(name))
      throw new InvalidOptionError(
        path,
        `Expected the mount point to be an absolute path below / without . and .., got ${show(name)}.`,
        "For example '/world'.",
      )
  },
  hint: value =>
    Array.isArray(value)
      ? 'For directories of the host use binds.'
      : "For example { '/world': { list: () => ['hello'], read: () => 'Hello!' } }.",
})

/** Mount points lie side by side: of two nested ones, one would hide a part of the other. */
export const MOUNTS: Kind<Mounts> = {
  expected: objects.expected,
  read: (value, path) => {
    const read = objects.read(value, path)
    const points = Object.keys(read)
    for (const inner of points)
      for (const outer of points)
        if (inner.startsWith(`${outer}/`))
          throw new InvalidOptionError(
            entryPath(path, inner),
            `The mount point ${inner} is below the mount point ${outer}.`,
            'Serve both by one object.',
          )
    return read
  },
}
