/**
 * The signals that wait in queues, by the user of the processes that they wait for:
 * RLIMIT_SIGPENDING. A POSIX timer counts as one for life, since its signal must have a place.
 */
import { RLIMIT_SIGPENDING } from '../../../linux/constants.ts'
import type { ResourceLimit } from '../types.ts'

/** No more for a user, whatever the limit: they are memory of the kernel. */
const MOST = 31_000

/** The signals of one user. Who queues one adds it, who takes it out takes it away. */
export class SignalAccount {
  queued = 0
}

export class SignalAccounts {
  readonly #byUser = new Map<number, SignalAccount>()

  /** The account of a user; one without signals need not be kept. */
  of(uid: number): SignalAccount {
    const known = this.#byUser.get(uid)
    if (known !== undefined) return known
    for (const [other, { queued }] of this.#byUser) if (queued === 0) this.#byUser.delete(other)
    const made = new SignalAccount()
    this.#byUser.set(uid, made)
    return made
  }
}

/** What is asked of the process that a signal is for. */
interface Receiver {
  readonly world: { readonly signalAccounts: SignalAccounts }
  readonly leader: { readonly credentials: { readonly uid: number } } | undefined
  readonly lastUid: number
  readonly limits: readonly ResourceLimit[]
}

/** The account that a signal for this process is added to. */
export const accountOf = ({ world, leader, lastUid }: Receiver): SignalAccount =>
  world.signalAccounts.of(leader?.credentials.uid ?? lastUid)

/** How many signals may wait in it. */
export const mostSignals = ({ limits }: Receiver): number =>
  Math.min(MOST, limits[RLIMIT_SIGPENDING]?.soft ?? MOST)
