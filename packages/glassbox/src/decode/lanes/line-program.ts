/**
 * Compiles the line of a call to a program: literals, numbers, quoted strings, and names that the
 * decoder fills in when a value is first seen. It makes strace's default form: neither -v nor raw
 * registers, strings as text. A kind without a step here has no program; its calls are printed by
 * the decoder. Pure.
 */
import { STRUCTS, type Field } from '../../linux/structs.ts'
import { kindOf } from '../kinds.ts'
import { isInRegister } from './captures.ts'
import type { LineStep, NumberForm, Source } from './plan.ts'

/**
 * Kinds whose text is the number itself. Descriptors and ids are, unless -y or -Y explain them.
 */
const NUMBERS: Readonly<Record<string, NumberForm>> = {
  int: 'int',
  fd: 'int',
  tid: 'int',
  tgid: 'int',
  pgid: 'int',
  sid: 'int',
  who: 'int',
  long: 'signed',
  off: 'signed',
  uint: 'uint',
  size: 'unsigned',
  hex: 'hex',
  hex32: 'halfHex',
  addr: 'address',
}

/** Its text depends on another argument, or has many values. */
const NOT_NAMED: ReadonlySet<string> = new Set(['time', 'ticks', 'coreid', 'none'])
const PATH_MAX = 4096

/** The kind under which the modes of files that are no devices are known; see files.ts. */
export const PLAIN_FILE_MODE = 'filemode of no device'

/** The kind under which the masks of statx(2) are known with which all is told; see files.ts. */
export const FULL_STATX_MASK = 'mask of all that is shown'

interface Place {
  readonly kind: string
  readonly argument: number
  readonly kinds: readonly string[]
  /** Printed at the exit, because an output comes before it. */
  readonly late: boolean
  /** Bytes of a string that are shown. */
  readonly limit: number
}

const text = (literal: string): LineStep => ({ step: 'text', text: literal })

function valueStep(kind: string, source: Source, late: boolean): LineStep | undefined {
  const form = NUMBERS[kind]
  if (form) return { step: 'number', form, source }
  return isInRegister(kind) && !NOT_NAMED.has(kind) ? { step: 'name', kind, source, late } : undefined
}

/** The members of a struct, as `structText` prints them. */
function fieldSteps(
  fields: readonly Field[],
  argument: number,
  start: number,
  late: boolean,
): readonly LineStep[] | undefined {
  const steps: LineStep[] = []
  for (const { name, offset, size, kind = 'long', optional, onlyWith } of fields) {
    if (
      optional ||
      onlyWith !== undefined ||
      ![1, 2, 4, 8].includes(size) ||
      kind.startsWith('chars') ||
      kind === 'hexes' ||
      kind === 'longs'
    )
      return undefined
    steps.push(text(`${steps.length === 0 ? '' : ', '}${name}=`))
    if (kind.startsWith('struct:')) {
      const inside = structSteps(kind.slice(7), argument, start + offset, late)
      if (!inside) return undefined
      steps.push(...inside)
      continue
    }
    const signed = kind === 'int' || kind === 'long'
    const source = { argument, offset: start + offset, width: size, signed }
    const step = valueStep(kind, source, late)
    if (!step || (step.step === 'name' && signed)) return undefined
    // A short number that is not negative must not be taken for one of 32 bits that is.
    steps.push(step.step === 'number' && signed ? { ...step, form: 'signed' } : step)
  }
  return steps
}

function structSteps(
  name: string,
  argument: number,
  start: number,
  late: boolean,
): readonly LineStep[] | undefined {
  const layout = STRUCTS[name]
  if (!layout) return undefined
  const isBrief = layout.brief !== undefined
  const fields = isBrief ? layout.fields.slice(0, layout.brief) : layout.fields
  const inside = fieldSteps(fields, argument, start, late)
  return inside && [text('{'), ...inside, text(isBrief ? ', ...}' : '}')]
}

const member = (argument: number, offset: number, width: number, signed = false): Source => ({
  argument,
  offset,
  width,
  signed,
})

