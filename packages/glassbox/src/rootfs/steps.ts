/**
 * The steps that furnish a box: run by init, which is alone in fresh namespaces and has not
 * started any program yet. In two parts: what all boxes show of the host, and then what only this
 * one has.
 *
 * Order, and why: a tmpfs becomes the root first (pivot_root), with the host's root beneath
 * `/.host`; so every source is named below `/.host`, also one that lies under the directory where
 * the tmpfs was staged. Then binds from short to long targets, so that a bind may lie inside
 * another. The host's root goes last, and the new root is made read-only.
 *
 * Small files of the host are copied out of one file that is handed to the plan: kernel to kernel,
 * so that init need not have them in its memory.
 *
 * Inside a bind of the caller's a name may be a link that a program left there, and the host's
 * root still stands at `/.host` when it would be followed: there everything is reached by
 * descriptors, without following links, and so are the sources of such binds, which may lie in a
 * directory that a program of another box may write.
 *
 * Sources: mount(2), mount_setattr(2) (Linux 5.12), openat2(2), open_tree(2), move_mount(2),
 * pivot_root(2).
 */
import { basename, dirname } from 'node:path'
import {
  AT_EMPTY_PATH,
  AT_FDCWD,
  AT_RECURSIVE,
  AT_REMOVEDIR,
  MNT_DETACH,
  MOUNT_ATTR_NODEV,
  MOUNT_ATTR_NOEXEC,
  MOUNT_ATTR_NOSUID,
  MOUNT_ATTR_RDONLY,
  MOVE_MOUNT_F_EMPTY_PATH,
  MOVE_MOUNT_T_EMPTY_PATH,
  MOVE_MOUNT_T_SYMLINKS,
  MS_BIND,
  MS_NODEV,
  MS_NOEXEC,
  MS_NOSUID,
  MS_PRIVATE,
  MS_RDONLY,
  MS_REC,
  O_CLOEXEC,
  O_CREAT,
  O_EXCL,
  O_PATH,
  O_WRONLY,
  OPEN_TREE_CLONE,
  RESOLVE_NO_SYMLINKS,
} from '../linux/constants.ts'
import { INIT_DESCRIPTOR } from '../gate/generated/layouts.ts'
import { ERRNO } from '../linux/errno.ts'
import { OPEN_HOW_BYTES } from '../linux/structs.ts'
import { type PlanBuilder, text, words } from '../plan/builder.ts'
import type { Slot } from '../plan/types.ts'
import type { BindMount, HostRoot, OwnRoot, Scratch, SmallFile } from './types.ts'

const STAGE = '/tmp'
const HOST = '/.host'

/** struct mount_attr: set, clear, propagation, user namespace. */
const mountAttributes = (set: number): ReturnType<typeof words> => words(8, [set, 0, 0, 0])
const MOUNT_ATTR_BYTES = 32
/** struct open_how: flags, mode, resolve. */
const WITHOUT_LINKS = words(8, [O_PATH | O_CLOEXEC, 0, RESOLVE_NO_SYMLINKS])

const parents = (path: string): string[] => {
  const names = path.split('/').filter(name => name !== '')
  return names.slice(0, -1).map((_, index) => `/${names.slice(0, index + 1).join('/')}`)
}

class RootBuilder {
  readonly #plan: PlanBuilder
  readonly #made: Set<string>
  readonly #foreign: string[] = []
  readonly #fd: Slot
  readonly #tree: Slot

  constructor(plan: PlanBuilder, made: Iterable<string>) {
    this.#plan = plan
    this.#made = new Set(made)
    this.#fd = plan.slot('file')
    this.#tree = plan.slot('mount')
  }

  get directories(): Iterable<string> {
    return this.#made
  }

