/**
 * Files of JSON that a caller names: policies and profiles. Errors say which file, and in which
 * line.
 */
import { readFileSync, realpathSync } from 'node:fs'
import { resolve } from 'node:path'
import { InvalidOptionError } from '../../errors.ts'
import { errnoMessage } from '../../linux/errno.ts'
import { JsonError, type JsonText, readJson } from './json.ts'

const LARGEST = 16 * 2 ** 20

/** What a file is, for errors. */
export interface FileKind {
  /** `policy`; also the name of the outermost value in paths of keys. */
  readonly what: string
  /** The option that errors name. */
  readonly option: string
}

function unreadable(path: string, { what, option }: FileKind, error: unknown): InvalidOptionError {
  const { errno } = error as NodeJS.ErrnoException
  const why = errno === undefined ? String(error) : errnoMessage(Math.abs(errno))
  return new InvalidOptionError(option, `Cannot read the ${what} ${path}: ${why}.`, undefined, error)
}

/** The absolute path without links. Throws InvalidOptionError if there is no such file. */
export function realPathOf(path: string, kind: FileKind): string {
  try {
    return realpathSync(resolve(path))
  } catch (error) {
    throw unreadable(path, kind, error)
  }
}

function readText(path: string, file: string, kind: FileKind): string {
  try {
    const text = readFileSync(file, 'utf8')
    if (text.length <= LARGEST) return text
  } catch (error) {
    throw unreadable(path, kind, error)
  }
  throw new InvalidOptionError(kind.option, `The ${kind.what} ${path} is larger than ${LARGEST} bytes.`)
}

/** Reads a file of JSON, which errors call `path`. Throws InvalidOptionError. */
export function readJsonFile(path: string, file: string, kind: FileKind): JsonText {
  const text = readText(path, file, kind)
  try {
    return readJson(text, kind.what)
  } catch (error) {
    if (!(error instanceof JsonError)) throw error
    const message = `${path}:${error.line}: ${error.message}.`
    throw new InvalidOptionError(kind.option, message, 'The file has to be JSON.')
  }
}

/** The error with its place in the file; `error.option` is a path of keys below `kind.what`. */
export function inFile(path: string, text: JsonText, error: unknown, option: string): unknown {
  if (!(error instanceof InvalidOptionError)) return error
  return new InvalidOptionError(option, `${path}:${text.lineOf(error.option)}: ${withKey(error)}`, error.hint)
}

/** The message, with the path of the key in it. */
export const withKey = ({ option, message }: InvalidOptionError): string =>
  message.includes(option) ? message : `${option}: ${message}`
