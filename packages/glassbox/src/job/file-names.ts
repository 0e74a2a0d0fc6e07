/** Names of files that are said together: no two mean one file, and none is both a file and the directory of another. */
import { GlassboxError, InvalidOptionError } from '../errors.ts'
import { entryPath } from '../options/record.ts'
import { pathComponents } from './box-path.ts'

/** A name in the working directory, normalized: `./a//b` is `a/b`. Throws an InvalidOptionError that names `path`. */
export function normalizedName(name: string, path: string): string {
  try {
    return pathComponents(name).join('/')
  } catch (error) {
    if (!(error instanceof GlassboxError)) throw error
    throw new InvalidOptionError(path, `${path}: ${error.message}`, error.hint)
  }
}

/** Normalized names, each with the key that says it. Throws if two keys say one name. */
export function distinctNames(
  keys: readonly string[],
  pathOf: (key: string, index: number) => string,
): Map<string, string> {
  const names = new Map<string, string>()
  const places = new Map<string, string>()
  for (const [index, key] of keys.entries()) {
    const place = pathOf(key, index)
    const name = normalizedName(key, place)
    const other = places.get(name)
    if (other !== undefined) {
      throw new InvalidOptionError(place, `${place} is the same file as ${other}.`, 'Name each file once.')
    }
    names.set(name, key)
    places.set(name, place)
  }
  return names
}

/** Throws if a name lies below one that can only be a file. */
export function refuseBelowFiles(
  names: ReadonlyMap<string, string>,
  path: string,
  isFile: (key: string) => boolean,
): void {
  for (const [name, key] of names) {
    const parts = name.split('/')
    for (let length = 1; length < parts.length; length++) {
      const above = names.get(parts.slice(0, length).join('/'))
      if (above === undefined || !isFile(above)) continue
      const place = entryPath(path, key)
      const clash = `${place}: ${entryPath(path, above)} is a file, and cannot be the directory of another.`
      throw new InvalidOptionError(place, clash, 'Give one of them another name.')
    }
  }
}
