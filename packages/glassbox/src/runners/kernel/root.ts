/** The root of a world, as values that can be sent to its kernel thread. */
import { BOX_DIRECTORY, DEFAULT_DISK_BYTES, DEFAULT_DISK_FILES } from '../../job/box-layout.ts'
import type { RootDescription } from '../../kernel/fs/root/root.ts'
import type { BindMount } from '../../rootfs/types.ts'
import { boxRoot } from '../root/box-root.ts'
import type { SandboxSpec } from '../runner.ts'
import { describeMounts } from './object-server.ts'

/** What the changes to a bind may take that programs change in memory: as much as /tmp. */
const COPY = { bytes: DEFAULT_DISK_BYTES, inodes: DEFAULT_DISK_FILES }

/** What the box of the namespace runner shows, with a directory of the host as `/box`. */
export function rootOf(
  { box, programs, paths }: SandboxSpec,
  work: string,
  user: { readonly uid: number; readonly gid: number },
): RootDescription {
  const { host, own } = boxRoot(box, programs, paths)
  const { binds, links, files, scratch } = own(user)
  const isBound = box.binds.some(({ target }) => target === BOX_DIRECTORY)
  const working: BindMount = {
    source: work,
    target: BOX_DIRECTORY,
    directory: true,
    writable: true,
    foreign: true,
  }
  return {
    binds: [...host.binds, ...(isBound ? [] : [working]), ...binds].map(
      ({
        source,
        target,
        directory,
        writable,
        inBox = false,
        device = false,
        foreign = false,
        copy = false,
      }) => ({
        ...{ source, target, directory, writable, inBox, device, foreign },
        ...(copy ? { copy: COPY } : {}),
      }),
    ),
    links: [...host.links, ...links],
    files,
    scratch: scratch.filter(({ path }) => path !== BOX_DIRECTORY),
    objects: describeMounts(box.mounts),
  }
}
