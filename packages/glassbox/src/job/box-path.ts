/** Names of files in the working directory of a box, as its callers give them. */
import { GlassboxError } from '../errors.ts'

/** The components of a relative path of a box; refuses a path that could leave the directory. */
export function pathComponents(path: string): string[] {
  const names = path.split('/').filter(name => name !== '' && name !== '.')
  if (path.startsWith('/') || names.length === 0 || names.includes('..') || path.includes('\0')) {
    throw new GlassboxError(
      'ERR_GLASSBOX_FILE',
      `Not a file name inside the working directory: ${JSON.stringify(path)}`,
      { path, hint: 'Name files by a relative path without "..".' },
    )
  }
  return names
}
