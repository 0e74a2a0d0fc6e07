/** The options of a box, as a table: kinds, bounds, defaults, and their names in other tools. */
import { resolve } from 'node:path'
import {
  boolean,
  choice,
  guarded,
  isInstance,
  type Kind,
  kind,
  list,
  number,
  unexpected,
} from '../options/kind.ts'
import { type Fields, record } from '../options/record.ts'
import { InvalidOptionError } from '../errors.ts'
import { atMost, isHostPath, MAX_PATH_BYTES } from './box-path.ts'
import { FILES } from './file-kinds.ts'
import { MOUNTS } from './mounts/mounts.ts'
import type { BoxOptions } from './options.ts'
import type { ResolvedBind } from './resolved.ts'

/** More bytes than any disk has, and more files. */
const LARGEST = 2 ** 43

/** A path in the box. It is read without `.`, without `..` and without a final slash. */
export const ABSOLUTE: Kind<string> = {
  expected: 'an absolute path in the box',
  read: (value, path) => {
    const wanted = ABSOLUTE.expected
    if (typeof value !== 'string' || !value.startsWith('/') || value.includes('\0'))
      throw unexpected(
        path,
        wanted,
        value,
        isInstance(value, URL) ? 'Use fileURLToPath() of node:url.' : undefined,
      )
    if (Buffer.byteLength(value) > MAX_PATH_BYTES)
      throw unexpected(path, `${wanted} of at most ${MAX_PATH_BYTES} bytes`, value)
    return resolve(value)
  },
}

/**
 * A path of the host. It is made absolute, because the current directory may change before use.
 */
const HOST_PATH: Kind<string> = {
  expected: 'the path of a file or directory of the host',
  read: (value, path) => {
    // throws if the current directory was removed
    if (isHostPath(value)) return guarded(path, () => resolve(value))
    throw unexpected(
      path,
      HOST_PATH.expected + atMost(value),
      value,
      isInstance(value, URL) ? 'Use fileURLToPath() of node:url.' : undefined,
    )
  },
}

const TARGET: Kind<string> = {
  expected: ABSOLUTE.expected,
  read: (value, path) => {
    const target = ABSOLUTE.read(value, path)
    if (target !== '/') return target
    throw new InvalidOptionError(
      path,
      `${path} cannot be /, the root of the box.`,
      'Name a directory below it.',
    )
  },
}

const READ_ONLY = 'Binds are read-only unless writable is true.'

/** Whether programs may write to a bind, or to a copy of it in memory. */
export const WRITABLE: Kind<boolean | 'copy'> = {
  ...kind("true, false or 'copy'", value => typeof value === 'boolean' || value === 'copy'),
  schema: () => ({ anyOf: [{ type: 'boolean' }, { const: 'copy' }] }),
}

const bind = record<{ source: string; target?: string; writable: boolean | 'copy' }>({
  fields: {
    source: { kind: HOST_PATH, words: ['src', 'from', 'host', 'hostPath', 'path', 'dir', 'file'] },
    target: {
      kind: TARGET,
      words: ['dst', 'dest', 'destination', 'to', 'mountPath', 'mountPoint', 'containerPath', 'guest', 'at'],
    },
    writable: { kind: WRITABLE, default: false, words: ['rw', 'write', 'writeable', 'readWrite'] },
  },
  required: ['source'],
  lacks: 'A bind has no key',
  advice: { ro: READ_ONLY, readonly: READ_ONLY },
  expected: 'a bind, { source, target, writable }',
  hint: value =>
    typeof value === 'string' ? `For example { source: ${JSON.stringify(value)} }.` : undefined,
})

const BIND: Kind<ResolvedBind> = {
  expected: bind.expected,
  read: (value, path) => {
    const { source, target, writable } = bind.read(value, path)
    return Object.freeze({ source, target: target ?? TARGET.read(source, `${path}.source`), writable })
  },
}

const binds = list(BIND, 'a list of binds', value =>
  typeof value === 'string'
    ? `For example [{ source: ${JSON.stringify(value)} }].`
    : "For example [{ source: '/data', writable: true }].",
)

