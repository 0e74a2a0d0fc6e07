/**
 * Runs a command in a simulated environment. Everything that the simulation makes is in
 * namespaces that end with the command, or in a temporary directory of the test.
 *
 * An ordinary user gets a container in a user namespace of his own, as rootless Docker and Podman
 * make it. There is no other user in it, so an environment with another user needs root.
 */
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { TestContext } from 'node:test'
import { program } from '../programs.js'
import { temporaryDirectory } from '../temporary.js'
import { hexadecimal } from './capabilities.js'
import { dockerFilter, type MoreRefusals, refusingFilter } from './docker-profile.js'
import type { Environment } from './environments.js'

const isRoot = process.getuid?.() === 0

export interface Entered {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

export interface EnterOptions {
  /** More calls that the profile refuses, or the only ones if the environment has no profile. */
  readonly refused?: MoreRefusals
  readonly env?: Readonly<Record<string, string>>
  readonly input?: string
  readonly cwd?: string
  /** In ms. */
  readonly timeout?: number
}

/** What a runtime hides of /proc, and what it makes read-only. */
const HIDDEN_FILES = 'kcore keys timer_list sched_debug latency_stats'
const HIDDEN_DIRECTORIES = 'acpi scsi asound'
const READ_ONLY = 'bus fs irq sys sysrq-trigger'

const MASK = `
for f in ${HIDDEN_FILES}; do [ -e /proc/$f ] && mount --bind /dev/null /proc/$f; done
for d in ${HIDDEN_DIRECTORIES}; do [ -d /proc/$d ] && mount -t tmpfs -o ro,size=0 tmpfs /proc/$d; done
for p in ${READ_ONLY}; do
  [ -e /proc/$p ] && mount --bind /proc/$p /proc/$p && mount -o remount,bind,ro /proc/$p
done`

const READ_ONLY_CGROUPS = `
awk '$5 ~ "^/sys/fs/cgroup" { print $5 }' /proc/self/mountinfo | sort -r | while read point; do
  mount -o remount,bind,ro "$point" 2>/dev/null
done`

/** `$1` is the file that stands for the runtime's own; the words after it are the command. */
const script = ({ masked, readOnlyCgroups, hostname }: Environment): string =>
  [
    'set -e',
    'mount --make-rprivate /',
    'mount -t proc proc /proc',
    'set +e',
    ...(masked ? [MASK] : []),
    ...(readOnlyCgroups ? [READ_ONLY_CGROUPS] : []),
    ...(hostname ? ['mount --bind "$1" /etc/hostname'] : []),
    'shift',
    'exec "$@"',
  ].join('\n')

/**
 * The command line by which a program runs with the filter, capabilities and user of an
 * environment, but with the files of the host. Works for an ordinary user too. `directory` is
 * where the filter is written.
 */
export function contained(
  { capabilities, uid, filter, noNewPrivs }: Environment,
  directory: string,
  refused?: MoreRefusals,
): readonly string[] {
  const words = [program('contained'), '-c', hexadecimal(capabilities)]
  if (uid !== 0 && isRoot) words.push('-u', String(uid))
  if (noNewPrivs) words.push('-n')
  if (filter || refused) {
    const file = join(directory, 'filter')
    writeFileSync(file, filter ? dockerFilter(capabilities, refused) : refusingFilter(refused ?? {}))
    words.push('-f', file)
  }
  return words
}

/** Runs a command there. `words`: a program with a path, and its arguments. */
export function enter(
  context: TestContext,
  environment: Environment,
  words: readonly string[],
  { refused, env = {}, input = '', cwd = '/', timeout = 60_000 }: EnterOptions = {},
): Entered {
  const base = temporaryDirectory(context)
  chmodSync(base, 0o755)
  const { hostname = 'hostname' } = environment
  const known = join(base, hostname)
  mkdirSync(dirname(known), { recursive: true })
  writeFileSync(known, 'container\n')
  const own = [
    '--mount',
    '--pid',
    '--fork',
    '--ipc',
    '--uts',
    ...(environment.readOnlyCgroups ? ['--cgroup'] : []),
    ...(isRoot ? [] : ['-Ur']),
  ]
  const start = ['sh', '-c', script(environment), 'sh', known]
  const line = [...own, ...start, ...contained(environment, base, refused), ...words]
  const { status, stdout, stderr } = spawnSync('unshare', line, {
    encoding: 'utf8',
    timeout,
    input,
    cwd,
    env: { ...process.env, ...environment.env, ...env },
  })
  return { code: status, out: stdout, err: stderr }
}
