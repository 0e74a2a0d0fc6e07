/** The mappings of a task as a trace sees them, and copies of the files behind them. */
import { openSync, writeSync } from 'node:fs'
import { close } from '../../../gate/descriptors.ts'
import { createMemoryFile } from '../../../gate/memory-file.ts'
import { PROT_EXEC } from '../../../linux/constants.ts'
import { deviceNumbers } from '../../../kernel/fs/proc/process-texts.ts'
import type { Mappable } from '../../../kernel/mm/mappable.ts'
import type { Platform } from '../../../kernel/platform/platform.ts'
import { WorldProcesses } from '../../../kernel/task/proc-source.ts'
import type { Task } from '../../../kernel/task/state.ts'
import type { MappingInfo } from '../../../trace/subject.ts'

const PAGE = 4096
const MOST_PAGES = 256

export function mappingsOf(task: Task): readonly MappingInfo[] {
  const areas = new WorldProcesses(task.world).process(task.process.pid)?.areas() ?? []
  return areas
    .filter(({ name }) => name !== '')
    .map(({ start, end, protection, fileOffset, device, inode, name }) => ({
      ...{ start, end, inode, name },
      executable: (protection & PROT_EXEC) !== 0,
      offset: fileOffset,
      device: deviceNumbers(device),
    }))
}

/**
 * A file of the world need not be one of the host, so this is a copy in a memory file. The caller
 * owns the descriptor. `undefined` if it cannot be read.
 */
export function copyOfMapped(task: Task, { start }: MappingInfo): number | undefined {
  const mappable = task.addressSpace.areas.find(start)?.file?.mappable
  if (mappable === undefined) return undefined
  const fd = createMemoryFile('mapping')
  try {
    // Opened by Node, which in a worker warns of a descriptor that it closes and did not open.
    return copy(mappable, task.world.platform, fd) ? openSync(`/proc/self/fd/${fd}`, 'r') : undefined
  } finally {
    close(fd)
  }
}

function copy(mappable: Mappable, platform: Platform, fd: number): boolean {
  const memory = mappable.backing === 'world' ? platform.memory : platform.cache
  for (let done = 0; done < mappable.size; ) {
    const at = mappable.page(done)
    if (at < 0) return false
    const within = at % memory.chunkSize
    const loaded = Math.max(1, mappable.pageRun(done, MOST_PAGES)) * PAGE
    const length = Math.min(loaded, mappable.size - done, memory.chunkSize - within)
    const { bytes } = memory.chunk(at)
    for (let written = 0; written < length; )
      written += writeSync(fd, bytes, within + written, length - written, done + written)
    done += length
  }
  return true
}
