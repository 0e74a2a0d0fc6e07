/** New pipes: pipe(2). */
import { O_RDONLY, O_WRONLY, S_IFIFO } from '../../../linux/constants.ts'
import { AnonymousInode, anonymousPlace, deviceOf, newAnonymousIno } from '../path/anonymous.ts'
import type { Location, OpenFile, Time } from '../vfs.ts'
import { Pipe } from './pipe.ts'
import { openPipe, PipeFile } from './pipe-file.ts'

/** Both ends of a new pipe. `flags`: O_NONBLOCK and O_DIRECT. */
export function newPipe(
  flags: number,
  owner: { readonly uid: number; readonly gid: number },
  now: Time,
): { readonly reader: PipeFile; readonly writer: PipeFile } {
  const pipe = new Pipe()
  const ino = newAnonymousIno()
  const reopen = (opened: number, location: Location): OpenFile | number =>
    openPipe(pipe, inode, opened, location)
  const inode = new AnonymousInode(S_IFIFO | 0o600, ino, deviceOf('pipefs'), owner, reopen)
  for (const name of ['atime', 'mtime', 'ctime', 'btime'] as const) inode[name] = now
  const place = anonymousPlace('pipefs', `pipe:[${ino}]`, inode)
  return {
    reader: new PipeFile(pipe, inode, O_RDONLY | flags, place),
    writer: new PipeFile(pipe, inode, O_WRONLY | flags, place),
  }
}