  #isForeign(path: string): boolean {
    return this.#foreign.some(target => path.startsWith(`${target}/`))
  }

  /** Opens `path` in the slot of files. */
  #reach(path: string): void {
    this.#plan.call(
      'openat2',
      [AT_FDCWD, text(path), WITHOUT_LINKS, OPEN_HOW_BYTES],
      `open ${path} without following links`,
      { result: this.#fd },
    )
  }

  /** Makes a node; one that is there, or a read-only place, is found out when it is used. */
  #make(path: string, name: 'mkdirat' | 'mknodat', args: readonly number[]): void {
    const options = { onError: [ERRNO.EEXIST, ERRNO.EROFS] }
    if (!this.#isForeign(path)) {
      this.#plan.call(name, [AT_FDCWD, text(path), ...args], `make ${path}`, options)
      return
    }
    this.#reach(dirname(path))
    this.#plan
      .call(name, [this.#fd, text(basename(path)), ...args], `make ${path}`, options)
      .call('close', [this.#fd], `close ${dirname(path)}`)
  }

  /**
   * A directory and those above it, each once; one that a bind already brought is taken as it is.
   */
  directory(path: string): void {
    for (const each of [...parents(path), path]) {
      if (this.#made.has(each)) continue
      this.#made.add(each)
      this.#make(each, 'mkdirat', [0o755])
    }
  }

  #open(path: string): void {
    for (const each of parents(path)) this.directory(each)
    const flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC
    this.#plan.call('openat', [AT_FDCWD, text(path), flags, 0o644], `make ${path}`, { result: this.#fd })
  }

  file({ path, contents }: SmallFile): void {
    this.#open(path)
    this.#plan
      .call('write', [this.#fd, { bytes: contents }, contents.length], `write ${path}`)
      .call('close', [this.#fd], `close ${path}`)
  }

  /** A file whose contents stand in the file `store`, from `offset` on. */
  copy({ path, contents }: SmallFile, store: Slot, offset: number): void {
    this.#open(path)
    this.#plan
      .call('sendfile', [this.#fd, store, words(8, [offset]), contents.length], `write ${path}`)
      .call('close', [this.#fd], `close ${path}`)
  }

  #mountPoint({ target, directory }: BindMount): void {
    if (directory) {
      this.directory(target)
      return
    }
    for (const each of parents(target)) this.directory(each)
    const node = 0o100644 // a regular file, see mknod(2)
    this.#make(target, 'mknodat', [node, 0])
  }

  bind(mount: BindMount): void {
    const { source, target, writable, device, foreign } = mount
    const flags =
      MOUNT_ATTR_NOSUID |
      (device ? MOUNT_ATTR_NOEXEC : MOUNT_ATTR_NODEV) |
      (writable || device ? 0 : MOUNT_ATTR_RDONLY)
    this.#mountPoint(mount)
    if (foreign) this.#foreign.push(target)
    if (foreign || this.#isForeign(target)) {
      this.#bindByDescriptors(mount, flags)
      return
    }
    this.#plan
      .call(
        'mount',
        [text(HOST + source), text(target), 0, MS_BIND | MS_REC, 0],
        `bind ${source} to ${target}`,
      )
      .call(
        'mount_setattr',
        [AT_FDCWD, text(target), AT_RECURSIVE, mountAttributes(flags), MOUNT_ATTR_BYTES],
        `set the flags of ${target} and of all mounts below it`,
      )
  }

  /**
   * A bind of the caller's, or in one. The source has no link since it was resolved, whatever a
   * program of another box leaves in its way meanwhile; and the mount is complete with its flags
   * before it is seen anywhere.
   */
  #bindByDescriptors({ source, target }: BindMount, flags: number): void {
    const tree = this.#tree
    this.#reach(HOST + source)
    this.#plan
      .call(
        'open_tree',
        [this.#fd, text(''), OPEN_TREE_CLONE | O_CLOEXEC | AT_EMPTY_PATH | AT_RECURSIVE],
        `open ${source} as a mount`,
        { result: tree },
      )
      .call('close', [this.#fd], `close ${source}`)
      .call(
        'mount_setattr',
        [tree, text(''), AT_EMPTY_PATH | AT_RECURSIVE, mountAttributes(flags), MOUNT_ATTR_BYTES],
        `set the flags of ${target} and of all mounts below it`,
      )
    this.#moveTo(source, target)
    this.#plan.call('close', [tree], `close the mount of ${target}`)
  }

  /**
   * What lies in a bind of the caller's is reached without following links; those outside are the
   * box's own, such as /bin.
   */
  #moveTo(source: string, target: string): void {
    const label = `bind ${source} to ${target}`
    const tree = this.#tree
    if (!this.#isForeign(target)) {
      const flags = MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_SYMLINKS
      this.#plan.call('move_mount', [tree, text(''), AT_FDCWD, text(target), flags], label)
      return
    }
    this.#reach(target)
    this.#plan
      .call(
        'move_mount',
        [tree, text(''), this.#fd, text(''), MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH],
        label,
      )
      .call('close', [this.#fd], `close ${target}`)
  }

  scratch(scratch: Scratch): void {
    this.directory(scratch.path)
    mountScratch(this.#plan, scratch)
  }

  mask(path: string, directory: boolean): void {
    const flags = MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC
    const label = `mask ${path}`
    if (directory)
      this.#plan.call(
        'mount',
        [text('tmpfs'), text(path), text('tmpfs'), flags, text('size=0,mode=555')],
        label,
      )
    else this.#plan.call('mount', [text('/dev/null'), text(path), 0, MS_BIND, 0], label)
  }

  enter(): void {
    this.#plan
      .call('mount', [0, text('/'), 0, MS_REC | MS_PRIVATE, 0], 'keep mounts from the host')
      .call(
        'mount',
        [
          text('glassbox'),
          text(STAGE),
          text('tmpfs'),
          MS_NOSUID | MS_NODEV,
          text('size=1m,nr_inodes=4096,mode=755'),
        ],
        `mount the new root on ${STAGE}`,
      )
      .call('mkdirat', [AT_FDCWD, text(STAGE + HOST), 0o700], `make ${HOST}`)
      .call('pivot_root', [text(STAGE), text(STAGE + HOST)], 'change the root')
      .call('chdir', [text('/')], 'go to the new root')
  }

  proc(): void {
    this.directory('/proc')
    this.#plan.call(
      'mount',
      [text('proc'), text('/proc'), text('proc'), MS_NOSUID | MS_NODEV | MS_NOEXEC, 0],
      'mount /proc of the new PID namespace',
    )
  }

  /**
   * Before /proc/sys is made read-only. Missing where the kernel cannot checkpoint: then numbers
   * just go on.
   */
  keepLastPid(): void {
    const path = '/proc/sys/kernel/ns_last_pid'
    this.#plan
      .call('openat', [AT_FDCWD, text(path), O_WRONLY | O_CLOEXEC, 0], `open ${path}`, {
        result: this.#fd,
        onError: 'ignore',
      })
      .call(
        'dup3',
        [this.#fd, INIT_DESCRIPTOR.lastPid, O_CLOEXEC],
        'keep it, to number the processes of each program from 2',
        {
          onError: 'ignore',
        },
      )
  }

  leaveHost(): void {
    this.#plan
      .call('umount2', [text(HOST), MNT_DETACH], 'let go of the host’s root')
      .call('unlinkat', [AT_FDCWD, text(HOST), AT_REMOVEDIR], `remove ${HOST}`)
      .call(
        'mount_setattr',
        [
          AT_FDCWD,
          text('/'),
          0,
          mountAttributes(MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV),
          MOUNT_ATTR_BYTES,
        ],
        'make the root read-only',
      )
  }
}

const byTarget = (a: BindMount, b: BindMount): number =>
  a.target.split('/').length - b.target.split('/').length

function mountScratch(plan: PlanBuilder, { path, mode, bytes, inodes, owner, noexec }: Scratch): void {
  const options = `size=${bytes},nr_inodes=${inodes},mode=${mode.toString(8)},uid=${owner.uid},gid=${owner.gid}`
  const flags = MS_NOSUID | MS_NODEV | (noexec ? MS_NOEXEC : 0)
  plan.call('mount', [text('tmpfs'), text(path), text('tmpfs'), flags, text(options)], `mount ${path}`)
}

/**
 * Adds the steps that put fresh scratch directories in place of used ones. The old file system
 * goes as a whole, however deep or barred its directories are; what is mounted below goes along.
 */
export function addFreshScratchSteps(plan: PlanBuilder, places: readonly Scratch[]): void {
  for (const scratch of places) {
    plan.call('umount2', [text(scratch.path), MNT_DETACH], `let go of ${scratch.path}`)
    mountScratch(plan, scratch)
  }
}

/**
 * Adds the steps of what all boxes show. `store` holds the files' contents, one after another.
 * Returns the directories that are there then.
 */
export function addHostSteps(plan: PlanBuilder, host: HostRoot, store: Slot): Iterable<string> {
  const root = new RootBuilder(plan, ['/'])
  root.enter()
  for (const { target, path } of host.links) {
    root.directory(parents(path).at(-1) ?? '/')
    plan.call('symlinkat', [text(target), AT_FDCWD, text(path)], `link ${path}`)
  }
  let offset = 0
  for (const file of host.files) {
    root.copy(file, store, offset)
    offset += file.contents.length
  }
  root.proc()
  root.keepLastPid()
  for (const bind of host.binds.toSorted(byTarget)) root.bind(bind)
  for (const { path, directory } of host.masks) root.mask(path, directory)
  return root.directories
}

/** Adds the steps of what only this box has; `made` are directories that are there. */
export function addOwnSteps(plan: PlanBuilder, own: OwnRoot, made: Iterable<string>): void {
  const root = new RootBuilder(plan, made)
  for (const file of own.files) root.file(file)
  // Scratch before binds: a bind may lie inside a scratch directory, never the other way round.
  for (const scratch of own.scratch) root.scratch(scratch)
  for (const bind of own.binds.toSorted(byTarget)) root.bind(bind)
  root.leaveHost()
}
