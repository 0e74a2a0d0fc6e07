/** /proc/PID: what a process shows of itself. proc(5). */
import { S_IFDIR, S_IFLNK, S_IFREG } from '../../../linux/constants.ts'
import { EACCES, EINVAL, ENOENT } from '../../../linux/errno-numbers.ts'
import { directoryType } from '../open-file.ts'
import { pathFrom } from '../path/mounts.ts'
import type { FsCaller, Inode, Location } from '../vfs.ts'
import { descriptorNames } from './descriptors.ts'
import { type Content, type Owner, ProcDirectory, ProcFile, ProcLink, type ProcNames } from './inodes.ts'
import { ioText, limitsText, mapsText, statText, statmText, statusText } from './process-texts.ts'
import { rollupText, smapsText } from './smaps-texts.ts'
import type { ProcProcess, ProcSource, ProcTask } from './source.ts'
import type { MountTexts } from './mounts.ts'

/** Numbers of inodes: a process has a block of them. */
const BLOCK = 1 << 16
const inoOf = (pid: number, index: number): number => (pid + 16) * BLOCK + index

interface Context {
  readonly source: ProcSource
  readonly mounts: MountTexts
  readonly process: ProcProcess
  /** The thread that /proc/TID or /proc/PID/task/TID shows. */
  readonly task: ProcTask | undefined
  readonly owner: Owner
  /** The first inode number. */
  readonly ino: number
}

type Make = (context: Context, ino: number) => Inode

const text =
  (mode: number, content: (context: Context, caller: FsCaller) => ReturnType<Content>): Make =>
  (context, ino) =>
    new ProcFile(ino, mode, caller => content(context, caller), context.owner)

/** A link to a place: cwd, root, exe. */
const place =
  (find: (process: ProcProcess) => Location | undefined): Make =>
  ({ process, owner }, ino) =>
    new ProcLink(
      ino,
      caller => {
        const location = find(process)
        return location === undefined ? -ENOENT : (pathFrom(caller.fs.root, location) ?? location.dentry.name)
      },
      () => find(process) ?? -ENOENT,
      owner,
    )

/** Name, type and how the inode is made. Those of threads and of processes are nearly the same. */
const ENTRIES: readonly (readonly [name: string, type: number, make: Make])[] = [
  [
    'attr',
    S_IFDIR,
    ({ owner }, ino) => new ProcDirectory(ino, { names: () => [], find: () => undefined }, owner),
  ],
  ['auxv', S_IFREG, text(0o400, ({ process }) => process.auxiliary())],
  ['cgroup', S_IFREG, text(0o444, () => '0::/\n')],
  ['cmdline', S_IFREG, text(0o444, ({ process }) => process.arguments())],
  ['comm', S_IFREG, comm],
  ['coredump_filter', S_IFREG, coredumpFilter],
  ['cwd', S_IFLNK, place(({ fs }) => fs?.cwd)],
  ['environ', S_IFREG, text(0o400, ({ process }) => process.environment())],
  ['exe', S_IFLNK, place(({ executable }) => executable)],
  ['fd', S_IFDIR, descriptors(false)],
  ['fdinfo', S_IFDIR, descriptors(true)],
  ['gid_map', S_IFREG, text(0o644, () => '         0          0 4294967295\n')],
  ['io', S_IFREG, text(0o400, ({ process }) => ioText(process))],
  ['limits', S_IFREG, text(0o444, ({ process }) => limitsText(process))],
  ['loginuid', S_IFREG, text(0o644, () => '4294967295')],
  ['maps', S_IFREG, text(0o444, ({ process }) => mapsText(process))],
  ['mountinfo', S_IFREG, text(0o444, ({ mounts }, caller) => mounts.mountinfo(caller.fs.root))],
  ['mounts', S_IFREG, text(0o444, ({ mounts }, caller) => mounts.mounts(caller.fs.root))],
  ['oom_adj', S_IFREG, text(0o644, () => '0\n')],
  ['oom_score', S_IFREG, text(0o444, () => '666\n')],
  ['oom_score_adj', S_IFREG, oomScore],
  ['personality', S_IFREG, text(0o400, () => '00000000\n')],
  ['root', S_IFLNK, place(({ fs }) => fs?.root)],
  ['schedstat', S_IFREG, text(0o444, ({ process }) => `${process.cpuNs()} 0 1\n`)],
  ['sessionid', S_IFREG, text(0o444, () => '4294967295')],
  ['setgroups', S_IFREG, text(0o644, () => 'allow\n')],
  ['smaps', S_IFREG, text(0o444, ({ process }) => smapsText(process))],
  ['smaps_rollup', S_IFREG, text(0o444, ({ process }) => rollupText(process))],
  ['stat', S_IFREG, text(0o444, ({ process, task }) => statText(process, task))],
  ['statm', S_IFREG, text(0o444, ({ process }) => statmText(process))],
  ['status', S_IFREG, text(0o444, ({ process, task }) => statusText(process, task))],
  ['uid_map', S_IFREG, text(0o644, () => '         0          0 4294967295\n')],
  ['wchan', S_IFREG, text(0o444, () => '0')],
]

