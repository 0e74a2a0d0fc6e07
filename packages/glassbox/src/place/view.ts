/** What this process can see of the place in which it runs. Tests pass their own. */
import { existsSync, readFileSync } from 'node:fs'

export interface PlaceView {
  /** The text of a file, or nothing if it cannot be read. */
  readonly read: (path: string) => string
  readonly exists: (path: string) => boolean
  readonly env: Readonly<Record<string, string | undefined>>
}

export const viewHere: PlaceView = {
  read: path => {
    try {
      return readFileSync(path, 'utf8')
    } catch {
      return ''
    }
  },
  exists: path => existsSync(path),
  env: process.env,
}

/** A line of /proc/self/mountinfo. */
export interface MountLine {
  /** The path within its file system that is mounted. */
  readonly root: string
  readonly point: string
  readonly options: readonly string[]
  readonly type: string
  readonly source: string
}

export function mountLines(view: PlaceView): readonly MountLine[] {
  return view
    .read('/proc/self/mountinfo')
    .split('\n')
    .filter(Boolean)
    .map(line => {
      const [, , , root = '', point = '', options = ''] = line.split(' ')
      const [type = '', source = ''] = (line.split(' - ')[1] ?? '').split(' ')
      return { root, point, options: options.split(','), type, source }
    })
}
