/**
 * A keeper that starts nothing: the program's words say what its run does. For tests of what is
 * around a keeper: the command, the server and its client.
 */
import { writeSync } from 'node:fs'
import {
  IsolateError,
  type CallIo,
  type IsolateCall,
  type Keeper,
  type RunEnd,
  type RunOutcome,
  type RunStatistics,
} from '#glassbox/isolate/types.js'

export const STATISTICS: RunStatistics = {
  ...{ cpuMs: 1, wallMs: 2, maxRssKiB: 3, voluntarySwitches: 4, forcedSwitches: 5 },
  ...{ cgMemKiB: undefined, oomKilled: false },
}

export class ScriptedKeeper implements Keeper {
  /** Every call, in order. */
  readonly calls: IsolateCall[] = []
  prepared = 0
  closed = false
  /** Runs that have begun and have not ended. */
  running = 0

  #note(call: IsolateCall): void {
    this.calls.push(call)
  }

  async init(call: IsolateCall): Promise<string> {
    this.#note(call)
    if (call.boxId === 13)
      throw new IsolateError('internal', 'This box is currently in use by another process')
    return `/boxes/${call.boxId === 'auto' ? 7 : call.boxId}`
  }

  async cleanup(call: IsolateCall): Promise<void> {
    this.#note(call)
  }

  async cgRoot(): Promise<string> {
    return '/sys/fs/cgroup/boxes'
  }

  async plan(): Promise<string> {
    return 'the plan\n'
  }

  async prepare(count: number): Promise<void> {
    this.prepared += count
  }

  async close(): Promise<void> {
    this.closed = true
  }

  async run(call: IsolateCall, _: unknown, io: CallIo): Promise<RunOutcome> {
    this.#note(call)
    this.running++
    try {
      return { end: await this.#script(call.program.argv, io), statistics: STATISTICS }
    } finally {
      this.running--
    }
  }

  async #script([what = '', value = '']: readonly string[], io: CallIo): Promise<RunEnd> {
    switch (what) {
      case 'exit':
        return { cause: 'exit', code: Number(value) }
      case 'facts': {
        const { programName, environment, ids, umask, hasOwnDescriptors } = io
        writeSync(io.streams[1], JSON.stringify({ programName, environment, ids, umask, hasOwnDescriptors }))
        return { cause: 'exit', code: 0 }
      }
      case 'say':
        io.out('x'.repeat(Number(value)))
        return { cause: 'exit', code: 0 }
      case 'wait': {
        writeSync(io.streams[1], 'waiting\n')
        const signal = await new Promise<number>(resolve => io.onSignal(resolve))
        return { cause: 'interrupted', signal }
      }
      default:
        return { cause: 'internal', message: `Cannot run ${what}`, killed: false }
    }
  }
}