/** struct stat of x86-64, of a file that is no device. */
const statSteps = (argument: number): readonly LineStep[] => [
  text('{st_mode='),
  { step: 'name', kind: PLAIN_FILE_MODE, source: member(argument, 24, 4), late: true },
  text(', st_size='),
  { step: 'number', form: 'unsigned', source: member(argument, 48, 8) },
  text(', ...}'),
]

/** struct statx. */
const statxSteps = (argument: number): readonly LineStep[] => [
  text('{stx_mask='),
  { step: 'name', kind: FULL_STATX_MASK, source: member(argument, 0, 4), late: true },
  text(', stx_attributes='),
  { step: 'name', kind: '|statx_attr', source: member(argument, 8, 8), late: true },
  text(', stx_mode='),
  { step: 'name', kind: 'filemode', source: member(argument, 28, 2), late: true },
  text(', stx_size='),
  { step: 'number', form: 'unsigned', source: member(argument, 40, 8) },
  text(', ...}'),
]

const descriptorSteps = (argument: number): readonly LineStep[] => [
  text('['),
  { step: 'number', form: 'int', source: member(argument, 0, 4) },
  text(', '),
  { step: 'number', form: 'int', source: member(argument, 4, 4) },
  text(']'),
]

const STAT_BYTES = 144
const STATX_BYTES = 256
const SET_BYTES = 8

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
  path: ({ argument, late }, _, direction) =>
    direction === '' ? [{ step: 'string', argument, most: PATH_MAX - 1, late }] : undefined,
  string: ({ argument, late, limit }, _, direction) =>
    direction === '' ? [{ step: 'string', argument, most: limit, late }] : undefined,
  buf: (place, operand, direction) => {
    const { argument, late, limit } = place
    const byResult = direction === '>'
    return pointer(place, 0, [
      { step: 'bytes', argument, length: Number(operand), most: limit, late, byResult },
    ])
  },
  dents: ({ argument }, operand) => (operand === '' ? [{ step: 'entries', argument }] : undefined),
  sigset: (place, operand) => {
    const inside: LineStep = {
      step: 'name',
      kind: 'sigset',
      source: member(place.argument, 0, SET_BYTES),
      late: place.late,
    }
    const steps = pointer(place, SET_BYTES, [inside])
    return steps && [{ step: 'require', argument: Number(operand), value: SET_BYTES }, ...steps]
  },
  cell: (place, operand, direction) => {
    const size = ['off', 'size', 'addr', 'long', 'hex'].includes(operand) ? 8 : 4
    const value = valueStep(operand, member(place.argument, 0, size), place.late)
    return direction === '=' || !value ? undefined : pointer(place, size, [text('['), value, text(']')])
  },
  ptr: (place, operand, direction) => {
    if (direction === '=') return undefined
    if (operand === 'stat') return pointer(place, STAT_BYTES, statSteps(place.argument))
    if (operand === 'statx') return pointer(place, STATX_BYTES, statxSteps(place.argument))
    if (operand === 'fds') return pointer(place, SET_BYTES, descriptorSteps(place.argument))
    if (operand === 'sigaction' || operand === 'sigset') return undefined
    return pointer(place, STRUCTS[operand]?.size ?? 0, structSteps(operand, place.argument, 0, place.late))
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
    ? [{ step: 'pointer', argument, size: 0, late: true, out: true, inside: [{ step: 'giveUp' }] }]
    : undefined

/** An argument as it is shown: its index, and its kind in this call. */
export interface ShownKind {
  readonly argument: number
  readonly kind: string
}

/** The steps of `name(arguments`; `undefined` if an argument has none. */
export function lineSteps(
  name: string,
  shown: readonly ShownKind[],
  limit: number,
): readonly LineStep[] | undefined {
  const kinds = shown.map(({ kind }) => kind)
  const steps: LineStep[] = [text(`${name}(`)]
  let late = false
  for (const [index, { argument, kind }] of shown.entries()) {
    late ||= kindOf(kind).late
    const own = argumentSteps({ kind, argument, kinds, late, limit })
    if (!own) return undefined
    if (index > 0) steps.push(text(', '))
    steps.push(...own)
  }
  return steps
}
