/** Whether this process may do what only root can. */
import { isPrivileged } from '#glassbox/container/identity.js'

/** For `skip`: the reason, or false. */
export const privileged: string | false =
  process.geteuid?.() === 0 && isPrivileged() ? false : 'needs root, and the right to make namespaces'
