/**
 * The pseudo terminals of a world: /dev/ptmx makes one, /dev/pts shows them, /dev/tty is the
 * caller's own.
 */
import {
  DEVPTS_SUPER_MAGIC,
  DT_CHR,
  O_ACCMODE,
  O_NOCTTY,
  O_WRONLY,
  S_IFCHR,
  S_IFDIR,
} from '../../../linux/constants.ts'
import { EBUSY, EIO, ENOENT, ENOSPC, ENXIO, EPERM } from '../../../linux/errno-numbers.ts'
import { deviceNumber, type Devices } from '../dev/devices.ts'
import { newDevice } from '../memory/file-system.ts'
import { DirectoryFile } from '../open-file.ts'
import { AnonymousInode } from '../path/anonymous.ts'
import { Name } from '../path/dentry.ts'
import type {
  Directory,
  DirectoryEntry,
  FileSystem,
  FileSystemStatistics,
  FsCaller,
  Inode,
  Location,
  Mount,
  OpenFile,
} from '../vfs.ts'
import { type Jobs, NO_JOBS } from './jobs.ts'
import { MasterFile } from './master-file.ts'
import { SlaveFile } from './slave-file.ts'
import { Terminal } from './terminal.ts'

const TTY_MAJOR = 5
const PTS_MAJOR = 136
/** /proc/sys/kernel/pty/max */
const MOST = 4096
/** The group of terminals, and what devpts makes their mode. */
const TTY_GROUP = 5
const MODE = 0o620
const FIRST_INO = 3
const ROOT = { uid: 0, gid: 0 }

/** Names are made by /dev/ptmx only. */
const refused = (): number => -EPERM

export class Terminals implements FileSystem, Directory {
  readonly type = 'devpts'
  readonly source = 'devpts'
  readonly stable = false
  readonly dev: number = newDevice()
  readonly root: Inode
  /** Set when it is mounted. */
  mount: Mount | undefined
  #jobs = NO_JOBS
  readonly #inodes = new Map<number, TerminalInode>()

  constructor(devices: Devices) {
    this.root = new TerminalDirectory(this)
    devices.add(TTY_MAJOR, 2, (inode, flags, location, caller) => this.#make(inode, flags, location, caller))
    devices.add(TTY_MAJOR, 0, (_inode, flags) => this.#openOwn(flags))
  }

  /** From now on they belong to the sessions of this world. */
  attach(jobs: Jobs): void {
    this.#jobs = jobs
  }

  /** The leader of this session has ended. */
  sessionEnded(session: number): void {
    this.ofSession(session)?.leaderEnded()
  }

  /** The controlling terminal of a session. */
  ofSession(session: number): Terminal | undefined {
    for (const { terminal } of this.#inodes.values()) if (terminal.session === session) return terminal
    return undefined
  }

  #make(inode: Inode, flags: number, location: Location, { credentials }: FsCaller): OpenFile | number {
    let number = 0
    while (this.#inodes.has(number)) number++
    if (number >= MOST) return -ENOSPC
    const terminal = new Terminal(
      number,
      () => this.#jobs,
      session => this.ofSession(session) !== undefined,
    )
    const owner = { uid: credentials.fsuid, gid: TTY_GROUP }
    const made = new TerminalInode(this, terminal, this.dev, owner)
    this.#inodes.set(number, made)
    const peer = (peerFlags: number): OpenFile | number => this.open(made, peerFlags, this.#place(made))
    return new MasterFile(terminal, [inode, flags, location], peer, () => this.#inodes.delete(number))
  }

  #place(inode: TerminalInode): Location {
    const { mount } = this
    if (mount === undefined) throw new Error('The terminals are not mounted yet.')
    return { mount, dentry: new Name(String(inode.terminal.number), mount.root as Name, inode) }
  }

  /** Opens the side that is a program's terminal; a leader without one gets it as its own. */
  open(inode: TerminalInode, flags: number, location: Location): OpenFile | number {
    const { terminal } = inode
    const { caller } = this.#jobs
    if (terminal.locked || terminal.hungUp) return -EIO
    if (terminal.exclusive && !caller.privileged) return -EBUSY
    const takes =
      (flags & O_NOCTTY) === 0 &&
      (flags & O_ACCMODE) !== O_WRONLY &&
      caller.pid === caller.session &&
      terminal.session === 0 &&
      this.ofSession(caller.session) === undefined
    if (takes) terminal.control(caller.session, caller.group)
    return new SlaveFile(terminal, inode, flags, location)
  }

  /** /dev/tty */
  #openOwn(flags: number): OpenFile | number {
    const own = this.ofSession(this.#jobs.caller.session)
    const inode = own === undefined ? undefined : this.#inodes.get(own.number)
    return inode === undefined ? -ENXIO : this.open(inode, flags | O_NOCTTY, this.#place(inode))
  }

  lookup(name: string): Inode | number {
    const number = /^(0|[1-9][0-9]*)$/.test(name) ? Number(name) : -1
    return this.#inodes.get(number) ?? -ENOENT
  }

  entries(): readonly DirectoryEntry[] {
    return [...this.#inodes.values()].map(({ terminal, ino }) => ({
      name: String(terminal.number),
      ino,
      type: DT_CHR,
    }))
  }

  statistics(): FileSystemStatistics {
    const nothing = { blocks: 0, freeBlocks: 0, files: 0, freeFiles: 0 }
    return { type: DEVPTS_SUPER_MAGIC, blockSize: 4096, nameLength: 255, ...nothing }
  }

  readonly create: () => number = refused
  readonly mkdir: () => number = refused
  readonly mknod: () => number = refused
  readonly symlink: () => number = refused
  readonly link: () => number = refused
  readonly unlink: () => number = refused
  readonly rmdir: () => number = refused
  readonly rename: () => number = refused
}

class TerminalDirectory extends AnonymousInode {
  readonly directory: Directory

  constructor(terminals: Terminals) {
    super(S_IFDIR | 0o755, 1, terminals.dev, ROOT)
    this.directory = terminals
  }

  override open(flags: number, location: Location): OpenFile {
    return new DirectoryFile(this, flags, location)
  }
}

class TerminalInode extends AnonymousInode {
  readonly terminal: Terminal
  override readonly rdev: number
  readonly #terminals: Terminals

  constructor(terminals: Terminals, terminal: Terminal, dev: number, owner: { uid: number; gid: number }) {
    super(S_IFCHR | MODE, FIRST_INO + terminal.number, dev, owner)
    this.#terminals = terminals
    this.terminal = terminal
    this.rdev = deviceNumber(PTS_MAJOR, terminal.number)
  }

  override open(flags: number, location: Location): OpenFile | number {
    return this.#terminals.open(this, flags, location)
  }
}
