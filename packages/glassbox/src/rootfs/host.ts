/**
 * What of the host a box shows by default: programs, libraries and the configuration that interpreters and compilers
 * read, all read-only. Nothing else of the host is there: no home directory, no /var, no secrets of /etc.
 */
import { lstatSync, readdirSync, readlinkSync, realpathSync, statSync } from 'node:fs'
import type { BindMount, MaskedPath, RootSpec, SmallFile, SymbolicLink } from './types.ts'

/** Directories of the root: a directory is bound, a symbolic link (merged /usr) is made again. */
const SYSTEM_DIRECTORIES = ['usr', 'bin', 'sbin', 'lib', 'lib32', 'lib64', 'libx32']

/** What stands in /etc, and for whom. A pattern matches a whole name. */
const CONFIGURATION: readonly { readonly pattern: RegExp; readonly for: string }[] = [
  { pattern: /^alternatives$/, for: 'links in /usr/bin that lead through it (Debian): cc, java, awk' },
  { pattern: /^ld\.so\.(cache|conf|conf\.d)$/, for: 'the dynamic loader' },
  { pattern: /^(localtime|timezone)$/, for: 'time zones' },
  {
    pattern: /^(locale\.alias|mime\.types|magic|os-release|services|protocols)$/,
    for: 'lookups of libraries',
  },
  {
    pattern: /^(java|java-\d+.*|python3?(\.\d+)?|perl|mono|R|ghc|php|fpc\.cfg|terminfo)$/,
    for: 'language runtimes',
  },
]

/** Below directories of /etc that are not shown whole. */
const NESTED = [
  '/etc/ssl/certs',
  '/etc/ssl/openssl.cnf',
  '/etc/pki/tls/certs',
  '/etc/ca-certificates',
  '/var/lib/ghc',
]

const DEVICES = ['null', 'zero', 'full', 'random', 'urandom']

const DEVICE_LINKS: readonly SymbolicLink[] = [
  { path: '/dev/fd', target: '/proc/self/fd' },
  { path: '/dev/stdin', target: '/proc/self/fd/0' },
  { path: '/dev/stdout', target: '/proc/self/fd/1' },
  { path: '/dev/stderr', target: '/proc/self/fd/2' },
]

/** Parts of procfs that tell of the host or steer it; hidden where the host has them. */
const MASKED = [
  ...[
    'acpi',
    'asound',
    'bus',
    'driver',
    'fs',
    'irq',
    'kallsyms',
    'kcore',
    'keys',
    'key-users',
    'kmsg',
    'latency_stats',
  ],
  ...['modules', 'mtrr', 'pagetypeinfo', 'sched_debug', 'scsi', 'slabinfo', 'swaps', 'sysrq-trigger'],
  ...['timer_list', 'timer_stats', 'vmallocinfo', 'zoneinfo'],
]

function kind(path: string): 'directory' | 'file' | undefined {
  const stats = statSync(path, { throwIfNoEntry: false })
  return stats?.isDirectory() ? 'directory' : stats ? 'file' : undefined
}

/** A read-only bind of a path of the host, or nothing where the host does not have it. */
function hostBind(path: string, device = false): BindMount[] {
  const what = kind(path)
  if (what === undefined) return []
  const bind = { source: realpathSync(path), target: path, directory: what === 'directory', writable: false }
  return [device ? { ...bind, device } : bind]
}

function systemDirectories(): { binds: BindMount[]; links: SymbolicLink[] } {
  const binds: BindMount[] = []
  const links: SymbolicLink[] = []
  for (const name of SYSTEM_DIRECTORIES) {
    const path = `/${name}`
    const stats = lstatSync(path, { throwIfNoEntry: false })
    if (stats?.isSymbolicLink()) links.push({ path, target: readlinkSync(path) })
    else if (stats?.isDirectory()) binds.push(...hostBind(path))
  }
  return { binds, links }
}

function configuration(): BindMount[] {
  const names = readdirSync('/etc').filter(name => CONFIGURATION.some(({ pattern }) => pattern.test(name)))
  return [...names.map(name => `/etc/${name}`), ...NESTED].flatMap(path => hostBind(path))
}

function maskedPaths(): MaskedPath[] {
  return MASKED.flatMap(name => {
    const what = kind(`/proc/${name}`)
    return what === undefined ? [] : [{ path: `/proc/${name}`, directory: what === 'directory' }]
  })
}

/** Names for the ids of a box, so that programs which look themselves up find something. */
export function identityFiles(uid: number, gid: number, hostname: string): readonly SmallFile[] {
  return [
    { path: '/etc/passwd', contents: `root:x:0:0:root:/:/bin/sh\nbox:x:${uid}:${gid}:box:/box:/bin/sh\n` },
    { path: '/etc/group', contents: `root:x:0:\nbox:x:${gid}:\n` },
    { path: '/etc/hosts', contents: `127.0.0.1 localhost ${hostname}\n::1 localhost\n` },
    { path: '/etc/nsswitch.conf', contents: 'passwd: files\ngroup: files\nhosts: files dns\n' },
  ]
}

export type HostRoot = Pick<RootSpec, 'binds' | 'links' | 'masks'>

let known: HostRoot | undefined

/** Looks at the host once for the life of the process. */
export function hostRoot(): HostRoot {
  if (known) return known
  const { binds, links } = systemDirectories()
  known = {
    binds: [...binds, ...configuration(), ...DEVICES.flatMap(name => hostBind(`/dev/${name}`, true))],
    links: [...links, ...DEVICE_LINKS],
    masks: maskedPaths(),
  }
  return known
}
