/**
 * Tries the command lines of a caller on this host, in a box of their own with a program that does
 * nothing. So what fails here would fail for the caller, with the same message.
 */
import { chmodSync, closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { isolate, type Surroundings } from '../command.ts'
import { CONFIG_VARIABLE } from '../config-file.ts'
import { type CallIo, IsolateError } from '../types.ts'
import type { CallerLine, IsolateCaller } from './callers.ts'

/** A box has a /tmp of its own, below which nothing of the host can be bound. */
const PLACE = '/var/tmp/glassbox-isolate-'
/** The directory that rules of the caller bind. */
const SHARED = 'shared'
const ALL_MAY_WRITE = 0o777

/** What came of one command line. */
export interface Tried {
  readonly purpose: string
  /** As the caller gives it, after its name. */
  readonly line: string
  /** `undefined`: it works. */
  readonly failure: string | undefined
}

interface Made {
  readonly code: number
  readonly out: string
  readonly err: string
}

/** One line on its way. */
class Attempt {
  readonly #surroundings: Surroundings
  readonly #own: CallIo
  readonly #programName: string
  readonly #directory: string

  constructor(surroundings: Surroundings, own: CallIo, programName: string, directory: string) {
    this.#surroundings = surroundings
    this.#own = own
    this.#programName = programName
    this.#directory = directory
  }

  async make(words: readonly string[]): Promise<Made> {
    let [out, err] = ['', '']
    const nothing = openSync('/dev/null', 'r+')
    const output = join(this.#directory, 'output')
    const error = openSync(output, 'w')
    try {
      const io: CallIo = {
        ...this.#own,
        programName: this.#programName,
        streams: [nothing, nothing, error],
        hasOwnDescriptors: false,
        failed: false,
        out: text => (out += text),
        err: text => (err += text),
      }
      const code = await isolate(words, io, this.#surroundings)
      return { code, out, err: err + readFileSync(output, 'utf8') }
    } finally {
      closeSync(nothing)
      closeSync(error)
    }
  }

  /** `shown` is how the line is reported, with the number of the box. */
  async try({ purpose, line, keys = [] }: CallerLine, id: string): Promise<Tried> {
    const meta = join(this.#directory, 'meta')
    rmSync(meta, { force: true })
    const values: Readonly<Record<string, string>> = { id, meta, dir: join(this.#directory, SHARED) }
    const words = line.split(' ').map(word => word.replaceAll(/\{(\w+)\}/g, (_, name) => values[name] ?? ''))
    const made = await this.make(words)
    return { purpose, line, failure: failureOf(made) ?? missingKeys(meta, keys) }
  }
}

const failureOf = ({ code, err }: Made): string | undefined =>
  code === 0 ? undefined : `exit code ${code}: ${err.trim()}`

function missingKeys(meta: string, keys: readonly string[]): string | undefined {
  if (keys.length === 0) return undefined
  const text = readFileSync(meta, 'utf8')
  const missing = keys.filter(key => !text.includes(`${key}:`))
  return missing.length === 0 ? undefined : `the meta file has no ${missing.join(', ')}`
}

/** Throws IsolateError if not even a box can be had. Nothing is left behind. */
export async function tryCaller(
  { dialect, lines }: IsolateCaller,
  own: CallIo,
  surroundings: Surroundings,
): Promise<readonly Tried[]> {
  const directory = mkdtempSync(PLACE)
  mkdirSync(join(directory, SHARED))
  for (const path of [directory, join(directory, SHARED)]) chmodSync(path, ALL_MAY_WRITE)
  const attempt = new Attempt(surroundings, own, `isolate${dialect}`, directory)
  try {
    const id = await freeBox(attempt)
    const tried: Tried[] = []
    for (const line of lines) tried.push(await attempt.try(line, id))
    await attempt.make(['-b', id, '--cleanup'])
    return tried
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

/** A box that is not in use. It is given back, because the caller makes it itself. */
async function freeBox(attempt: Attempt): Promise<string> {
  const { code, out, err } = await attempt.make(['--box-id=auto', '--init'])
  if (code !== 0)
    throw new IsolateError(
      'internal',
      `No box can be made (${CONFIG_VARIABLE} names another config): ${err.trim()}`,
    )
  const id = out.trim().split('/').pop() ?? ''
  await attempt.make(['-b', id, '--cleanup'])
  return id
}
