/**
 * Makes and removes the directory of a box. Removing resolves every name beneath the directory of
 * all boxes, follows no link, and stops at a mount. No depth and no permission in the box stops
 * it.
 */
import { chmodSync, chownSync, lstatSync, mkdirSync, openSync } from 'node:fs'
import { close } from '../../../gate/descriptors.ts'
import { O_CLOEXEC, O_DIRECTORY, O_RDONLY } from '../../../linux/constants.ts'
import { ERRNO } from '../../../linux/errno.ts'
import { BENEATH_ON_ONE_MOUNT } from '../../../stdio/files/beneath.ts'
import { Pace } from '../../../stdio/files/pace.ts'
import { removeTree } from '../../../stdio/files/remove.ts'
import { type Ids, IsolateError } from '../../types.ts'
import type { BoxPaths } from './paths.ts'
import { attempt, attemptAsync } from '../complaint.ts'

export const MODE = { top: 0o755, box: 0o700, root: 0o750, store: 0o700 } as const

const isThere = (path: string): boolean => lstatSync(path, { throwIfNoEntry: false }) !== undefined

/** Whether the box was made, as 1.x sees it, which has no lock files. */
export const hasBox = ({ box }: BoxPaths): boolean => isThere(box)

/** Makes the empty box. The directory of the box must not exist. */
export function makeBoxDirectory({ top, box }: BoxPaths, owner: Ids): void {
  attempt(`create box directory ${top}`, () => {
    mkdirSync(top, { recursive: true, mode: MODE.top })
    chmodSync(top, MODE.top)
  })
  attempt(`create box directory ${box}`, () => {
    mkdirSync(box, { mode: MODE.box })
    chownSync(box, owner.uid, owner.gid)
  })
}

/** Makes what a run needs beside `box`: the place of its root, and the stores of tmp rules. */
export function makeRunDirectories({ root, stores, ids }: BoxPaths, names: readonly string[]): void {
  makeOnce(root, MODE.root)
  if (names.length === 0) return
  makeOnce(stores, MODE.top)
  for (const name of names) {
    const store = `${stores}/${name}`
    if (makeOnce(store, MODE.store)) attempt(`chown ${store}`, () => chownSync(store, ids.uid, ids.gid))
  }
}

/** Returns false if the directory exists. */
function makeOnce(path: string, mode: number): boolean {
  return attempt(`create ${path}`, () => {
    try {
      mkdirSync(path, { mode })
      chmodSync(path, mode)
      return true
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
      throw error
    }
  })
}

/** Removes the box with all that its caller and its programs left in it. */
export async function removeBoxDirectory({ top }: BoxPaths): Promise<void> {
  if (!isThere(top)) return
  const at = top.lastIndexOf('/')
  const parent = attempt(`open ${top.slice(0, at)}`, () =>
    openSync(top.slice(0, at) || '/', O_RDONLY | O_DIRECTORY | O_CLOEXEC),
  )
  try {
    await attemptAsync(`remove ${top}`, async () => {
      try {
        await removeTree(parent, top.slice(at + 1), BENEATH_ON_ONE_MOUNT, new Pace())
      } catch (error) {
        throw isMount(error) ? new IsolateError('internal', `Unexpected mountpoint: ${nameIn(error)}`) : error
      }
    })
  } finally {
    close(parent)
  }
}

const MOUNT_ERRORS: readonly (number | undefined)[] = [ERRNO.EXDEV, ERRNO.EBUSY]
const isMount = (error: unknown): boolean => MOUNT_ERRORS.includes((error as NodeJS.ErrnoException).errno)
const nameIn = (error: unknown): string => (error as NodeJS.ErrnoException).path ?? ''
