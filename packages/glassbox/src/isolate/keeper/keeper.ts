/** The keeper: makes, uses and removes boxes. See `Keeper` in types.ts for what it promises. */
import {
  type CallIo,
  type Ids,
  IsolateError,
  type IsolateCall,
  type IsolateConfig,
  type Keeper,
  type RunOutcome,
} from '../types.ts'
import { hasBox, makeBoxDirectory, makeRunDirectories, removeBoxDirectory } from './box/directory.ts'
import { type BoxPaths, boxPaths } from './box/paths.ts'
import { Boxes } from './boxes.ts'
import { asIsolateError } from './complaint.ts'
import { boxGroup, type BoxGroup, groupRoot } from './groups.ts'
import { makeGroup, removeGroup } from './host-group.ts'
import { inheritedDescriptors } from './inherited.ts'
import { endBy, Interruptions } from './interruptions.ts'
import { BoxLock, type BoxState } from './box/lock.ts'
import { giveBox } from './box/ownership.ts'
import { setQuota } from './box/quota.ts'
import { faultOf, Run } from './run.ts'
import { describeRule } from './plans/root-plan.ts'
import { runPlans } from './plans/run-plans.ts'
import { nothingUsed } from './statistics.ts'
import { tell } from './tell.ts'
import { takeTerminal } from './terminal.ts'

export const createKeeper = (): Keeper => new HostKeeper()

const refuse = (message: string): IsolateError => new IsolateError('internal', message)

const ownerOf = ({ as }: IsolateCall, { ids }: CallIo): Ids => as ?? ids

/** Root may use any box. Dialect 1 has no owners. */
function checkOwner(call: IsolateCall, io: CallIo, state: BoxState): void {
  if (call.dialect === '1' || ownerOf(call, io).uid === state.owner || io.ids.uid === 0) return
  throw refuse(`This box belongs to a different user (uid ${state.owner})`)
}

function checkMode(call: IsolateCall, state: BoxState): void {
  if (call.dialect === '1' || state.cg === call.cg) return
  throw refuse('This box was initialized with an incompatible control group mode')
}

/** Does `work`, and makes an IsolateError of every error. */
async function orRefuse<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw asIsolateError(error)
  }
}

/** The group of a box, if it has one. */
const groupOf = (config: IsolateConfig, id: number, cg: boolean): BoxGroup | undefined =>
  cg ? boxGroup(groupRoot(config), id, config.boxes.get(id)) : undefined

class HostKeeper implements Keeper {
  readonly #boxes = new Boxes()
  readonly #running = new Set<Promise<unknown>>()

  init(call: IsolateCall, config: IsolateConfig, io: CallIo): Promise<string> {
    return orRefuse(async () => {
      if (config.restrictedInit && io.ids.uid !== 0)
        throw refuse('New boxes can be initialized only by root on this host')
      const { lock, paths } = await lockForInit(call, config)
      try {
        await initialize(call, config, io, lock, paths)
        return paths.top
      } finally {
        lock.release()
      }
    })
  }

  cleanup(call: IsolateCall, config: IsolateConfig, io: CallIo): Promise<void> {
    return orRefuse(async () => {
      const paths = boxPaths(config, Number(call.boxId))
      const isOld = call.dialect === '1'
      const lock = await BoxLock.take({ path: paths.lock, create: isOld && hasBox(paths), wait: call.wait })
      if (!lock) return
      try {
        const state = lock.read()
        if (!state && !isOld) return
        if (state) checkOwner(call, io, state)
        // In either mode: some callers clean up without --cg.
        const group = groupOf(config, paths.id, state?.cg ?? call.cg)
        tell(call, io, `Removing box directory ${paths.top}`)
        await removeBoxDirectory(paths)
        if (group) await removeGroup(group.cgroup)
        lock.clear()
      } finally {
        lock.release()
      }
    })
  }

  cgRoot(config: IsolateConfig): Promise<string> {
    return orRefuse(async () => groupRoot(config).path)
  }

  run(call: IsolateCall, config: IsolateConfig, io: CallIo): Promise<RunOutcome> {
    const outcome = orRefuse(() => this.#run(call, config, io))
    this.#running.add(outcome)
    return this.#untilDone(outcome)
  }

  async #untilDone<T>(outcome: Promise<T>): Promise<T> {
    try {
      return await outcome
    } finally {
      this.#running.delete(outcome)
    }
  }

