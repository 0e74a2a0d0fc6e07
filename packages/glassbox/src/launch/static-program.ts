/** The file of init, opened once for the life of the process: executed by descriptor, so its name is looked up once. */
import { openSync } from 'node:fs'
import { MissingFeatureError } from '../errors.ts'
import { INIT_PATH } from '../gate/addon.ts'
import { O_CLOEXEC, O_PATH } from '../linux/constants.ts'

let descriptor: number | undefined

export function initDescriptor(): number {
  try {
    descriptor ??= openSync(INIT_PATH, O_PATH | O_CLOEXEC)
    return descriptor
  } catch (error) {
    throw new MissingFeatureError(
      'init',
      `glassbox's init cannot be opened: ${INIT_PATH}.`,
      'Run "npm run build" in a checkout, or install the package again.',
      error,
    )
  }
}
