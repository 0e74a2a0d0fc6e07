/** What a test must not leave behind: processes, mounts, cgroups, descriptors. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'

/** Child processes of this process, including zombies. */
export function children(): string[] {
  return readdirSync('/proc/self/task').flatMap(task =>
    readFileSync(`/proc/self/task/${task}/children`, 'utf8').split(' ').filter(Boolean),
  )
}

/** The cgroups that this process made by glassbox, in every hierarchy. */
export function cgroupsLeft(pattern: RegExp = new RegExp(`^glassbox-${process.pid}-`)): string[] {
  const roots = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .filter(line => / - cgroup2? /.test(line))
    .map(line => line.split(' ')[4] ?? '')
  const search = (directory: string, depth: number): string[] => {
    let names: string[]
    try {
      names = readdirSync(directory, { withFileTypes: true })
        .filter(entry => entry.isDirectory())
        .map(({ name }) => name)
    } catch {
      return []
    }
    return names.flatMap(name =>
      pattern.test(name)
        ? [`${directory}/${name}`]
        : depth > 0
          ? search(`${directory}/${name}`, depth - 1)
          : [],
    )
  }
  return roots.flatMap(root => search(root, 3))
}

/**
 * The mounts of this process by their ids, without those in the directories of other runs of the
 * tests. Other programs mount and unmount too.
 */
function mounts(): ReadonlyMap<string, string> {
  const own = tmpdir()
  const lines = readFileSync('/proc/self/mountinfo', 'utf8').split('\n').filter(Boolean)
  const ours = lines.filter(line => !line.includes('/glassbox-tests-') || line.includes(own))
  return new Map(ours.map(line => [line.split(' ')[0] ?? '', line]))
}

const mountsSince = (before: ReadonlyMap<string, string>): string[] =>
  [...mounts()].filter(([id]) => !before.has(id)).map(([, line]) => line)

/**
 * The open descriptors with their targets, except the directory that is being read for this list.
 */
function descriptors(): string[] {
  return readdirSync('/proc/self/fd').flatMap(fd => {
    try {
      return [`${fd} ${readlinkSync(`/proc/self/fd/${fd}`)}`]
    } catch {
      return []
    }
  })
}

export interface Surroundings {
  readonly descriptors: number
  /** By their ids: the lines of mountinfo. */
  readonly mounts: ReadonlyMap<string, string>
}

export function surroundings(): Surroundings {
  return { descriptors: descriptors().length, mounts: mounts() }
}

/** Tests that run beside this one have their mounts for less than that. */
const MOUNTS_MS = 20_000

/**
 * Fails if something is left that did not exist before. Waits first, because sockets close a turn
 * after their end, and tests beside this one make mounts for a while.
 */
export async function assertNothingLeft(before: Surroundings): Promise<void> {
  for (let tries = 0; tries < 50 && descriptors().length > before.descriptors; tries++) {
    await new Promise(resolve => setTimeout(resolve, 10))
  }
  assert.deepEqual(children(), [], 'no child process is left')
  assert.deepEqual(cgroupsLeft(), [], 'no cgroup is left')
  const end = performance.now() + MOUNTS_MS
  while (mountsSince(before.mounts).length > 0 && performance.now() < end)
    await new Promise(resolve => setTimeout(resolve, 50))
  assert.deepEqual(mountsSince(before.mounts), [], 'no mount is left')
  assert.ok(
    descriptors().length <= before.descriptors,
    `no descriptor is left open: ${descriptors().join(', ')}`,
  )
}
