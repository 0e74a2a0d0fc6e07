/**
 * `glassbox isolate`, also installed as `glassbox-isolate`: the command line of isolate, in this
 * process or as a server for others.
 */
import { basename } from 'node:path'
import { GlassboxError } from '../errors.ts'
import { isolate, type Surroundings } from '../isolate/command.ts'
import { helpText } from '../isolate/front/help.ts'
import { createKeeper } from '../isolate/keeper/keeper.ts'
import { ignoreSignals, ownWords, processIo } from '../isolate/process-io.ts'
import { IsolateServer } from '../isolate/server/server.ts'
import { serverOptions } from '../isolate/server/options.ts'
import { isolateDoctor } from './isolate-doctor.ts'
import { stdout } from './output.ts'
import { packageVersion } from './version.ts'

export const summary = 'Take the place of isolate, the sandbox of programming contests.'

export const help = (): string => helpText()

/** The client passes the name by which it was called, which a script cannot know. */
const NAME = 'GLASSBOX_ISOLATE_NAME'
const FAULT = 2

function programName(): string {
  const given = process.env[NAME]
  if (given !== undefined) return given
  const [, path = ''] = process.argv
  return basename(path).includes('isolate') ? path : 'isolate'
}

export async function main(words: readonly string[]): Promise<number> {
  if (words[0]?.startsWith('--server')) return serve(words)
  const surroundings: Surroundings = {
    get version() {
      return packageVersion()
    },
    async keeper() {
      ignoreSignals()
      return createKeeper()
    },
  }
  const io = processIo(programName(), [NAME])
  if (words[0] === 'doctor') return isolateDoctor(words.slice(1), io, surroundings)
  // What is left of the keeper ends with this process: its inits see the end of their sockets.
  return isolate(ownWords(words), io, surroundings)
}

/** Serves until SIGTERM, SIGINT or SIGHUP. */
async function serve(words: readonly string[]): Promise<number> {
  try {
    const options = serverOptions(words)
    const server = new IsolateServer({ ...options, version: packageVersion(), keeper: createKeeper() })
    const ended = new Promise<void>(resolve => {
      for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.once(signal, () => resolve())
    })
    ignoreSignals()
    await server.open()
    stdout.write(`Listening at ${options.path}\n`)
    await ended
    await server.close()
    return 0
  } catch (error) {
    if (!(error instanceof GlassboxError)) throw error
    process.stderr.write(`${error.message}\n`)
    return FAULT
  }
}
