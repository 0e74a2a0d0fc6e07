/** Traces of test/programs/traced.c, and what tests ask of their events. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { trace, type TraceEnd, type TraceEvent, type TraceOptions } from '#glassbox/index.js'
import { program } from '../../support/programs.js'
import { temporaryDirectory } from '../../support/temporary.js'

export interface Traced {
  readonly events: readonly TraceEvent[]
  readonly end: TraceEnd
}

/** Reads a whole trace. */
export async function read(running: ReturnType<typeof trace>): Promise<Traced> {
  const events: TraceEvent[] = []
  for await (const event of running) events.push(event)
  return { events, end: await running }
}

/** A case of traced.c from its start to its end. */
export const traceCase = (args: readonly string[], options: TraceOptions = {}): Promise<Traced> =>
  read(trace({ program: program('traced'), args }, options))

export interface Output {
  readonly end: TraceEnd
  readonly out: string
  readonly pid: number
}

/** A case of traced.c, and what it printed. No events but what is read of it. */
export async function output(
  context: TestContext,
  args: readonly string[],
  options: TraceOptions = {},
  onMessage: (message: unknown) => void = () => {},
): Promise<Output> {
  const path = join(temporaryDirectory(context), 'out')
  const fd = openSync(path, 'w')
  try {
    const command = { program: program('traced'), args, stdio: [0, fd, 2] } as const
    const running = trace(command, { events: 'none', ...options })
    running.onMessage(onMessage)
    const pid = await running.pid
    const end = await running
    return { end, out: readFileSync(path, 'utf8'), pid }
  } finally {
    closeSync(fd)
  }
}

export type Of<Type extends TraceEvent['type']> = Extract<TraceEvent, { type: Type }>

export const ofType = <Type extends TraceEvent['type']>(
  events: readonly TraceEvent[],
  type: Type,
): Of<Type>[] => events.filter((event): event is Of<Type> => event.type === type)

/** Entries and exits of each thread take turns; only the last entry may have no exit. */
export function assertPaired(events: readonly TraceEvent[]): void {
  const open = new Map<number, number>()
  for (const event of events) {
    if (event.type === 'syscall-enter') {
      assert.ok(!open.has(event.tid), `${event.tid} enters ${event.name} while in a call`)
      open.set(event.tid, event.nr)
    } else if (event.type === 'syscall-exit') {
      assert.equal(open.get(event.tid), event.nr, `${event.tid} leaves ${event.name}, which it entered`)
      open.delete(event.tid)
    } else if (event.type === 'exec' && event.formerTid !== event.tid) {
      const moved = open.get(event.formerTid)
      open.delete(event.formerTid)
      if (moved !== undefined) open.set(event.tid, moved)
    } else if (event.type === 'exit' || event.type === 'killed') open.delete(event.tid)
  }
}

/** A process that is no child of this one; it ends with `kill`, or of itself. */
export function background(words: readonly string[]): number {
  const script = '"$@" </dev/null >/dev/null 2>&1 & echo $!'
  return Number(execFileSync('sh', ['-c', script, 'sh', ...words], { encoding: 'utf8' }))
}

/** The state letter of a process, or nothing where it is gone. */
export function state(pid: number): string | undefined {
  try {
    return /^State:\s*(\S)/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1]
  } catch {
    return undefined
  }
}

export const isAlive = (pid: number): boolean => {
  const letter = state(pid)
  return letter !== undefined && letter !== 'Z' && letter !== 'X'
}

/** Waits for something that comes soon on any machine; fails where it does not. */
export async function until(condition: () => boolean, what: string): Promise<void> {
  for (let tries = 0; tries < 1000; tries++) {
    if (condition()) return
    await new Promise(resolve => setTimeout(resolve, 10))
  }
  assert.fail(`it did not come: ${what}`)
}

export const handlersModule = (name: string): URL => new URL(`./${name}.js`, import.meta.url)
