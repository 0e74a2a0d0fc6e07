/** Calls that change mounts: guests have no privilege for any of them. */
import { EOPNOTSUPP, EPERM } from '../../../linux/errno-numbers.ts'
import type { Family } from '../family.ts'

const refused = (): number => -EPERM

export const mount: Family = {
  mount: refused,
  umount2: refused,
  pivot_root: refused,
  open_tree: refused,
  move_mount: refused,
  fsopen: refused,
  fsconfig: refused,
  fsmount: refused,
  fspick: refused,
  mount_setattr: refused,
  fanotify_init: refused,
  name_to_handle_at: () => -EOPNOTSUPP,
}
