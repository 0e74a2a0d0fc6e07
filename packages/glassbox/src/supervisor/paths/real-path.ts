/** The path without links of what a path leads to, as far as it exists. */
import { realpathSync } from 'node:fs'
import { dirname, join } from 'node:path'

/**
 * @example
 * realPath('/bin/sh') // '/usr/bin/dash'
 * realPath('/bin/missing') // '/usr/bin/missing'
 */
export function realPath(path: string): string {
  const missing: string[] = []
  for (let at = path; ; at = dirname(at)) {
    try {
      return join(realpathSync.native(at), ...missing)
    } catch {
      if (at === dirname(at)) return path
      missing.unshift(at.slice(dirname(at).length).replace(/^\//, ''))
    }
  }
}