  async #run(call: IsolateCall, config: IsolateConfig, io: CallIo): Promise<RunOutcome> {
    const paths = boxPaths(config, Number(call.boxId))
    const interruptions = new Interruptions(io)
    try {
      const lock = await lockForRun(call, io, paths, interruptions)
      try {
        return await this.#runLocked(call, config, io, { paths, lock: lock.descriptor, interruptions })
      } finally {
        lock.release()
      }
    } catch (error) {
      const { signal } = interruptions
      if (signal === undefined) throw error
      return { end: endBy(signal), statistics: nothingUsed(call.cg) }
    } finally {
      interruptions.stop()
    }
  }

  async #runLocked(
    call: IsolateCall,
    config: IsolateConfig,
    io: CallIo,
    held: { readonly paths: BoxPaths; readonly lock: number; readonly interruptions: Interruptions },
  ): Promise<RunOutcome> {
    const { paths, lock, interruptions } = held
    const { specialFiles, shareNet, inheritFds, ttyHack } = call.program
    const keep = { keepSpecialFiles: specialFiles }
    const inherited = inheritFds && io.hasOwnDescriptors ? inheritedDescriptors([lock]) : []
    const plans = runPlans(call, config, io, inherited)
    for (const rule of plans.rules) tell(call, io, `Mounting ${describeRule(rule, paths)}`)
    makeRunDirectories(paths, plans.stores)
    const container = await this.#boxes.take(!shareNet)
    tell(call, io, `Started proxy_pid=${container.pid} box_uid=${paths.ids.uid} box_gid=${paths.ids.gid}`)
    const run = new Run(container, { call, io, plans, inherited, interruptions, lock })
    const given = giveBox(paths.box, { owner: paths.ids, ...keep })
    given.catch(() => {}) // awaited by the run
    const outcome = await run.outcome(given)
    if (run.isOver) this.#boxes.discard(container)
    else await container.close()
    if (ttyHack) takeTerminal(io.streams[1])
    try {
      await giveBox(paths.box, { owner: ownerOf(call, io), ...keep })
      return outcome
    } catch (error) {
      return { end: faultOf(error), statistics: outcome.statistics }
    }
  }

  async plan(call: IsolateCall, config: IsolateConfig, io: CallIo): Promise<string> {
    const { planText } = await import('./plans/plan-text.ts')
    return orRefuse(async () => planText(call, config, io))
  }

  prepare(count: number): Promise<void> {
    return orRefuse(() => this.#boxes.prepare(count))
  }

  async close(): Promise<void> {
    await Promise.allSettled(this.#running)
    await this.#boxes.close()
  }
}

async function lockForRun(
  call: IsolateCall,
  io: CallIo,
  paths: BoxPaths,
  interruptions: Interruptions,
): Promise<BoxLock> {
  const isOld = call.dialect === '1'
  const missing = refuse(`${isOld ? 'Box directory' : 'Box'} not found, did you run \`isolate --init'?`)
  if (isOld && !hasBox(paths)) throw missing
  const lock = await BoxLock.take({
    path: paths.lock,
    create: isOld,
    wait: call.wait,
    stopped: () => interruptions.signal !== undefined,
  })
  if (!lock) throw missing
  try {
    const state = lock.read()
    if (!state && !isOld) throw missing
    if (state) {
      checkOwner(call, io, state)
      checkMode(call, state)
      if (!state.initialized) throw refuse('This box was not initialized properly')
    }
    if (!hasBox(paths)) throw missing
    return lock
  } catch (error) {
    lock.release()
    throw error
  }
}

interface LockedBox {
  readonly lock: BoxLock
  readonly paths: BoxPaths
}

async function lockForInit(call: IsolateCall, config: IsolateConfig): Promise<LockedBox> {
  if (call.boxId === 'auto') return lockFreeBox(config)
  const paths = boxPaths(config, call.boxId)
  const lock = await BoxLock.take({ path: paths.lock, create: true, wait: call.wait })
  if (!lock) throw refuse('The lock file of the box was removed') // it was made just now
  return { lock, paths }
}

/** The first box that is neither initialised nor in use. */
async function lockFreeBox(config: IsolateConfig): Promise<LockedBox> {
  for (let id = 0; id < config.numBoxes; id++) {
    const paths = boxPaths(config, id)
    const lock = await BoxLock.take({ path: paths.lock, create: true, wait: false }).catch(() => undefined)
    if (!lock) continue
    if (isFree(lock) && !hasBox(paths)) return { lock, paths }
    lock.release()
  }
  throw refuse(`All boxes are in use (0-${config.numBoxes - 1})`)
}

function isFree(lock: BoxLock): boolean {
  try {
    return lock.read() === undefined
  } catch {
    return false // the file of another program
  }
}

async function initialize(
  call: IsolateCall,
  config: IsolateConfig,
  io: CallIo,
  lock: BoxLock,
  paths: BoxPaths,
): Promise<void> {
  const state = lock.read()
  if (state) {
    checkOwner(call, io, state)
    checkMode(call, state)
  }
  if (call.dialect === '1' && hasBox(paths))
    throw refuse(`Box already exists, run \`isolate ${call.cg ? '--cg ' : ''}--cleanup' first`)
  const owner = ownerOf(call, io)
  const made = { owner: owner.uid, cg: call.cg }
  const group = groupOf(config, paths.id, call.cg)
  tell(call, io, `Preparing box directory ${paths.top}`)
  lock.write({ ...made, initialized: false })
  await removeBoxDirectory(paths)
  if (group) await removeGroup(group.cgroup)
  makeBoxDirectory(paths, owner)
  if (group) makeGroup(group)
  if (call.quota) setQuota(paths, call.quota)
  lock.write({ ...made, initialized: true })
}