/** A list of binds with distinct targets: of two binds with one target, one would be hidden. */
const BINDS: Kind<readonly ResolvedBind[]> = {
  expected: binds.expected,
  read: (value, path) => {
    const read = binds.read(value, path)
    for (const [index, { target }] of read.entries()) {
      const before = read.findIndex(other => other.target === target)
      if (before === index) continue
      throw new InvalidOptionError(
        `${path}[${index}].target`,
        `${path}[${before}] and ${path}[${index}] have the same target, ${target}.`,
        'Give each bind its own target.',
      )
    }
    return read
  },
}

const ETC_NAME: Kind<string> = {
  expected: 'the name of a file or directory of /etc',
  read: (value, path) => {
    const isName = typeof value === 'string' && value !== '' && !value.includes('\0')
    const read = isName ? resolve('/etc', value) : ''
    if (read.startsWith('/etc/') && Buffer.byteLength(read) <= MAX_PATH_BYTES) return read
    throw unexpected(path, ETC_NAME.expected + atMost(value), value, "For example 'ImageMagick-6'.")
  },
}

const etcNames = list(ETC_NAME, 'a list of names of /etc', value =>
  typeof value === 'string' ? `Put it into a list: [${JSON.stringify(value)}].` : "For example ['odbc.ini'].",
)

/** Absolute paths, each once, in an order that does not depend on the caller's. */
const ETC: Kind<readonly string[]> = {
  expected: etcNames.expected,
  read: (value, path) => Object.freeze([...new Set(etcNames.read(value, path))].toSorted()),
}

/** The kernel allows 64 bytes. The name is also written to /etc/hosts. */
const hostname = kind<string>(
  'a host name',
  value => typeof value === 'string' && /^[\w.-]{1,64}$/.test(value),
  'Use at most 64 letters, digits, dots and dashes.',
)

/** `Infinity` is not allowed: the disk of a box is a tmpfs, so it would be the host's memory. */
const disk = number({ from: 1, to: LARGEST, whole: true })

export const SIGNAL: Kind<AbortSignal> = {
  expected: 'an AbortSignal',
  read: (value, path) => {
    if (isInstance(value, AbortSignal)) return value
    const hint = isInstance(value, AbortController) ? 'Give its signal: controller.signal.' : undefined
    throw unexpected(path, SIGNAL.expected, value, hint ?? 'For example AbortSignal.timeout(1000).')
  },
}

/** The option `profile` is in the table of each call: see schemas.ts. */
export const BOX_FIELDS: Fields<Omit<BoxOptions, 'binds' | 'profile'> & { binds?: readonly ResolvedBind[] }> =
  {
    runner: {
      kind: choice(
        ['namespace', 'ptrace', 'kernel'],
        "'namespace' makes a box; 'ptrace' and 'kernel' need no privilege.",
      ),
      default: 'namespace',
      words: ['sandbox', 'backend', 'engine', 'driver', 'runtime'],
    },
    binds: {
      kind: BINDS,
      default: Object.freeze([]),
      words: ['bind', 'mount', 'volume', 'volumes', 'bindMounts', 'roBind', 'paths'],
    },
    mounts: {
      kind: MOUNTS,
      default: Object.freeze({}),
      words: ['fuse', 'fileSystems', 'virtualFiles', 'virtualFs', 'objects', 'providers'],
    },
    here: {
      kind: boolean,
      words: ['cwdWritable', 'shareCwd', 'currentDirectory', 'mountCwd', 'bindCwd', 'workspace'],
    },
    etc: {
      kind: ETC,
      default: Object.freeze([]),
      words: ['config', 'configuration', 'configFiles', 'etcFiles'],
    },
    net: {
      kind: choice(['none', 'host'], "'none' has only loopback; 'host' is the network of the host."),
      default: 'none',
      words: ['network', 'networkMode', 'networking', 'internet', 'netns', 'shareNet', 'unshareNet'],
    },
    hostname: { kind: hostname, words: ['host', 'machine'] },
    diskBytes: {
      kind: disk,
      words: ['disk', 'diskSize', 'diskQuota', 'quota', 'storage', 'tmpfs', 'tmpSize'],
    },
    diskFiles: { kind: disk, words: ['inodes', 'maxFiles', 'fileCount'] },
    files: {
      kind: FILES,
      default: Object.freeze({}),
      words: ['copyIn', 'inputFiles', 'file', 'upload', 'fs', 'sources', 'writeFiles'],
    },
    signal: { kind: SIGNAL, words: ['abort', 'abortSignal', 'cancelSignal', 'cancel', 'controller'] },
  }
