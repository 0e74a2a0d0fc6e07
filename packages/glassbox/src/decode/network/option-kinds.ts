/**
 * The kinds of the values of socket options that are more than numbers or bytes, by the notation
 * that options.ts has for them. The length of the value is the last argument of the call.
 */
import { kinds } from '../../linux/generated/kinds.ts'
import { isStructName } from '../../linux/schema/layouts.ts'
import type { Kind, Length, Noted, Way } from '../../linux/schema/kinds.ts'
import { optionNotation } from './options.ts'

const LENGTH_ARGUMENT = 4

const lengthOf = (way: Way): Length =>
  way === 'out'
    ? { by: 'cell', argument: LENGTH_ARGUMENT }
    : { by: 'argument', argument: LENGTH_ARGUMENT, bits: 32, signed: true }

const struct = (name: string, way: Way): Kind | undefined =>
  isStructName(name) ? { type: 'pointer', way, to: { type: 'struct', name }, size: lengthOf(way) } : undefined

/** The kinds of words that are options, by what follows `intoption`. */
const NUMBERS: Readonly<Record<string, Kind>> = {
  sockerror: { type: 'word', bits: 32, word: 'socket_error' },
  '=txrehash': { type: 'enum', bits: 32, set: 'txrehash' },
}

const FORMS: Readonly<Record<string, (way: Way, operand: string) => Kind | undefined>> = {
  sockvalue: (way, operand) => struct(operand.replace('!', ''), way),
  mreq6: way => struct('ipv6_mreq', way),
  groupreq: way => struct('group_req', way),
  packetmreq: way => struct('packet_mreq', way),
  // The kernel gives instructions, and says how many.
  filteroption: way =>
    way === 'out'
      ? { type: 'array', way, of: { type: 'struct', name: 'sock_filter' }, count: lengthOf(way) }
      : struct('sock_fprog', way),
  icmpfilter: way => ({ type: 'pointer', way, to: { ...kinds().hex32 }, size: lengthOf(way) }),
  memberships: way => ({
    type: 'array',
    way,
    of: kinds().uint,
    count: { by: 'cell', argument: LENGTH_ARGUMENT, bytes: true },
  }),
  intoption: (way, operand) => {
    const to = NUMBERS[operand]
    return to && { type: 'pointer', way, to }
  },
}

const made = new Map<string, Noted>()

function make(notation: string, own: Kind): Noted {
  const [, letters = '', direction, operand = ''] = /^([a-z]+\d?)([<>])(.*)$/.exec(notation) ?? []
  return { ...(FORMS[letters]?.(direction === '>' ? 'out' : 'in', operand) ?? own), notation }
}

/**
 * The kind of the value; `undefined` if the table of calls says enough. `own`: the kind of bytes
 * that the table has.
 */
export function optionKind(isSet: boolean, level: number, name: number, own: Kind): Noted | undefined {
  const notation = optionNotation(isSet, level, name)
  if (notation === undefined) return undefined
  let kind = made.get(notation)
  if (!kind) {
    kind = make(notation, own)
    made.set(notation, kind)
  }
  return kind
}
