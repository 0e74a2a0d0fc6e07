/** /proc/self/mounts and mountinfo: the mounts that are below the caller's root. */
import { pathFrom, type Mounts } from '../path/mounts.ts'
import type { Location, Mount } from '../vfs.ts'

export class MountTexts {
  readonly #mounts: Mounts

  constructor(mounts: Mounts) {
    this.#mounts = mounts
  }

  #visible(root: Location): [Mount, string][] {
    return this.#mounts.all.flatMap(mount => {
      const path = pathFrom(root, { mount, dentry: mount.root })
      return path === undefined ? [] : [[mount, escaped(path)] as [Mount, string]]
    })
  }

  mounts(root: Location): string {
    return this.#visible(root)
      .map(([mount, path]) => {
        const { source, type } = mount.fileSystem
        return `${escaped(source)} ${path} ${type} ${options(mount)} 0 0\n`
      })
      .join('')
  }

  mountinfo(root: Location): string {
    return this.#visible(root)
      .map(([mount, path]) => {
        const { source, type } = mount.fileSystem
        const parent = mount.at?.mount.id ?? 1
        const { dev } = mount.root.inode.attributes()
        const device = `${(dev >>> 8) & 0xfff}:${(dev & 0xff) | ((dev >>> 12) & ~0xff)}`
        const right = `- ${type} ${escaped(source)} ${mount.readOnly ? 'ro' : 'rw'}`
        return `${mount.id} ${parent} ${device} / ${path} ${options(mount)} ${right}\n`
      })
      .join('')
  }
}

const options = ({ readOnly, noSuid, noDevices, noExec }: Mount): string =>
  [
    readOnly ? 'ro' : 'rw',
    ...(noSuid ? ['nosuid'] : []),
    ...(noDevices ? ['nodev'] : []),
    ...(noExec ? ['noexec'] : []),
    'relatime',
  ].join(',')

/** Blanks and the like as octal escapes. */
const escaped = (path: string): string =>
  path.replaceAll(/[ \t\n\\]/g, character => `\\0${character.charCodeAt(0).toString(8).padStart(2, '0')}`)
