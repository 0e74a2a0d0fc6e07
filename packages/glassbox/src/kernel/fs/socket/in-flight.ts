/**
 * Files that were sent in messages and not received: SCM_RIGHTS. No descriptor counts them, and a
 * socket can be in its own queue, where nothing refers to it any more. So they are limited, and
 * at the end of the world those that are left are closed.
 */
import { dropReference } from '../descriptor-table.ts'
import type { OpenFile } from '../vfs.ts'

/** A message as far as its files are concerned. Each is one reference of the message's own. */
export interface Carrier {
  files: readonly OpenFile[]
}

const carriers = new Set<Carrier>()
let count = 0

/** How many files are in flight. */
export const filesInFlight = (): number => count

/** The message was sent. */
export function carry(message: Carrier): void {
  if (message.files.length === 0) return
  carriers.add(message)
  count += message.files.length
}

/** Takes the files out of a message; the caller has their references now. */
export function unload(message: Carrier): readonly OpenFile[] {
  const { files } = message
  if (!carriers.delete(message)) return files
  message.files = []
  count -= files.length
  return files
}

/** Closes what came with a message and is not wanted. */
export function closeFiles(message: Carrier): void {
  for (const file of unload(message)) dropReference(file)
}

/** The world has ended: nothing will receive what is left. */
export function closeAllInFlight(): void {
  // A file that is closed may be a socket with messages of its own.
  while (carriers.size > 0) for (const message of [...carriers]) closeFiles(message)
}
