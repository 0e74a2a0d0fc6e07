/** /proc itself: processes, the files of the world, and /proc/sys. */
import { PROC_SUPER_MAGIC, S_IFDIR } from '../../../linux/constants.ts'
import { ENOENT } from '../../../linux/errno-numbers.ts'
import { directoryType } from '../open-file.ts'
import type { Mounts } from '../path/mounts.ts'
import type { FileSystem, FsCaller, Inode } from '../vfs.ts'
import { ProcDirectory, ProcFile, ProcLink, tableNames } from './inodes.ts'
import { MountTexts } from './mounts.ts'
import { processDirectory, processIno } from './process.ts'
import type { ProcSource } from './source.ts'
import * as texts from './system-texts.ts'

/** Inode numbers of files that are always there. */
let nextIno = 100
const newIno = (): number => nextIno++

/** A tree of fixed texts: a string or a function is a file, an object a directory. */
interface Tree {
  readonly [name: string]: string | (() => string) | Tree
}

function treeInode(node: string | (() => string) | Tree): Inode {
  if (typeof node === 'string') return new ProcFile(newIno(), 0o444, () => node)
  if (typeof node === 'function') return new ProcFile(newIno(), 0o444, () => node())
  const table = Object.fromEntries(Object.entries(node).map(([name, child]) => [name, treeInode(child)]))
  return new ProcDirectory(newIno(), tableNames(table))
}

const uuid = (source: ProcSource): string => {
  const bytes = new Uint8Array(16)
  source.system.random(bytes)
  const hex = Buffer.from(bytes).toString('hex')
  const parts = [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `4${hex.slice(13, 16)}`,
    `a${hex.slice(17, 20)}`,
    hex.slice(20),
  ]
  return `${parts.join('-')}\n`
}

function sysTree(source: ProcSource): Tree {
  const { system } = source
  const bootId = uuid(source)
  return {
    kernel: {
      cap_last_cap: '40\n',
      domainname: () => `${system.domainName}\n`,
      hostname: () => `${system.hostname}\n`,
      ngroups_max: '65536\n',
      osrelease: `${texts.RELEASE}\n`,
      ostype: 'Linux\n',
      overflowgid: '65534\n',
      overflowuid: '65534\n',
      pid_max: '4194304\n',
      randomize_va_space: '2\n',
      'threads-max': '63432\n',
      version: `${texts.VERSION}\n`,
      sched_child_runs_first: '0\n',
      core_pattern: 'core\n',
      msgmax: '8192\n',
      msgmnb: '16384\n',
      msgmni: '32000\n',
      sem: '32000\t1024000000\t500\t32000\n',
      shmall: '18446744073692774399\n',
      shmmax: '18446744073692774399\n',
      shmmni: '4096\n',
      random: { boot_id: bootId, uuid: () => uuid(source), entropy_avail: '256\n', poolsize: '256\n' },
      yama: { ptrace_scope: '0\n' },
    },
    vm: { overcommit_memory: '0\n', max_map_count: '65530\n', mmap_min_addr: '65536\n', swappiness: '60\n' },
    fs: {
      'pipe-max-size': '1048576\n',
      'file-max': '9223372036854775807\n',
      'file-nr': '128\t0\t9223372036854775807\n',
      nr_open: '1048576\n',
      inotify: { max_user_instances: '128\n', max_user_watches: '65536\n', max_queued_events: '16384\n' },
      mqueue: { msg_max: '10\n', msgsize_max: '8192\n', queues_max: '256\n' },
    },
    net: { core: { somaxconn: '4096\n', wmem_default: '212992\n', rmem_default: '212992\n' } },
  }
}

function rootTree(source: ProcSource): Record<string, Inode> {
  const text = (content: () => string): Inode => new ProcFile(newIno(), 0o444, content)
  const self = (find: (caller: FsCaller) => string | undefined): Inode =>
    new ProcLink(newIno(), caller => find(caller) ?? -ENOENT)
  return {
    cmdline: text(() => 'glassbox\n'),
    cpuinfo: text(texts.cpuinfo),
    devices: text(() => 'Character devices:\n  1 mem\n  5 /dev/tty\n136 pts\n\nBlock devices:\n'),
    filesystems: text(texts.filesystems),
    loadavg: text(() => texts.loadavg(source)),
    meminfo: text(() => texts.meminfo(source)),
    mounts: new ProcLink(newIno(), () => 'self/mounts'),
    self: self(caller => source.caller(caller)?.pid.toString()),
    stat: text(() => texts.stat(source)),
    swaps: text(() => 'Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n'),
    sys: treeInode(sysTree(source)),
    sysvipc: treeInode({
      msg: () => source.system.ipcTable('msg'),
      sem: () => source.system.ipcTable('sem'),
      shm: () => source.system.ipcTable('shm'),
    }),
    'thread-self': self(caller => {
      const found = source.caller(caller)
      return found === undefined ? undefined : `${found.pid}/task/${found.tid}`
    }),
    uptime: text(() => texts.uptime(source)),
    version: text(texts.version),
    vmstat: text(() => texts.vmstat(source)),
  }
}

export class ProcFileSystem implements FileSystem {
  readonly type = 'proc'
  readonly source = 'proc'
  readonly root: Inode

  constructor(source: ProcSource, mounts: Mounts) {
    const mountTexts = new MountTexts(mounts)
    const fixed = tableNames(rootTree(source))
    this.root = new ProcDirectory(1, {
      names: () => [
        ...fixed.names(),
        ...source.pids().map(pid => ({
          name: String(pid),
          ino: processIno(pid),
          type: directoryType(S_IFDIR),
        })),
      ],
      find: name => fixed.find(name) ?? processDirectory(source, mountTexts, name),
    })
  }

  statistics(): ReturnType<FileSystem['statistics']> {
    const nothing = { blocks: 0, freeBlocks: 0, files: 0, freeFiles: 0 }
    return { type: PROC_SUPER_MAGIC, blockSize: 4096, nameLength: 255, ...nothing }
  }
}
