/** The files of /dev. */
import { S_IFCHR } from '../../../linux/constants.ts'
import { MemoryDirectory } from '../memory/directory.ts'
import { MemoryFileSystem } from '../memory/file-system.ts'
import type { Mounts } from '../path/mounts.ts'
import type { Terminals } from '../terminal/terminals.ts'
import { deviceNumber } from './devices.ts'

const ROOT = { uid: 0, gid: 0 }

/** Name, major and minor number. */
const NODES: readonly (readonly [name: string, major: number, minor: number])[] = [
  ['full', 1, 7],
  ['null', 1, 3],
  ['ptmx', 5, 2],
  ['random', 1, 8],
  ['tty', 5, 0],
  ['urandom', 1, 9],
  ['zero', 1, 5],
]

const LINKS = {
  fd: '/proc/self/fd',
  stdin: '/proc/self/fd/0',
  stdout: '/proc/self/fd/1',
  stderr: '/proc/self/fd/2',
} as const

/** Mounts /dev with its devices, and the terminals in it. */
export function addDevices(mounts: Mounts, own: MemoryFileSystem, terminals: Terminals): void {
  const fileSystem = new MemoryFileSystem(own.host, { type: 'devtmpfs', source: 'devtmpfs' })
  const directory = new MemoryDirectory(fileSystem, { mode: 0o755, ...ROOT })
  for (const [name, major, minor] of NODES) {
    directory.mknod(name, S_IFCHR, deviceNumber(major, minor), { mode: 0o666, ...ROOT })
  }
  for (const [name, target] of Object.entries(LINKS)) {
    directory.symlink(name, target, { mode: 0o777, ...ROOT })
  }
  for (const name of ['shm', 'pts']) directory.mkdir(name, { mode: 0o755, ...ROOT })
  const at = mounts.place('/dev', () => new MemoryDirectory(own, { mode: 0o755, ...ROOT }))
  const flags = { readOnly: false, noSuid: true, noExec: true }
  mounts.add(fileSystem, directory, at, flags)
  const place = mounts.place('/dev/pts', () => directory)
  terminals.mount = mounts.add(terminals, terminals.root, place, flags)
}
