/**
 * The parsed objects of all traced processes, by device and inode. A file is opened where the process has it: by its mapping (map_files, which needs
 * privilege and works for deleted files), else by its path under the process's root, if that is still the same file. What cannot be opened is read from the
 * process's memory: its rules are there, the names of its functions only in the vdso.
 */
import { closeSync, fstatSync, openSync } from 'node:fs'
import type { MemoryReader } from '../decode/memory.ts'
import { ElfObject } from './elf-object.ts'
import type { Mapping, Maps } from './maps.ts'
import { BytesSource, FileSource } from './source.ts'

/** Each keeps a descriptor. */
const MOST = 64
const LARGEST_IMAGE = 1 << 26
const VDSO = '[vdso]'

export class Objects {
  readonly #known = new Map<string, ElfObject | undefined>()

  /** `tid`: a thread that has the mapping. Nothing where no file can be there: `[vsyscall]`, or a mapping that is not to be read. */
  of(tid: number, mapping: Mapping, maps: Maps, memory: MemoryReader): ElfObject | undefined {
    const key = mapping.inode === 0 ? mapping.name : `${mapping.device} ${mapping.inode}`
    const known = this.#known.get(key)
    if (known || this.#known.has(key)) {
      // The last one used is the last to go.
      this.#known.delete(key)
      this.#known.set(key, known)
      return known
    }
    const object = open(tid, mapping, maps, memory)
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

function open(tid: number, mapping: Mapping, maps: Maps, memory: MemoryReader): ElfObject | undefined {
  const fd = mapping.inode === 0 ? undefined : openMapped(tid, mapping)
  if (fd !== undefined) return new ElfObject(new FileSource(fd))
  const image = mapping.inode === 0 && mapping.name !== VDSO ? undefined : imageOf(mapping, maps, memory)
  return image && new ElfObject(new BytesSource(image))
}

function openMapped(tid: number, { start, end, name, device, inode }: Mapping): number | undefined {
  const range = `${start.toString(16)}-${end.toString(16)}`
  return openRegular(`/proc/${tid}/map_files/${range}`) ?? openSame(`/proc/${tid}/root${name}`, device, inode)
}

function openRegular(path: string): number | undefined {
  try {
    return openSync(path, 'r')
  } catch {
    return undefined
  }
}

/** The path may lead to another file by now. */
function openSame(path: string, device: string, inode: number): number | undefined {
  const fd = openRegular(path)
  if (fd === undefined) return undefined
  const { dev, ino } = fstatSync(fd)
  if (ino === inode && deviceText(dev) === device) return fd
  closeSync(fd)
  return undefined
}

/** As /proc/PID/maps has it: the major and minor number of a dev_t of glibc. */
function deviceText(dev: number): string {
  const high = Math.floor(dev / 2 ** 32)
  const major = ((dev >>> 8) & 0xfff) | (high & ~0xfff)
  const minor = (dev & 0xff) | ((dev >>> 12) & 0xfff00)
  return [major, minor].map(number => number.toString(16).padStart(2, '0')).join(':')
}

/** What is mapped of an object, each piece at its place in the file. */
function imageOf(mapping: Mapping, maps: Maps, memory: MemoryReader): Uint8Array | undefined {
  const pieces = maps.all.filter(({ name, inode }) => name === mapping.name && inode === mapping.inode)
  const size = Math.max(...pieces.map(({ offset, start, end }) => offset + end - start))
  if (size > LARGEST_IMAGE) return undefined
  const image = new Uint8Array(size)
  for (const { start, end, offset } of pieces) image.set(memory.read(BigInt(start), end - start), offset)
  return image
}