function comm(context: Context, ino: number): Inode {
  const { task, owner } = context
  const store = (name: string): number => {
    task?.rename(name.replace(/[\0\n][^]*$/, '').slice(0, 15))
    return 0
  }
  return new ProcFile(ino, 0o644, () => `${task?.comm ?? ''}\n`, owner, store)
}

/** A number in C's notation, as the kernel reads it: decimal, 0x… or 0…; NaN if it is none. */
function numberFrom(written: string): number {
  const digits = written.trim()
  if (/^[-+]?0[0-7]+$/.test(digits)) return Number.parseInt(digits, 8)
  return /^[-+]?(?:0[xX][\da-fA-F]+|\d+)$/.test(digits) ? Number(digits) : NaN
}

const MOST_SCORE = 1000

function oomScore({ process: { chosen }, owner }: Context, ino: number): Inode {
  const store = (written: string): number => {
    const score = numberFrom(written)
    if (!(Math.abs(score) <= MOST_SCORE)) return -EINVAL
    if (score < 0) return -EACCES
    chosen.oomScore = score
    return 0
  }
  return new ProcFile(ino, 0o644, () => `${chosen.oomScore}\n`, owner, store)
}

/** Kinds of memory of which it has a bit. */
const KINDS = 0x1ff

function coredumpFilter({ process: { chosen }, owner }: Context, ino: number): Inode {
  const store = (written: string): number => {
    const bits = numberFrom(written)
    if (!(bits >= 0 && bits < 2 ** 32)) return -EINVAL
    chosen.coredumpFilter = bits & KINDS
    return 0
  }
  const shown = (): string => `${chosen.coredumpFilter.toString(16).padStart(8, '0')}\n`
  return new ProcFile(ino, 0o644, shown, owner, store)
}

function descriptors(info: boolean): Make {
  return ({ process, owner }, ino) => {
    const names = descriptorNames(
      () => process.files,
      inoOf(process.pid, info ? 0x8000 : 0x1000),
      owner,
      info,
    )
    return new ProcDirectory(ino, names, owner, 0o500)
  }
}

const TASK_INDEX = 200

function contextNames(context: Context, isProcess: boolean): ProcNames {
  const { ino } = context
  const taskEntry = { name: 'task', ino: ino + TASK_INDEX, type: directoryType(S_IFDIR) }
  return {
    names: () => [
      ...ENTRIES.map(([name, type], index) => ({ name, ino: ino + index + 1, type: directoryType(type) })),
      ...(isProcess ? [taskEntry] : []),
    ],
    find: name => {
      if (name === 'task' && isProcess) return tasksDirectory(context)
      const index = ENTRIES.findIndex(([known]) => known === name)
      return ENTRIES[index]?.[2](context, ino + index + 1)
    },
  }
}

const digits = /^[1-9]\d*$/

function tasksDirectory(context: Context): Inode {
  const { process, source, mounts } = context
  const ino = context.ino + TASK_INDEX
  return new ProcDirectory(
    ino,
    {
      names: () =>
        process.tasks.map(({ tid }) => ({
          name: String(tid),
          ino: inoOf(tid, 0x2000),
          type: directoryType(S_IFDIR),
        })),
      find: name => {
        const task = digits.test(name) ? process.tasks.find(({ tid }) => tid === Number(name)) : undefined
        return task === undefined ? undefined : directoryOf(source, mounts, process, task, false)
      },
    },
    context.owner,
  )
}

/** /proc/PID: a descriptor of it names its process, for pidfd_send_signal(2). */
export class ProcessDirectory extends ProcDirectory {
  readonly process: object

  constructor(ino: number, context: Context) {
    super(ino, contextNames(context, true), context.owner)
    this.process = context.process.identity
  }
}

function directoryOf(
  source: ProcSource,
  mounts: MountTexts,
  process: ProcProcess,
  task: ProcTask | undefined,
  isProcess: boolean,
): Inode {
  const { euid: uid, egid: gid } = process.credentials
  const ino = inoOf(task?.tid ?? process.pid, isProcess ? 0 : 0x2000)
  const context = { source, mounts, process, task, owner: { uid, gid }, ino }
  if (isProcess) return new ProcessDirectory(ino, context)
  return new ProcDirectory(ino, contextNames(context, false), context.owner)
}

/**
 * /proc/PID; undefined if there is no such process. By the id of another thread it is found too,
 * though not listed, and shows that thread: proc(5).
 */
export function processDirectory(source: ProcSource, mounts: MountTexts, name: string): Inode | undefined {
  const id = digits.test(name) ? Number(name) : 0
  const process = id === 0 ? undefined : source.process(id)
  if (process === undefined) return undefined
  const task = process.tasks.find(({ tid }) => tid === id) ?? process.tasks[0]
  return directoryOf(source, mounts, process, task, true)
}

export const processIno = (pid: number): number => inoOf(pid, 0)
