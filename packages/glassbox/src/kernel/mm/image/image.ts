/**
 * The image of a program: its file and its interpreter, with all headers read and checked. So
 * execve(2) can refuse a file before it destroys what ran until now.
 *
 * `#!` is not known here: the caller has found the file that is to be loaded.
 */
import { ERRNO } from '../../../linux/errno.ts'
import type { MappedFile } from '../mapped-file.ts'
import type { WorldMemory } from '../world-memory.ts'
import { type Elf, readElf } from './elf.ts'

export interface Image {
  readonly file: MappedFile
  readonly elf: Elf
  readonly interpreter: { readonly file: MappedFile; readonly elf: Elf } | undefined
}

/**
 * `openInterpreter` finds the file of a path that may be executed, or gives a negative errno.
 * Errors: −ENOEXEC (no program of this machine), −ELIBBAD (its interpreter is none), −EIO.
 */
export function readImage(
  world: WorldMemory,
  file: MappedFile,
  openInterpreter: (path: string) => MappedFile | number,
): Image | number {
  const elf = readElf(world, file.mappable)
  if (typeof elf === 'number') return elf
  if (elf.interpreter === undefined) return { file, elf, interpreter: undefined }
  const opened = openInterpreter(elf.interpreter)
  if (typeof opened === 'number') return opened
  const second = readElf(world, opened.mappable)
  if (typeof second === 'number') return second === -ERRNO.ENOEXEC ? -ERRNO.ELIBBAD : second
  return { file, elf, interpreter: { file: opened, elf: second } }
}
