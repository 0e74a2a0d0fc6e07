/** Calls that change the machine, or look into others: no guest may, not even its root. */
import { EPERM } from '../../../linux/errno-numbers.ts'
import type { Family } from '../family.ts'
import { family } from './family.ts'
import type { PartHandler } from './family.ts'

const PARTLY = 'it is refused (EPERM)'

/** Names of the table of calls. */
const NAMES: readonly string[] = [
  ...['ptrace', 'reboot', 'kexec_load', 'kexec_file_load', 'init_module', 'finit_module'],
  ...['delete_module', 'swapon', 'swapoff', 'acct', 'iopl', 'ioperm', 'vhangup', 'quotactl'],
  ...['quotactl_fd', 'bpf', 'perf_event_open', 'userfaultfd', 'open_by_handle_at'],
]

const refused: PartHandler = { handler: () => -EPERM, partly: PARTLY }

export const REFUSED: Family = family(Object.fromEntries(NAMES.map(name => [name, refused])))
