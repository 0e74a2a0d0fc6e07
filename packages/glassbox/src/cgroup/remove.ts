/**
 * Removes a group and all groups below it. A program with a cgroup file system in its box may have
 * made sub-groups, frozen them, or removed their permissions. So each group is thawed, made
 * accessible and emptied first.
 */
import { chmodSync, existsSync, readdirSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { cgroupError, readOptional } from './files.ts'

const TRIES = 100
const PAUSE_MS = 5

/** A write that may fail, because some kernels and hierarchies lack the file. */
function tryWrite(path: string, value: string): void {
  try {
    writeFileSync(path, value)
  } catch {
    // If the write was needed, removing the group fails and reports it.
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
  // On v2 since Linux 5.14, one write kills the whole subtree. Otherwise each process is killed.
  tryWrite(join(directory, 'cgroup.kill'), '1')
  for (const pid of (readOptional(join(directory, 'cgroup.procs')) ?? '').split('\n').filter(Boolean)) {
    try {
      // 0 stands for a process of another PID namespace, which has no number here; kill(0) would
      // kill our own process group.
      if (Number(pid) > 0) process.kill(Number(pid), 'SIGKILL')
    } catch {
      // It has ended since the file was read.
    }
  }
}

function thaw(directory: string): void {
  tryWrite(join(directory, 'cgroup.freeze'), '0')
  tryWrite(join(directory, 'freezer.state'), 'THAWED')
}

/** Resolves once the group no longer exists. Rejects with ERR_GLASSBOX_CGROUP if it stays busy. */
export async function removeGroup(directory: string): Promise<void> {
  // Init has usually removed it already. This check is cheaper than the error that rmdir would
  // throw.
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
    // It is busy: it has sub-groups, or processes that have not quite ended.
    if (attempt > 1) await sleep(PAUSE_MS)
    // Thaw from the top: a group below a frozen one stays frozen, and on v1 a frozen process does
    // not die. Kill from the top too: the processes of a threaded group (v2) are not listed in it,
    // only in the domain group above it.
    thaw(directory)
    killAll(directory)
    for (const child of openUp(directory)) await removeGroup(child)
  }
}
