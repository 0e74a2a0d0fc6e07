/**
 * The steps that set up the root of a box. Init runs them when it is alone in fresh namespaces,
 * before it starts any program. They have two parts: what every box shows of the host, and then
 * what only this box has.
 *
 * The order matters. First a tmpfs becomes the root (pivot_root), with the host's root below
 * `/.host`. So every source is named below `/.host`, even one under the directory on which the
 * tmpfs was mounted. Then come the binds, from short to long targets, so that one bind may lie
 * inside another. At the end the host's root is unmounted and the new root is made read-only.
 *
 * Inside a caller's bind, any name may be a symbolic link that a program left there, and following
 * it could lead into the host's root at `/.host`. So paths in such binds are opened without
 * following links and then used by descriptor. The same holds for the sources of such binds,
 * because a program of another box may be able to write to their directories.
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
import { OPEN_HOW_BYTES } from '../linux/open-how.ts'
import { type PlanBuilder, text, words } from '../plan/builder.ts'
import type { Slot } from '../plan/types.ts'
import { addMovedRootSteps, addOuterProcSteps, ROOT_FALLBACK } from './fallbacks.ts'
import { addCoverSteps, addLinkSteps, groupDirectories } from './groups.ts'
import { addMapSteps, closeCarriers, ownerKey } from './map-steps.ts'
import { MOUNT_ATTR_BYTES, mountAttributes } from './mount-attributes.ts'
import type { BindMount, HostRoot, OwnRoot, Scratch, SmallFile, SymbolicLink } from './types.ts'

const STAGE = '/tmp'
/** The host's root, while the box is being set up. */
export const HOST_ROOT = '/.host'

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

  /**
   * Makes a node. If it exists already, or its directory is read-only, using it later shows
   * whether it fits.
   */
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
   * Makes a directory and its parents, each once. A directory that comes with a bind is used as it
   * is.
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

  link({ target, path }: SymbolicLink): void {
    this.directory(dirname(path))
    this.#plan.call('symlinkat', [text(target), AT_FDCWD, text(path)], `link ${path}`)
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

  bind(mount: BindMount, carrier?: Slot): void {
    const { source, target, writable, device, foreign, inBox } = mount
    const flags =
      MOUNT_ATTR_NOSUID |
      (device ? MOUNT_ATTR_NOEXEC : MOUNT_ATTR_NODEV) |
      (writable || device ? 0 : MOUNT_ATTR_RDONLY)
    this.#mountPoint(mount)
    if (foreign) this.#foreign.push(target)
    if (foreign || this.#isForeign(target)) {
      this.#bindByDescriptors(mount, flags, carrier)
      return
    }
    this.#plan
      .call(
        'mount',
        [text(inBox ? source : HOST_ROOT + source), text(target), 0, MS_BIND | MS_REC, 0],
        `bind ${source} to ${target}`,
      )
      .call(
        'mount_setattr',
        [AT_FDCWD, text(target), AT_RECURSIVE, mountAttributes(flags), MOUNT_ATTR_BYTES],
        `set the flags of ${target} and of all mounts below it`,
      )
  }

  /**
   * For a caller's bind, or for a bind inside one. The source was resolved before, so it has no
   * link; if a program of another box has put one there since, opening it fails. The mount gets
   * its flags before it becomes visible anywhere.
   */
  #bindByDescriptors({ source, target, map }: BindMount, flags: number, carrier?: Slot): void {
    const tree = this.#tree
    this.#reach(HOST_ROOT + source)
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
    if (map && carrier) addMapSteps(this.#plan, { tree, carrier, recursive: map.recursive }, source)
    this.#moveTo(source, target)
    this.#plan.call('close', [tree], `close the mount of ${target}`)
  }

  /**
   * A target inside a caller's bind is opened without following links. Elsewhere links are
   * followed, because they are the box's own, such as /bin.
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
      .call('mkdirat', [AT_FDCWD, text(STAGE + HOST_ROOT), 0o700], `make ${HOST_ROOT}`)
      .call('pivot_root', [text(STAGE), text(STAGE + HOST_ROOT)], 'change the root', {
        // A filter; or the old root is the kernel's first one.
        onError: [ERRNO.EPERM, ERRNO.EINVAL],
      })
      .orElse(ROOT_FALLBACK.root, () => addMovedRootSteps(this.#plan, STAGE, HOST_ROOT))
      .call('chdir', [text('/')], 'go to the new root')
  }

  proc(): void {
    this.directory('/proc')
    this.#plan
      .call(
        'mount',
        [text('proc'), text('/proc'), text('proc'), MS_NOSUID | MS_NODEV | MS_NOEXEC, 0],
        'mount /proc of the new PID namespace',
        { onError: [ERRNO.EPERM] },
      )
      .orElse(ROOT_FALLBACK.proc, () => addOuterProcSteps(this.#plan, HOST_ROOT))
  }

  /**
   * Opens the file before /proc/sys becomes read-only. Kernels without checkpoint support lack it;
   * then process numbers simply continue from program to program.
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
      .call('umount2', [text(HOST_ROOT), MNT_DETACH], 'detach the host’s root')
      .call('unlinkat', [AT_FDCWD, text(HOST_ROOT), AT_REMOVEDIR], `remove ${HOST_ROOT}`)
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
 * Adds the steps that replace used scratch directories by fresh ones. The old file system is
 * unmounted as a whole, with all mounts below it, whatever the depth and permissions of its
 * directories.
 */
export function addFreshScratchSteps(plan: PlanBuilder, places: readonly Scratch[]): void {
  for (const scratch of places) {
    plan.call('umount2', [text(scratch.path), MNT_DETACH], `detach ${scratch.path}`)
    mountScratch(plan, scratch)
  }
}

/**
 * Adds the steps for what every box shows. Returns the directories that these steps make.
 */
export function addHostSteps(plan: PlanBuilder, host: HostRoot): Iterable<string> {
  const root = new RootBuilder(plan, ['/'])
  root.enter()
  for (const link of host.links) root.link(link)
  root.proc()
  root.keepLastPid()
  for (const bind of host.binds.toSorted(byTarget)) root.bind(bind)
  for (const { path, directory } of host.masks) root.mask(path, directory)
  for (const path of host.directories) root.directory(path)
  return root.directories
}

/**
 * Adds the steps for what only this box has. `made` are the directories that exist already.
 * `carriers` have the namespace of each owner of `own.binds`, by `ownerKey`; they are closed.
 */
export function addOwnSteps(
  plan: PlanBuilder,
  own: OwnRoot,
  made: Iterable<string>,
  carriers: ReadonlyMap<string, Slot>,
): void {
  const root = new RootBuilder(plan, made)
  for (const file of own.files) root.file(file)
  for (const link of own.links) root.link(link)
  // Scratch directories come before binds: a bind may lie inside a scratch directory, but no
  // scratch directory lies inside a bind.
  for (const scratch of own.scratch) root.scratch(scratch)
  // Before binds too, which may lie anywhere but at or below these.
  if (own.groups) {
    for (const path of groupDirectories(own.groups)) root.directory(path)
    addLinkSteps(plan, own.groups)
  }
  for (const bind of own.binds.toSorted(byTarget))
    root.bind(bind, bind.map && carriers.get(ownerKey(bind.map.owner)))
  closeCarriers(plan, carriers)
  root.leaveHost()
  if (own.groups) addCoverSteps(plan, own.groups)
}
