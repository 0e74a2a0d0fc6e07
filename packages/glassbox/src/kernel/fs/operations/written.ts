/** What a write does to a file beside its bytes. */
import { S_ISGID, S_ISUID } from '../../../linux/constants.ts'
import { withoutSetIds } from '../permissions.ts'
import type { Credentials, OpenFile } from '../vfs.ts'

/** Somebody without privilege has written: the file's set-id bits go. */
export function afterWrite(file: OpenFile, credentials: Credentials): void {
  if (file.inode.mappable === undefined || credentials.privileged) return
  const { mode } = file.attributes()
  if ((mode & (S_ISUID | S_ISGID)) !== 0) file.inode.change({ mode: withoutSetIds(mode) })
}
