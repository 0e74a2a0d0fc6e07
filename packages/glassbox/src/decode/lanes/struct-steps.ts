/**
 * The steps of a line for numbers, names and structs. Pure.
 */
import { sizeOf, struct } from '../../codec/struct.ts'
import { SA_RESTORER, STATX_MODE, STATX_SIZE, STATX_TYPE } from '../../linux/constants.ts'
import { isScalar } from '../../linux/schema/kinds.ts'
import { fieldOf, layoutOf, type StructName } from '../../linux/schema/layouts.ts'
import { shapeOf, type ShapeField } from '../../linux/shapes.ts'
import { ACTION_BYTES } from '../process/signals.ts'
import { isInRegister } from './captures.ts'
import type { LineStep, LineStyle, NumberForm, Source } from './plan.ts'

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
  mode: 'mode',
  // All ones are -1.
  id: 'jsonUser',
}

/** Its text depends on another argument, or has many values. */
const NOT_NAMED: ReadonlySet<string> = new Set(['time', 'ticks', 'coreid', 'none'])

/** The kind under which the modes of files that are no devices are known; see files.ts. */
export const PLAIN_FILE_MODE = 'filemode of no device'

export interface Place {
  readonly kind: string
  readonly argument: number
  /** Printed at the exit, because an output comes before it. */
  readonly late: boolean
  readonly style: LineStyle
}

export const text = (literal: string): LineStep => ({ step: 'text', text: literal })

export function valueStep(kind: string, source: Source, late: boolean): LineStep | undefined {
  const form = NUMBERS[kind]
  if (form) return { step: 'number', form, source }
  if (kind === 'dirfd') return { step: 'name', kind, source, late, unless: 'number' }
  return isInRegister(kind) && !NOT_NAMED.has(kind) ? { step: 'name', kind, source, late } : undefined
}

/** The kinds that registers have for the letters of numbers of 64 bits, and of less. */
const LETTERS: Readonly<Record<string, readonly [wide: string, narrow: string]>> = {
  u: ['size', 'uint'],
  d: ['long', 'int'],
  x: ['hex', 'hex32'],
  o: ['octal', 'octal'],
  p: ['addr', 'addr'],
}

/** The kind of a number; `undefined` for what is none. */
function numberKind({ kind, size }: ShapeField): string | undefined {
  if (!isScalar(kind)) return undefined
  const [wide, narrow] = LETTERS[kind.notation] ?? [kind.notation, kind.notation]
  return size === 8 ? wide : narrow
}

/** Of the members of a struct, as `structText` prints them. */
function fieldSteps(field: ShapeField, place: Place, start: number): readonly LineStep[] | undefined {
  const { name, offset, size } = field
  const { argument, late } = place
  if (field.kind.type === 'struct') {
    const inside = structSteps(field.kind.name, place, start + offset)
    return inside && [text(`${name}=`), ...inside]
  }
  const kind = numberKind(field)
  if (kind === undefined) return undefined
  const signed = kind === 'int' || kind === 'long'
  const source = { argument, offset: start + offset, width: size, signed }
  const step = valueStep(kind, source, late)
  if (!step || (step.step === 'name' && signed)) return undefined
  // A short number that is not negative must not be taken for one of 32 bits that is.
  return [text(`${name}=`), step.step === 'number' && signed ? { ...step, form: 'signed' } : step]
}

function structSteps(name: string, place: Place, start: number): readonly LineStep[] | undefined {
  const layout = shapeOf(name)
  if (!layout) return undefined
  const isBrief = layout.brief !== undefined && !place.style.full
  const fields = isBrief ? layout.fields.slice(0, layout.brief) : layout.fields
  const steps: LineStep[] = []
  for (const [index, field] of fields.entries()) {
    const own = fieldSteps(field, place, start)
    const isOptional = field.isOptional || field.onlyWith !== undefined
    const isInner = field.kind.type === 'struct'
    if (!own || field.when || field.unless || (isOptional && (index === 0 || isInner))) return undefined
    const inside = index === 0 ? own : [text(', '), ...own]
    const { offset, size: width } = field
    const source = { argument: place.argument, offset: start + offset, width, signed: false }
    if (isOptional) steps.push({ step: 'optional', source, mask: field.onlyWith ?? 0, inside })
    else steps.push(...inside)
  }
  return [text('{'), ...steps, text(isBrief ? ', ...}' : '}')]
}

const member = (argument: number, offset: number, width: number, signed = false): Source => ({
  argument,
  offset,
  width,
  signed,
})

/** The kind of a handler of signals: of few values with a name, and of addresses. */
export const SIGNAL_HANDLER = 'signal handler'
/** The kind of a device number of 64 bits. */
export const DEVICE = 'dev'

