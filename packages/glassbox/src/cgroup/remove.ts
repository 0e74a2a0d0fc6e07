/**
 * Removes a group and all groups below it. A program that had a cgroup file system in its box may
 * have made sub-groups, frozen them, or taken away their permissions: each is thawed, opened up
 * and emptied, deepest first.
 */
import { chmodSync, existsSync, readdirSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { cgroupError, readOptional } from './files.ts'

const TRIES = 100
const PAUSE_MS = 5

/** A write that may fail: not every kernel or hierarchy has the file. */
function tryWrite(path: string, value: string): void {
  try {
    writeFileSync(path, value)
  } catch {
    // What matters is whether the group can be removed in the end; that is checked.
  }
}

function openUp(directory: string): string[] {
  try {
    chmodSync(directory, 0o755)
    return readdirSync(directory, { withFileTypes: true })
      .filter(entry => entry.isDirectory())
      .map(({ name }) => join(directory, name))
  } catch {
    return []
  }
}

function killAll(directory: string): void {
  // v2 (Linux 5.14) kills the whole subtree at once; v1 and older kernels by process.
  tryWrite(join(directory, 'cgroup.kill'), '1')
  for (const pid of (readOptional(join(directory, 'cgroup.procs')) ?? '').split('\n').filter(Boolean)) {
    try {
      // 0 is a process of another PID namespace, which cannot be named from here (and would be our
      // own group).
      if (Number(pid) > 0) process.kill(Number(pid), 'SIGKILL')
    } catch {
      // It ended meanwhile.
    }
  }
}

function thaw(directory: string): void {
  tryWrite(join(directory, 'cgroup.freeze'), '0')
  tryWrite(join(directory, 'freezer.state'), 'THAWED')
}

/** Resolves when the group is gone; rejects with ERR_GLASSBOX_CGROUP when it stays busy. */
export async function removeGroup(directory: string): Promise<void> {
  // Most often init has removed it: an error thrown for that would cost more than all else here.
  if (!existsSync(directory)) return
  for (let attempt = 1; ; attempt++) {
    try {
      rmdirSync(directory)
      return
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'ENOENT') return
      if (attempt === TRIES) throw cgroupError('remove', directory, error)
    }
    // Busy: it has sub-groups, or processes that are not quite gone.
    if (attempt > 1) await sleep(PAUSE_MS)
    // Thawed from the top: a group below a frozen one stays frozen, and what is frozen does not
    // die. Killed from the top too: a threaded group below (v2) is no place that a process can be
    // killed by.
    thaw(directory)
    killAll(directory)
    for (const child of openUp(directory)) await removeGroup(child)
  }
}
