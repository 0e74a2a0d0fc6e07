/**
 * The control files of a group: small texts, each read or written in one call. Every error names
 * the file.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { GlassboxError } from '../errors.ts'
import { ERRNO } from '../linux/errno.ts'
import { limitHint } from '../gate/errno-hint.ts'
import { readSmall, writeSmall } from '../gate/small-files.ts'

/** A value for a control file. */
export interface Write {
  readonly file: string
  readonly value: string
  /** The file is missing on some kernels. */
  readonly optional?: boolean
}

/** Reads the files of one group, from the file system or from init's report. */
export interface GroupFiles {
  /** Throws ERR_GLASSBOX_CGROUP if the file cannot be read. */
  text(file: string): string
  /** The text of a file that some kernels lack; `undefined` if it is missing. */
  optional(file: string): string | undefined
}

export function cgroupError(doing: string, path: string, cause: unknown): GlassboxError {
  const { code, errno } = cause as NodeJS.ErrnoException
  const gone = code === 'ENOENT' || code === 'ENODEV'
  return new GlassboxError('ERR_GLASSBOX_CGROUP', `Could not ${doing} ${path}: ${code ?? String(cause)}`, {
    path,
    cause,
    ...(errno === undefined ? {} : { errno: -errno }),
    hint: gone
      ? 'Another process removed the group while it was in use: find out what cleans up cgroups on this host.'
      : (limitHint(-(errno ?? 0)) ??
        'Run "glassbox doctor" to see which cgroup controllers this process may use.'),
  })
}

/** What fails is done again by `fs`, for its error. */
export function writeControl(path: string, value: string): void {
  if (writeSmall(path, value) === 0) return
  try {
    writeFileSync(path, value)
  } catch (error) {
    throw cgroupError(`write ${value} to`, path, error)
  }
}

/** Writes all of them, except to optional files that are missing. */
export function writeAll(directory: string, writes: readonly Write[]): void {
  for (const { file, value, optional } of writes) {
    const path = join(directory, file)
    const result = writeSmall(path, value)
    if (result !== 0 && !(optional && result === -ERRNO.ENOENT)) writeControl(path, value)
  }
}

/** The files of a directory, read when they are asked for. */
export const filesIn = (directory: string): GroupFiles => ({
  text: file => readControl(join(directory, file)),
  optional: file => readOptional(join(directory, file)),
})

export function readControl(path: string): string {
  const text = readSmall(path)
  if (typeof text === 'string') return text
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw cgroupError('read', path, error)
  }
}

/** The text of a control file that some kernels lack; `undefined` if it cannot be read. */
export function readOptional(path: string): string | undefined {
  const text = readSmall(path)
  return typeof text === 'string' ? text : undefined
}

/** The number after `key` in a text of "key number" lines. */
export function keyedNumber(text: string, key: string): number | undefined {
  const start = text.startsWith(`${key} `) ? 0 : text.indexOf(`\n${key} `) + 1
  if (start === 0 && !text.startsWith(`${key} `)) return undefined
  const value = /^\d+$/m.exec(text.slice(start + key.length + 1))
  return value?.index === 0 ? Number(value[0]) : undefined
}
