/**
 * /proc of a root that is made before its world: names are those of the world that is attached
 * last, and none before.
 */
import { ProcDirectory } from './inodes.ts'
import type { ProcFileSystem } from './system.ts'
import type { FileSystem, Inode } from '../vfs.ts'

export class LateProcesses implements FileSystem {
  readonly type = 'proc'
  readonly source = 'proc'
  readonly root: Inode
  readonly #attached: () => ProcFileSystem | undefined

  constructor(attached: () => ProcFileSystem | undefined) {
    this.#attached = attached
    this.root = new ProcDirectory(1, {
      names: () => {
        const entries = attached()?.root.directory?.entries()
        return typeof entries === 'object' ? entries : []
      },
      find: name => {
        const found = attached()?.root.directory?.lookup(name)
        return typeof found === 'object' ? found : undefined
      },
    })
  }

  statistics(): ReturnType<FileSystem['statistics']> {
    const nothing = { blocks: 0, freeBlocks: 0, files: 0, freeFiles: 0 }
    return this.#attached()?.statistics() ?? { type: 0x9fa0, blockSize: 4096, nameLength: 255, ...nothing }
  }
}
