/**
 * The static programs that come with the package: `init`, PID 1 of every box, and `launcher`,
 * which becomes a traced command, and `stub`, in which guests of the kernel run. Each file is
 * opened once per thread and executed by its descriptor.
 */
import { openSync } from 'node:fs'
import { MissingFeatureError } from '../errors.ts'
import { INIT_PATH, LAUNCHER_PATH, STUB_PATH } from '../gate/addon.ts'
import { limitHint } from '../gate/errno-hint.ts'
import { asSystemError } from '../gate/gate.ts'
import { PLAN_SOCKET } from '../gate/generated/layouts.ts'
import { AT_EMPTY_PATH, O_CLOEXEC, O_PATH } from '../linux/constants.ts'
import { type PlanBuilder, stringArray, text } from '../plan/builder.ts'
import type { Slot } from '../plan/types.ts'

export type StaticProgram = 'init' | 'launcher' | 'stub'

const PATHS: Readonly<Record<StaticProgram, string>> = {
  init: INIT_PATH,
  launcher: LAUNCHER_PATH,
  stub: STUB_PATH,
}
const descriptors = new Map<StaticProgram, number>()

/**
 * A descriptor of the program's file, which stays open. Throws MissingFeatureError if the file
 * cannot be opened.
 */
export function programDescriptor(name: StaticProgram): number {
  const known = descriptors.get(name)
  if (known !== undefined) return known
  try {
    const descriptor = openSync(PATHS[name], O_PATH | O_CLOEXEC)
    descriptors.set(name, descriptor)
    return descriptor
  } catch (error) {
    const { errno = 0 } = error as NodeJS.ErrnoException
    if (limitHint(-errno) !== undefined) throw asSystemError(error)
    throw new MissingFeatureError(
      name,
      `glassbox's ${name} cannot be opened: ${PATHS[name]}: ${(error as Error).message}`,
      'Run "npm run build" in a checkout, or install the package again.',
      error,
    )
  }
}

/**
 * Adds the steps by which a child becomes the program. `socket` and `file` must be above all fixed
 * descriptor numbers. `place`: the number of the socket in the program, which is told to it.
 */
export function addProgramSteps(
  builder: PlanBuilder,
  name: StaticProgram,
  socket: Slot,
  file: Slot,
  place: number = PLAN_SOCKET,
): void {
  builder
    .call('dup3', [socket, place, 0], `give the ${name} its socket`)
    .call(
      'execveat',
      [file, text(''), stringArray([`glassbox-${name}`, String(place)]), stringArray([]), AT_EMPTY_PATH],
      `execute the ${name}`,
    )
}
