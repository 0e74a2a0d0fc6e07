/**
 * Which calls the server leaves to the ordinary command, because something of them cannot be
 * passed to another process. Nothing has been done for the call when this is decided.
 */
import { statSync } from 'node:fs'
import { CONFIG_VARIABLE, dialectOf, findConfig, variableOf } from '../config-file.ts'
import type { Draft } from '../front/draft.ts'
import { readWords } from '../front/words.ts'
import { type CallIo, IsolateError } from '../types.ts'
import { differenceOf, type Inherited, inheritedFrom } from './peer.ts'

/** Paths that mean something else in each process. */
const OWN_FILES = /^\/(?:dev\/(?:fd|std(?:in|out|err))|proc)(?:\/|$)/
const SAFE_DEVICES = ['/dev/null', '/dev/full', '/dev/zero']

/** Why the call is left to the ordinary command; `undefined`: it is not. */
export function whyOrdinary(words: readonly string[], io: CallIo): string | undefined {
  if (words[0] === 'doctor' || words[0] === '--server') return `${words[0]} is no call for the server`
  const paths: string[] = []
  const draft = readQuietly(words, io, paths)
  if (draft?.inheritFds === true) return 'the descriptors of the caller are wanted'
  if (draft?.ttyHack === true) return 'the terminal of the caller is wanted'
  if (draft !== undefined && draft.openFiles === undefined)
    return "the caller's limit of open files is wanted"
  const path = paths.find(each => each !== '-' && !isWritableHere(each, io.cwd))
  return path === undefined ? undefined : `${path} is not a regular file`
}

/** A call that is wrong is refused by the server as by the command. */
function readQuietly(words: readonly string[], io: CallIo, paths: string[]): Draft | undefined {
  try {
    return readWords(words, {
      dialect: dialectOf(io.programName, findConfig(variableOf(io, CONFIG_VARIABLE))),
      permute: variableOf(io, 'POSIXLY_CORRECT') === undefined,
      openReport: (_, path) => paths.push(path),
    })
  } catch (error) {
    if (error instanceof IsolateError) return undefined
    throw error
  }
}

/** A FIFO or a device could hold up the server, and with it all other clients. */
function isWritableHere(path: string, cwd: string): boolean {
  if (SAFE_DEVICES.includes(path)) return true
  if (OWN_FILES.test(path)) return false
  try {
    return statSync(path.startsWith('/') ? path : `${cwd}/${path}`).isFile()
  } catch {
    return true // it will be made, or the reason why it cannot is the answer
  }
}

/** What a program of the server inherits, to compare clients with. */
export class Surroundings {
  readonly #own: Inherited = inheritedFrom('self')

  /** What a client has that its program would not get from the server. */
  differenceTo(pid: number): string | undefined {
    if (pid === 0) return 'PID namespace'
    try {
      return differenceOf(this.#own, inheritedFrom(pid))
    } catch {
      return undefined // the client has ended
    }
  }
}
