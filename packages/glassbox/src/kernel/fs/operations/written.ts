/** What a write does to a file beside its bytes. */
import { IN_MODIFY, S_ISGID, S_ISUID } from '../../../linux/constants.ts'
import { tellFile } from '../notify/watches.ts'
import { withoutSetIds } from '../permissions.ts'
import type { Credentials, OpenFile } from '../vfs.ts'

/** Somebody without privilege has written: the file's set-id bits go. */
export function afterWrite(file: OpenFile, credentials: Credentials): void {
  tellFile(file, IN_MODIFY)
  if (file.inode.mappable === undefined || credentials.privileged) return
  const { mode } = file.attributes()
  if ((mode & (S_ISUID | S_ISGID)) !== 0) file.inode.change({ mode: withoutSetIds(mode) })
}
