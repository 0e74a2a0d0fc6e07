/**
 * The parts of the host that a box shows by default: programs, libraries and the configuration
 * that interpreters and compilers read, all read-only. Nothing else of the host is visible: no
 * home directory, no secrets of /etc, and of /var only what GHC reads there.
 */
import {
  lstatSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  type Stats,
  statSync,
} from 'node:fs'
import { NETWORK_DEVICES, processors } from './sys.ts'
import type { BindMount, HostRoot, MaskedPath, SmallFile, SymbolicLink } from './types.ts'

/** Directories of the root. A directory is bound; a symbolic link (merged /usr) is recreated. */
const SYSTEM_DIRECTORIES = ['usr', 'bin', 'sbin', 'lib', 'lib32', 'lib64', 'libx32']

/**
 * The entries of /etc that are shown, and what needs them. A pattern matches a whole name. Small
 * files are copied, which costs a tenth of a mount; directories and large files are bound.
 */
const CONFIGURATION: readonly { readonly pattern: RegExp; readonly for: string }[] = [
  { pattern: /^alternatives$/, for: 'links in /usr/bin that lead through it (Debian): cc, java, awk' },
  { pattern: /^ld\.so\.cache$/, for: 'the dynamic loader' },
  { pattern: /^(localtime|timezone)$/, for: 'time zones' },
  { pattern: /^(locale\.alias|os-release|services|protocols)$/, for: 'lookups of libraries' },
  { pattern: /^(java|java-\d+.*|python3\.\d+|mono|R|ghc|php|fpc\.cfg)$/, for: 'language runtimes' },
]

/**
 * Paths below directories that are not shown as a whole. Debian's GHC keeps its package list in
 * /var.
 */
const NESTED = ['/etc/ssl/certs', '/etc/ssl/openssl.cnf', '/etc/pki/tls/certs', '/var/lib/ghc']

/** Files up to this size, in bytes, are copied rather than bound. */
const LARGEST_COPY = 64 * 1024

const DEVICES = ['null', 'zero', 'full', 'random', 'urandom']

const DEVICE_LINKS: readonly SymbolicLink[] = [
  { path: '/dev/fd', target: '/proc/self/fd' },
  { path: '/dev/stdin', target: '/proc/self/fd/0' },
  { path: '/dev/stdout', target: '/proc/self/fd/1' },
  { path: '/dev/stderr', target: '/proc/self/fd/2' },
]

/**
 * Parts of procfs that reveal or control the host. They are hidden if the host has them. Files
 * that only root may read are not listed: no program in a box is root outside it.
 */
const MASKED = [
  ...[
    'acpi',
    'asound',
    'kcore',
    'keys',
    'key-users',
    'latency_stats',
    'sched_debug',
    'scsi',
    'sysrq-trigger',
  ],
  // Hiding these also prevents writes: any user may register triggers there, and the kernel keeps
  // them for the whole host.
  ...['pressure', 'timer_list', 'timer_stats'],
]

/** What is at a host path, behind links; `undefined` if the host does not have it. */
const look = (path: string): Stats | undefined => statSync(path, { throwIfNoEntry: false })

/** A read-only bind of a host path. */
const hostBind = (path: string, stats: Stats): BindMount => ({
  source: realpathSync.native(path),
  target: path,
  directory: stats.isDirectory(),
  writable: false,
})

function devices(): BindMount[] {
  return DEVICES.flatMap(name => {
    const path = `/dev/${name}`
    const stats = look(path)
    return stats ? [{ ...hostBind(path, stats), device: true }] : []
  })
}

function systemDirectories(): { binds: BindMount[]; links: SymbolicLink[] } {
  const binds: BindMount[] = []
  const links: SymbolicLink[] = []
  for (const name of SYSTEM_DIRECTORIES) {
    const path = `/${name}`
    const stats = lstatSync(path, { throwIfNoEntry: false })
    if (stats?.isSymbolicLink()) links.push({ path, target: readlinkSync(path) })
    else if (stats?.isDirectory()) binds.push(hostBind(path, stats))
  }
  return { binds, links }
}

function configuration(): { binds: BindMount[]; files: SmallFile[] } {
  const names = readdirSync('/etc').filter(name => CONFIGURATION.some(({ pattern }) => pattern.test(name)))
  const binds: BindMount[] = []
  const files: SmallFile[] = []
  for (const path of [...names.map(name => `/etc/${name}`), ...NESTED]) {
    const stats = look(path)
    if (!stats) continue
    const isSmall = !stats.isDirectory() && stats.size <= LARGEST_COPY
    if (isSmall) files.push({ path, contents: readFileSync(path) })
    else binds.push(hostBind(path, stats))
  }
  return { binds, files }
}

function maskedPaths(): MaskedPath[] {
  return MASKED.flatMap(name => {
    const path = `/proc/${name}`
    const stats = look(path)
    return stats ? [{ path, directory: stats.isDirectory() }] : []
  })
}

/** The files that name the ids of a box; see `identityFiles`. */
export const IDENTITY_FILES = ['/etc/passwd', '/etc/group', '/etc/hosts', '/etc/nsswitch.conf'] as const

/** Names for the ids of a box, for programs that look up their own user or host name. */
export function identityFiles(uid: number, gid: number, hostname: string): readonly SmallFile[] {
  const texts: Record<(typeof IDENTITY_FILES)[number], string> = {
    '/etc/passwd': `root:x:0:0:root:/:/bin/sh\nbox:x:${uid}:${gid}:box:/box:/bin/sh\n`,
    '/etc/group': `root:x:0:\nbox:x:${gid}:\n`,
    '/etc/hosts': `127.0.0.1 localhost ${hostname}\n::1 localhost\n`,
    '/etc/nsswitch.conf': 'passwd: files\ngroup: files\nhosts: files dns\n',
  }
  return Object.entries(texts).map(([path, text]) => ({ path, contents: Buffer.from(text) }))
}

let known: HostRoot | undefined

/** What this host shows. The host is inspected once in the life of the process. */
export function hostRoot(): HostRoot {
  if (known) return known
  const { binds, links } = systemDirectories()
  const etc = configuration()
  known = {
    binds: [...binds, ...etc.binds, ...devices(), ...processors()],
    files: etc.files,
    links: [...links, ...DEVICE_LINKS],
    masks: maskedPaths(),
    directories: [NETWORK_DEVICES],
  }
  return known
}

let bare: HostRoot | undefined

/**
 * The same for a box that mounts the host's binds itself, as far as no bind of the caller replaces
 * them. Only /dev/null stays, because the masks of procfs need it.
 */
export function hostRootWithoutBinds(): HostRoot {
  const binds = hostRoot().binds.filter(({ target }) => target === '/dev/null')
  return (bare ??= { ...hostRoot(), binds })
}
