/** /proc/PID/fd and fdinfo: links to open files, and what fcntl(2) knows about them. */
import { O_ACCMODE, O_CLOEXEC, O_RDONLY, O_WRONLY, S_IFLNK, S_IFREG } from '../../../linux/constants.ts'
import { ENOENT } from '../../../linux/errno-numbers.ts'
import { EpollFile } from '../event/epoll-file.ts'
import { EventFile } from '../event/event-file.ts'
import type { FdTable } from '../fd-table.ts'
import { directoryType } from '../open-file.ts'
import { pathFrom } from '../path/mounts.ts'
import type { FsCaller, Inode, OpenFile } from '../vfs.ts'
import { type Owner, ProcFile, ProcLink, type ProcNames } from './inodes.ts'

export function descriptorNames(
  table: () => FdTable | undefined,
  ino: number,
  owner: Owner,
  info: boolean,
): ProcNames {
  const type = directoryType(info ? S_IFREG : S_IFLNK)
  const make = info ? infoFile : fileLink
  return {
    names: () => (table()?.numbers() ?? []).map(fd => ({ name: String(fd), ino: ino + fd, type })),
    find: name => {
      const file = /^(0|[1-9]\d*)$/.test(name) ? table()?.get(Number(name)) : undefined
      return file === undefined ? undefined : make(ino + Number(name), file, owner, table, Number(name))
    },
  }
}

/** How /proc/PID/fd shows a file. */
export function nameOfFile(file: OpenFile, caller: FsCaller): string {
  const { location } = file
  return location === undefined ? file.name : (pathFrom(caller.fs.root, location) ?? nameOutside(file))
}

/** Pipes and the like have no path; what was unlinked elsewhere keeps its last name. */
function nameOutside({ location, name }: OpenFile): string {
  if (location?.dentry.removed === true) return `/${name} (deleted)`
  return name
}

/** The permissions of the link say how the file was opened. */
function modeOf({ flags }: OpenFile): number {
  const access = flags & O_ACCMODE
  return access === O_RDONLY ? 0o500 : access === O_WRONLY ? 0o300 : 0o700
}

function fileLink(ino: number, file: OpenFile, owner: Owner): Inode {
  return new ProcLink(
    ino,
    caller => nameOfFile(file, caller),
    () => file.location ?? -ENOENT,
    owner,
    modeOf(file),
  )
}

function infoFile(
  ino: number,
  file: OpenFile,
  owner: Owner,
  table: () => FdTable | undefined,
  fd: number,
): Inode {
  return new ProcFile(
    ino,
    0o400,
    () => {
      const flags = file.flags | (table()?.closesOnExec(fd) === true ? O_CLOEXEC : 0)
      const head = `pos:\t${file.position}\nflags:\t0${flags.toString(8)}\n`
      const mount = file.location?.mount.id ?? 0
      return `${head}mnt_id:\t${mount}\nino:\t${file.attributes().ino}\n${details(file)}`
    },
    owner,
  )
}

function details(file: OpenFile): string {
  if (file instanceof EventFile) return `eventfd-count: ${file.count.toString(16).padStart(16)}\n`
  if (!(file instanceof EpollFile)) return ''
  return file.items
    .map(({ fd, events }) => `tfd: ${String(fd).padStart(8)} events: ${events.toString(16).padStart(8)}\n`)
    .join('')
}
