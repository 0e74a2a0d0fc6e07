/**
 * Compiles the line of a call to a program: literals, numbers, quoted strings, and names that the
 * decoder fills in when a value is first seen. A kind without a step here has no program; its
 * calls are printed by the decoder. Structs have steps of their own in struct-steps.ts. Pure.
 */
import { kindOf } from '../kinds.ts'
import type { LineStep, LineStyle } from './plan.ts'
import { type Place, structOf, text, valueStep } from './struct-steps.ts'

const PATH_MAX = 4096
/** UIO_MAXIOV: the kernel takes no more. */
const MOST_VECTORS = 1024
const SET_BYTES = 8
const GIVE_UP: LineStep = { step: 'giveUp' }

/** A pointer to something of this size. */
function pointer(
  { argument, late, kind }: Place,
  size: number,
  inside: readonly LineStep[] | undefined,
): readonly LineStep[] | undefined {
  return inside && [{ step: 'pointer', argument, size, late, out: kind.includes('>'), inside }]
}

type Compile = (place: Place, operand: string, direction: string) => readonly LineStep[] | undefined

const COMPILE: Readonly<Record<string, Compile>> = {
  path: ({ argument, late, style: { strings: style } }, _, direction) =>
    direction === '' ? [{ step: 'string', argument, most: PATH_MAX - 1, late, style }] : undefined,
  string: ({ argument, late, style: { limit, strings: style } }, _, direction) =>
    direction === '' ? [{ step: 'string', argument, most: limit, late, style }] : undefined,
  buf: (place, operand, direction) => {
    const { argument, late, style } = place
    const length = Number(operand)
    const byResult = direction === '>'
    return pointer(place, 0, [
      { step: 'bytes', argument, length, most: style.limit, late, byResult, style: style.strings },
    ])
  },
  within: (place, operand, direction) => COMPILE['buf']?.(place, operand, direction),
  // In hexadecimal, and without the byte behind the last one.
  bytes: (place, operand, direction) => {
    const { argument, late, style } = place
    const length = Number(operand)
    return pointer(place, 0, [
      { step: 'bytes', argument, length, most: style.limit, late, byResult: direction === '>', style: 'all' },
    ])
  },
  // send(2) and recv(2) have none.
  sockaddr: (place, _, direction) => (direction === '<' ? pointer(place, 0, [GIVE_UP]) : undefined),
  // Of an address that is absent, the length is an address.
  length: ({ argument }, operand) =>
    operand === ''
      ? undefined
      : [
          { step: 'optional', source: { argument: Number(operand) }, mask: 0, inside: [GIVE_UP] },
          { step: 'number', form: 'address', source: { argument } },
        ],
  iovec: ({ argument, late, style }, operand, direction) => [
    {
      step: 'vectors',
      argument,
      length: Number(operand),
      most: style.limit,
      items: style.full ? MOST_VECTORS : Math.min(style.limit, MOST_VECTORS),
      late,
      byResult: direction === '>',
      style: style.strings,
    },
  ],
  dents: ({ argument, style: { full } }, operand) =>
    operand === '' && !full ? [{ step: 'entries', argument }] : undefined,
  sigset: (place, operand) => {
    const inside: LineStep = {
      step: 'name',
      kind: 'sigset',
      source: { argument: place.argument, offset: 0, width: SET_BYTES, signed: false },
      late: place.late,
    }
    const steps = pointer(place, SET_BYTES, [inside])
    return steps && [{ step: 'require', argument: Number(operand), value: SET_BYTES }, ...steps]
  },
  cell: (place, operand, direction) => {
    const size = ['off', 'size', 'addr', 'long', 'hex'].includes(operand) ? 8 : 4
    const source = { argument: place.argument, offset: 0, width: size, signed: false }
    const value = valueStep(operand, source, place.late)
    return direction === '=' || !value ? undefined : pointer(place, size, [text('['), value, text(']')])
  },
  ptr: (place, operand, direction) => {
    const found = direction === '=' ? undefined : structOf(operand, place)
    return found && pointer(place, found.size, found.steps)
  },
}

function argumentSteps(place: Place): readonly LineStep[] | undefined {
  const { kind, argument, late } = place
  const value = valueStep(kind, { argument }, late)
  if (value) return [value]
  const [, letters = '', direction = '', operand = ''] = /^([a-z_]+\d*)([<>=]?)(.*)$/.exec(kind) ?? []
  return COMPILE[letters]?.(place, operand, direction) ?? unfilledSteps(place, letters, direction)
}

/** Outputs of which something is shown after a failure, too: see kinds.ts. */
const SHOWN_UNFILLED: ReadonlySet<string> = new Set([
  ...['ifreq', 'ifindex', 'ifconf', 'iovec', 'msghdr', 'cloneargs', 'sentmsgs', 'uring', 'kept', 'dents'],
  ...[
    'ipccmd',
    'polls',
    'epolls',
    'wstatus',
    'rusage',
    'left',
    'mmsghdr',
    'netlink',
    'userdesc',
    'items',
    'nodemask',
  ],
])

/** An output without steps of its own: NULL, and the address after a failure. */
const unfilledSteps = (
  { argument }: Place,
  letters: string,
  direction: string,
): readonly LineStep[] | undefined =>
  direction === '>' && !SHOWN_UNFILLED.has(letters)
    ? [{ step: 'pointer', argument, size: 0, late: true, out: true, inside: [GIVE_UP] }]
    : undefined

/** An argument as it is shown: its index, and its kind in this call. */
export interface ShownKind {
  readonly argument: number
  readonly name: string
  readonly kind: string
}

/** The steps of `name(arguments`; `undefined` if an argument has none. */
export function lineSteps(
  name: string,
  shown: readonly ShownKind[],
  style: LineStyle,
): readonly LineStep[] | undefined {
  const steps: LineStep[] = [text(`${name}(`)]
  let late = false
  for (const [index, { argument, name: label, kind: notation }] of shown.entries()) {
    const isNamed = notation.startsWith('named:')
    const kind = isNamed ? notation.slice('named:'.length) : notation
    if (index > 0) steps.push(text(', '))
    if (!late && kindOf(kind).late) {
      late = true
      steps.push({ step: 'wait' })
    }
    if (isNamed || style.names) steps.push(text(`${label}=`))
    const own = argumentSteps({ kind, argument, late, style })
    if (!own) return undefined
    steps.push(...own)
  }
  return steps
}
