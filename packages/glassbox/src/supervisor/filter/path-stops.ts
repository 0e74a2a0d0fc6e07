/**
 * Which calls that name files must stop in the tracer, so that it judges their paths. In the tier
 * `silent` these are only the calls that change files and that Landlock does not cover.
 */
import { AF_UNIX, SOCK_SEQPACKET, SOCK_STREAM } from '../../linux/constants.ts'
import { ERRNO } from '../../linux/errno.ts'
import { is, refuse } from '../../seccomp/conditions.ts'
import type { Condition } from '../../seccomp/policy.ts'
import { CALL_CLASSES, type CallClass } from '../paths/call-classes.ts'
import type { Entry, Outcome } from './chain.ts'

export interface PathTerms {
  readonly tier: 'silent' | 'named'
  /** Whether the attributes of every file may be asked for. */
  readonly statAll: boolean
}

const JUDGE: Outcome = { stop: { kind: 'paths' } }
const REFUSE: Outcome = { kernel: refuse(ERRNO.EACCES) }
/** The flags of a socket are above its type. */
const SOCK_TYPE_MASK = 0xfn

const isNotType = (type: number): Condition => ({
  arg: 1,
  op: 'masked-ne',
  mask: SOCK_TYPE_MASK,
  value: BigInt(type),
  width: 32,
})

/**
 * With a socket of this family a program reaches the servers of the host by the names of their
 * files. A pair of streams is connected for good, but a datagram socket can send to any name, and
 * SOCK_RAW makes one too.
 */
const SOCKETS: Readonly<Record<string, readonly Condition[]>> = {
  socket: [is(0, AF_UNIX)],
  socketpair: [is(0, AF_UNIX), isNotType(SOCK_STREAM), isNotType(SOCK_SEQPACKET)],
}

function mustStop({ maker, use }: CallClass, { tier, statAll }: PathTerms): boolean {
  if (use === 'stat') return !statAll
  return tier === 'named' || maker !== 'kernel'
}

/** The stop of an allowed call by rules about paths; undefined if there is none. */
export function pathStop(name: string, terms: PathTerms): Entry | undefined {
  const row = CALL_CLASSES.get(name)
  if (!row || !mustStop(row, terms)) return undefined
  const when = SOCKETS[name] ?? []
  // It is denied in any case, so in the silent tier no stop is needed.
  const refused = row.maker === 'nobody' && terms.tier === 'silent'
  return { when, outcome: refused ? REFUSE : JUDGE }
}
