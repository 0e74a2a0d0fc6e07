/**
 * Calls of isolate in this process, with boxes, locks and a config file of their own. The streams
 * are files, so nothing of a call blocks, and the texts are as a caller would read them.
 */
import {
  chmodSync,
  statSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  closeSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { isolate } from '#glassbox/isolate/command.js'
import { createKeeper } from '#glassbox/isolate/keeper/keeper.js'
import type { CallIo, Ids } from '#glassbox/isolate/types.js'
import { cgroupsLeft } from './left.js'

export interface Ended {
  readonly code: number
  readonly out: string
  readonly err: string
  /** The lines of the file of `--meta`, if the call was made by `run`. */
  readonly meta: readonly string[]
  /** The same by key. */
  readonly values: Readonly<Record<string, string>>
  /** Without the statistics, whose numbers differ from run to run. */
  readonly verdict: readonly string[]
}

export interface Caller {
  readonly ids?: Ids
  readonly environment?: readonly string[]
  readonly cwd?: string
  readonly input?: string
  readonly programName?: string
  /** Called with the function that sends a signal to the keeper. */
  readonly onKeeper?: (send: (signal: number) => void) => void
  readonly streams?: readonly [number, number, number]
}

const STATISTICS = ['time', 'time-wall', 'max-rss', 'csw-voluntary', 'csw-forced', 'cg-mem']
const version = '0.0.0'
const ROOT: Ids = { uid: 0, gid: 0 }

/**
 * Boxes of one test file. Numbers are unique on the host, because names of groups are made of
 * them.
 */
export class IsolateHost {
  readonly directory: string = mkdtempSync(join(tmpdir(), 'glassbox-isolate-'))
  readonly boxRoot: string
  readonly config: string
  readonly keeper = createKeeper()
  readonly #first = process.pid * 64
  #next = 0
  #calls = 0

  /** `config`: further lines of the config file. */
  constructor(config = '') {
    this.boxRoot = join(this.directory, 'boxes')
    this.config = join(this.directory, 'config')
    // A caller who is not root has to reach the boxes.
    for (const directory of [tmpdir(), this.directory]) chmodSync(directory, statSync(directory).mode | 0o111)
    mkdirSync(join(this.directory, 'work'))
    writeFileSync(
      this.config,
      `box_root = ${this.boxRoot}\nlock_root = ${this.directory}/locks\ncg_root = auto:${this.directory}/none\n` +
        `first_uid = 100000\nfirst_gid = 100000\nnum_boxes = 2000000000\n${config}`,
    )
    after(async () => {
      await this.keeper.close()
      rmSync(this.directory, { recursive: true, force: true })
    })
  }

  /** A number that no other test uses. */
  newBox(): number {
    return this.#first + this.#next++
  }

  boxPath(id: number, ...names: readonly string[]): string {
    return join(this.boxRoot, String(id), ...names)
  }

  userOf(id: number): number {
    return 100_000 + id
  }

  groupsOf(id: number): string[] {
    return cgroupsLeft(new RegExp(`^box-${id}$`))
  }

  /** Makes a call. `meta` in the result is that of `work/meta` below the directory. */
  async call(words: readonly string[], caller: Caller = {}): Promise<Ended> {
    const call = this.#calls++
    const at = (name: string): string =>
      join(this.directory, 'work', name === 'meta' ? name : `${name}${call}`)
    writeFileSync(at('in'), caller.input ?? '')
    const opened = [openSync(at('in'), 'r'), openSync(at('out'), 'w+'), openSync(at('err'), 'w+')] as const
    const streams = caller.streams ?? opened
    rmSync(at('meta'), { force: true })
    const { environment = [], ids = ROOT } = caller
    const io: CallIo = {
      programName: caller.programName ?? 'isolate',
      cwd: caller.cwd ?? this.directory,
      environment: [`GLASSBOX_ISOLATE_CONFIG=${this.config}`, ...environment],
      ...{ ids, effectiveUid: 0, umask: 0o022, streams, hasOwnDescriptors: false, failed: false },
      out: text => void writeSync(opened[1], text),
      err: text => void writeSync(opened[2], text),
      onSignal(listener) {
        caller.onKeeper?.(listener)
        return () => {}
      },
    }
    try {
      const code = await isolate(words, io, { version, keeper: async () => this.keeper })
      return {
        code,
        out: readFileSync(at('out'), 'utf8'),
        err: readFileSync(at('err'), 'utf8'),
        ...metaOf(at('meta')),
      }
    } finally {
      for (const fd of opened) closeSync(fd)
      for (const name of ['in', 'out', 'err']) rmSync(at(name))
    }
  }

  /** The option that has the meta file written where the results of calls look for it. */
  get meta(): string {
    return `--meta=${this.directory}/work/meta`
  }

  /** Makes a box. `options` are those of all its commands. */
  async box(...options: readonly string[]): Promise<TestBox> {
    const id = this.newBox()
    const made = await this.call([`--box-id=${id}`, ...options, '--init'])
    if (made.code !== 0) throw new Error(`--init failed: ${made.err}`)
    return new TestBox(this, id, options)
  }
}

export class TestBox {
  readonly host: IsolateHost
  readonly id: number
  readonly #options: readonly string[]

  constructor(host: IsolateHost, id: number, options: readonly string[]) {
    this.host = host
    this.id = id
    this.#options = options
  }

  path(...names: readonly string[]): string {
    return this.host.boxPath(this.id, 'box', ...names)
  }

  /** Runs a program. */
  run(options: readonly string[], argv: readonly string[], caller?: Caller): Promise<Ended> {
    const { id, host } = this
    return host.call(
      [`--box-id=${id}`, ...this.#options, host.meta, ...options, '--run', '--', ...argv],
      caller,
    )
  }

  /** Runs a shell script, with as many processes as it likes. */
  sh(script: string, options: readonly string[] = [], caller?: Caller): Promise<Ended> {
    return this.run(
      ['--processes', '--env=PATH=/usr/bin:/bin', ...options],
      ['/bin/sh', '-c', script],
      caller,
    )
  }

  cleanup(): Promise<Ended> {
    return this.host.call([`--box-id=${this.id}`, ...this.#options, '--cleanup'])
  }
}

function metaOf(path: string): Pick<Ended, 'meta' | 'values' | 'verdict'> {
  let text = ''
  try {
    text = readFileSync(path, 'utf8')
  } catch {
    // The call had no such option.
  }
  const meta = text.split('\n').filter(line => line !== '')
  const pairs = meta.map(line => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)])
  const verdict = meta.filter(line => !STATISTICS.includes(line.slice(0, line.indexOf(':'))))
  return { meta, verdict, values: Object.fromEntries(pairs) }
}