const named = (kind: string, source: Source, late: boolean): LineStep => ({
  step: 'name',
  kind,
  source,
  late,
})

/** A number in a struct of this name that the kernel filled. */
const numberIn = (name: StructName, argument: number, field: string): LineStep => ({
  step: 'number',
  form: 'unsigned',
  source: memberOf(name, argument, field),
})

function memberOf(name: StructName, argument: number, field: string): Source {
  const { offset, kind } = fieldOf(layoutOf(name), field)
  return member(argument, offset, sizeOf(kind))
}

/** struct stat of x86-64, of a file that is no device. */
function statSteps(argument: number, { full, fixedZone }: LineStyle): readonly LineStep[] | undefined {
  const field = (name: string): Source => memberOf('stat', argument, name)
  const mode = [text('st_mode='), named(PLAIN_FILE_MODE, field('st_mode'), true)]
  const size = [text(', st_size='), numberIn('stat', argument, 'st_size')]
  if (!full) return [text('{'), ...mode, ...size, text(', ...}')]
  if (fixedZone === undefined) return undefined
  const numbers = (...names: readonly string[]): LineStep[] =>
    names.flatMap(name => [text(`, ${name}=`), numberIn('stat', argument, name)])
  const times = ['atime', 'mtime', 'ctime'].flatMap((name): LineStep[] => [
    text(`, st_${name}=`),
    { step: 'time', source: field(`st_${name}`), zone: fixedZone },
    text(`, st_${name}_nsec=`),
    numberIn('stat', argument, `st_${name}_nsec`),
  ])
  return [
    text('{st_dev='),
    named(DEVICE, field('st_dev'), true),
    ...numbers('st_ino'),
    text(', '),
    ...mode,
    ...numbers('st_nlink', 'st_uid', 'st_gid', 'st_blksize', 'st_blocks'),
    ...size,
    ...times,
    text('}'),
  ]
}

/** struct statx. */
function statxSteps(argument: number, { full }: LineStyle): readonly LineStep[] | undefined {
  if (full) return undefined
  const field = (name: string): Source => memberOf('statx', argument, name)
  const filled = (mask: number, inside: readonly LineStep[]): LineStep => ({
    step: 'optional',
    source: field('stx_mask'),
    mask,
    inside,
  })
  return [
    text('{stx_mask='),
    named('|statx', field('stx_mask'), true),
    text(', stx_attributes='),
    named('|statx_attr', field('stx_attributes'), true),
    filled(STATX_TYPE | STATX_MODE, [text(', stx_mode='), named('filemode', field('stx_mode'), true)]),
    filled(STATX_SIZE, [text(', stx_size='), numberIn('statx', argument, 'stx_size')]),
    text(', ...}'),
  ]
}

const descriptorSteps = (argument: number): readonly LineStep[] => [
  text('['),
  { step: 'number', form: 'int', source: member(argument, 0, 4) },
  text(', '),
  { step: 'number', form: 'int', source: member(argument, 4, 4) },
  text(']'),
]

/** struct sigaction: the restorer is shown if a flag says that there is one. */
function actionSteps({ argument, late }: Place): readonly LineStep[] {
  const field = (name: string): Source => memberOf('sigaction', argument, name)
  const restorer: LineStep = { step: 'number', form: 'address', source: field('sa_restorer') }
  return [
    text('{sa_handler='),
    { ...named(SIGNAL_HANDLER, field('sa_handler'), late), unless: 'address' } as LineStep,
    text(', sa_mask='),
    named('sigset', field('sa_mask'), late),
    text(', sa_flags='),
    named('|sa', field('sa_flags'), late),
    {
      step: 'optional',
      source: field('sa_flags'),
      mask: SA_RESTORER,
      inside: [text(', sa_restorer='), restorer],
    },
    text('}'),
  ]
}

/** The steps of a struct, and the bytes that must be there. */
export function structOf(
  name: string,
  place: Place,
): { readonly size: number; readonly steps: readonly LineStep[] } | undefined {
  const { argument, style } = place
  const of = (size: number, steps: readonly LineStep[] | undefined): ReturnType<typeof structOf> =>
    steps && { size, steps }
  switch (name) {
    case 'stat':
      return of(struct('stat').size, statSteps(argument, style))
    case 'statx':
      return of(struct('statx').size, statxSteps(argument, style))
    case 'fds':
      return of(DESCRIPTORS_BYTES, descriptorSteps(argument))
    case 'sigaction':
      return of(ACTION_BYTES, actionSteps(place))
    case 'sigset':
      return undefined
    default:
      return of(shapeOf(name)?.size ?? 0, structSteps(name, place, 0))
  }
}

/** Two descriptors. */
const DESCRIPTORS_BYTES = 8
