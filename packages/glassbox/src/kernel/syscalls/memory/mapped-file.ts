/** An open file as a mapping remembers it. */
import type { Location, OpenFile } from '../../fs/vfs.ts'
import type { Mappable } from '../../mm/mappable.ts'
import type { MappedFile } from '../../mm/mapped-file.ts'

/** The same object for the same open file, so that neighbouring mappings of it are joined. */
const KNOWN = new WeakMap<OpenFile, MappedFile>()

/** undefined: it cannot be mapped. */
export function mappedFile(file: OpenFile): MappedFile | undefined {
  const known = KNOWN.get(file)
  if (known !== undefined) return known
  const { mappable } = file
  if (mappable === undefined) return undefined
  const made = describe(file, mappable)
  KNOWN.set(file, made)
  return made
}

function describe(file: OpenFile, mappable: Mappable): MappedFile {
  const { dev, ino } = file.attributes()
  return { mappable, device: dev, inode: ino, path: () => pathOf(file) }
}

function pathOf(file: OpenFile): string {
  const names: string[] = []
  let at = file.location
  if (at === undefined) return file.name
  while (at !== undefined) {
    const { mount, dentry }: Location = at
    if (dentry === mount.root) at = mount.at
    else {
      names.push(dentry.name)
      at = dentry.parent === undefined ? undefined : { mount, dentry: dentry.parent }
    }
  }
  return `/${names.toReversed().join('/')}`
}
