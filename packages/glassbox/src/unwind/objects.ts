/**
 * The parsed objects of all traced processes, by device and inode. A file that cannot be opened
 * is read from the memory of the process, which has its rules, but names of functions only for
 * the vDSO. Owns a descriptor per open object.
 */
import type { MemoryReader } from '../decode/memory.ts'
import { ElfObject } from './elf-object.ts'
import type { Mapping, Maps } from './maps.ts'
import { BytesSource, FileSource } from './source.ts'

/** The maximum number of objects, because each keeps a descriptor open. */
const MOST = 64
const LARGEST_IMAGE = 1 << 26
const VDSO = '[vdso]'

/**
 * A thread that has the mappings. It gives access to its memory and to descriptors of the mapped
 * files.
 */
export interface MappedProcess extends MemoryReader {
  mappings(): readonly Mapping[]
  openMapping(mapping: Mapping): number | undefined
}

export class Objects {
  readonly #known = new Map<string, ElfObject | undefined>()

  /** `undefined` if there can be no file: `[vsyscall]`, or an unreadable mapping. */
  of(mapping: Mapping, maps: Maps, process: MappedProcess): ElfObject | undefined {
    const key = mapping.inode === 0 ? mapping.name : `${mapping.device} ${mapping.inode}`
    const known = this.#known.get(key)
    if (known || this.#known.has(key)) {
      // Moves it to the end: the least recently used object is dropped first.
      this.#known.delete(key)
      this.#known.set(key, known)
      return known
    }
    const object = open(mapping, maps, process)
    this.#known.set(key, object)
    this.#shrink()
    return object
  }

  #shrink(): void {
    for (const [key, object] of this.#known) {
      if (this.#known.size <= MOST) return
      this.#known.delete(key)
      object?.close()
    }
  }

  close(): void {
    for (const object of this.#known.values()) object?.close()
    this.#known.clear()
  }
}

function open(mapping: Mapping, maps: Maps, process: MappedProcess): ElfObject | undefined {
  const fd = mapping.inode === 0 ? undefined : process.openMapping(mapping)
  if (fd !== undefined) return new ElfObject(new FileSource(fd))
  const image = mapping.inode === 0 && mapping.name !== VDSO ? undefined : imageOf(mapping, maps, process)
  return image && new ElfObject(new BytesSource(image))
}

/** The mapped parts of an object, each at its offset in the file. */
function imageOf(mapping: Mapping, maps: Maps, memory: MemoryReader): Uint8Array | undefined {
  const pieces = maps.all.filter(({ name, inode }) => name === mapping.name && inode === mapping.inode)
  const size = Math.max(...pieces.map(({ offset, start, end }) => offset + end - start))
  if (size > LARGEST_IMAGE) return undefined
  const image = new Uint8Array(size)
  for (const { start, end, offset } of pieces) image.set(memory.read(BigInt(start), end - start), offset)
  return image
}
