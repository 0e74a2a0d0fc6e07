/** The control files of a group: small texts, read and written at once. Each failure names the file. */
import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { GlassboxError } from '../errors.ts'

export function cgroupError(doing: string, path: string, cause: unknown): GlassboxError {
  const { code, errno } = cause as NodeJS.ErrnoException
  const gone = code === 'ENOENT' || code === 'ENODEV'
  return new GlassboxError('ERR_GLASSBOX_CGROUP', `Could not ${doing} ${path}: ${code ?? String(cause)}`, {
    path,
    cause,
    ...(errno === undefined ? {} : { errno: -errno }),
    hint: gone
      ? 'Somebody else removed the group while it was in use: find out who cleans up cgroups on this host.'
      : 'Run "glassbox doctor" to see which cgroup controllers this process may use.',
  })
}

export function writeControl(path: string, value: string | number): void {
  try {
    writeFileSync(path, String(value))
  } catch (error) {
    throw cgroupError(`write ${value} to`, path, error)
  }
}

export function readControl(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw cgroupError('read', path, error)
  }
}

/** The text of a control file that is not there on every kernel. */
export function readOptional(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

/** The number after `key` in a text of "key number" lines. */
export function keyedNumber(text: string, key: string): number | undefined {
  const match = new RegExp(`^${key} (\\d+)$`, 'm').exec(text)
  return match ? Number(match[1]) : undefined
}

export function openControl(path: string, flags: string): number {
  try {
    return openSync(path, flags)
  } catch (error) {
    throw cgroupError('open', path, error)
  }
}

export function closeAll(descriptors: readonly number[]): void {
  for (const fd of descriptors) closeSync(fd)
}
