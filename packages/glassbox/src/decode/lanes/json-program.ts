/**
 * Compiles the middle of a call's event as JSON to a program: its name, its registers, and its
 * arguments by the kinds of the schema, as values.ts and plain/ give them. A kind without a step
 * here has no program; events of its calls are made from values. Pure.
 */
import { sizeOf } from '../../codec/struct.ts'
import {
  isPointing,
  isScalar,
  type Kind,
  type List,
  type Pointer,
  type Records,
  type Scalar,
} from '../../linux/schema/kinds.ts'
import { fieldOf, layoutOf, type StructName } from '../../linux/schema/layouts.ts'
import { widthOf, type Width } from '../../linux/schema/widths.ts'
import { kindOf } from '../kinds.ts'
import { isShownWhole } from '../plain/fields.ts'
import { isPlainNumber } from '../plain/words.ts'
import { withPath } from '../values.ts'
import type { LineStep, NumberForm, Source } from './plan.ts'

const PATH_MAX = 4096

/** Words that have nearly as many values as there are calls, each with a text of its own. */
const MANY_VALUES: ReadonlySet<string> = new Set([
  ...['epoll_data', 'file_system_id', 'network_number', 'ipv4_address', 'signal_handler', 'ipc_key'],
])

/** An argument as the event shows it. */
export interface ShownValue {
  readonly argument: number
  readonly name: string
  /** The notation of its kind. */
  readonly kind: string
  readonly schema: Kind
}

interface Place {
  readonly argument: number
  readonly late: boolean
  /** Bytes of a string or buffer. */
  readonly limit: number
}

const text = (literal: string): LineStep => ({ step: 'text', text: literal })

/** How a number is written; undefined if its values have names. */
function formOf(kind: Scalar, { bits, signed }: Width): NumberForm | undefined {
  const wide = signed ? 'jsonSigned' : 'jsonUnsigned'
  switch (kind.type) {
    case 'int':
      return kind.form === 'address' ? 'jsonAddress' : wide
    case 'fd':
      return wide
    case 'id':
      return kind.of === 'user' && bits === 32 ? 'jsonUser' : wide
    case 'word':
      return isPlainNumber(kind.word) ? wide : undefined
    default:
      return undefined
  }
}

/** In a register, only so many bits count. */
function inRegister(form: NumberForm, { bits, signed }: Width): NumberForm | undefined {
  if (form === 'jsonUser' || bits === 64) return form
  if (bits !== 32 || form === 'jsonAddress') return undefined
  return signed ? 'int' : 'uint'
}

const nameKind = (kind: Kind): string => `json ${JSON.stringify(kind)}`

function scalarStep(kind: Scalar, source: Source, late: boolean): LineStep | undefined {
  if (kind.type === 'unused' || (kind.type === 'word' && MANY_VALUES.has(kind.word))) return undefined
  const width = widthOf(kind)
  const own = formOf(kind, width)
  if (!own) return { step: 'name', kind: nameKind(kind), source, late, schema: kind }
  const form = 'offset' in source ? own : inRegister(own, width)
  return form && { step: 'number', form, source }
}

/** A value in a struct or behind a pointer. */
function valueSteps(kind: Kind, { argument, late }: Place, offset: number): readonly LineStep[] | undefined {
  if (kind.type === 'struct')
    return kind.view === undefined ? structSteps(kind.name, { argument, late, limit: 0 }, offset) : undefined
  if (kind.type === 'list') return listSteps(kind, { argument, late, limit: 0 }, offset)
  if (!isScalar(kind)) return undefined
  const { bits, signed } = widthOf(kind)
  const step = scalarStep(kind, { argument, offset, width: bits / 8, signed }, late)
  return step && [step]
}

/** More elements than these make a long program. */
const MOST_ELEMENTS = 8

function listSteps({ of, count }: List, place: Place, offset: number): readonly LineStep[] | undefined {
  if (count === 0 || count > MOST_ELEMENTS || !isScalar(of)) return undefined
  const steps: LineStep[] = []
  for (let index = 0; index < count; index++) {
    const value = valueSteps(of, place, offset + index * sizeOf(of))
    if (!value) return undefined
    steps.push(text(index === 0 ? '[' : ','), ...value)
  }
  return [...steps, text(']')]
}

function structSteps(name: StructName, place: Place, offset: number): readonly LineStep[] | undefined {
  if (!isShownWhole(name)) return undefined
  const steps: LineStep[] = []
  for (const field of layoutOf(name).fields) {
    const value = valueSteps(field.kind, place, offset + field.offset)
    if (!value) return undefined
    steps.push(text(`${steps.length === 0 ? '{' : ','}"${field.name}":`), ...value)
  }
  return steps.length === 0 ? undefined : [...steps, text('}')]
}

function pointerSteps(kind: Pointer, place: Place): readonly LineStep[] | undefined {
  const { argument, late } = place
  if (kind.told !== undefined || kind.way === 'inout') return undefined
  const inside = valueSteps(kind.to, place, 0)
  if (!inside) return undefined
  const size = sizeOf(kind.to)
  const pointer: LineStep = {
    step: 'pointer',
    argument,
    size,
    late,
    out: kind.way === 'out',
    isJson: true,
    inside,
  }
  if (!kind.size) return [pointer]
  return kind.to.type === 'signals' && kind.size.by === 'argument'
    ? [{ step: 'require', argument: kind.size.argument, value: size }, pointer]
    : undefined
}

function argumentSteps(kind: Kind, place: Place): readonly LineStep[] | undefined {
  const { argument, late, limit } = place
  if (isScalar(kind)) {
    const step = scalarStep(kind, { argument }, late)
    return step && [step]
  }
  switch (kind.type) {
    case 'path':
    case 'string': {
      if (kind.way !== 'in') return undefined
      const most = kind.type === 'path' ? PATH_MAX - 1 : Math.min(kind.most ?? limit, limit)
      return [{ step: 'jsonString', argument, most, late }]
    }
    case 'buffer': {
      const { length, way, form } = kind
      if (form !== 'bytes' || way === 'inout' || length.by !== 'argument' || length.bits !== 64)
        return undefined
      const byResult = way === 'out'
      return [{ step: 'jsonBytes', argument, length: length.argument, most: limit, late, byResult }]
    }
    case 'pointer':
      return pointerSteps(kind, place)
    case 'array': {
      const { count, of, way } = kind
      if (count.by !== 'constant' || !isScalar(of)) return undefined
      return pointerSteps({ type: 'pointer', way, to: { type: 'list', of, count: count.count } }, place)
    }
    case 'records':
      return recordSteps(kind, place)
    default:
      return undefined
  }
}

function recordSteps({ of, length }: Records, { argument }: Place): readonly LineStep[] | undefined {
  if (of !== 'linux_dirent64' || length.by !== 'result') return undefined
  const schema = fieldOf(layoutOf(of), 'd_type').kind
  return [{ step: 'jsonEntries', argument, kind: nameKind(schema), schema }]
}

const GIVE_UP: readonly LineStep[] = [{ step: 'giveUp' }]

/** The address of a message and its length, which send(2) and recv(2) have not. */
function absentSteps(notation: string, { argument, late }: Place): readonly LineStep[] | undefined {
  return /^(sockaddr<|length=)/.test(notation)
    ? [{ step: 'pointer', argument, size: 0, late, out: false, isJson: true, inside: GIVE_UP }]
    : undefined
}

/** An output without steps of its own: NULL, and the address after a failure. */
function unfilledSteps(kind: Kind, { argument }: Place): readonly LineStep[] | undefined {
  if (!isPointing(kind) || kind.type === 'strings' || kind.way !== 'out') return undefined
  if (kind.type === 'pointer' && kind.told !== undefined) return undefined
  return [{ step: 'pointer', argument, size: 0, late: true, out: true, isJson: true, inside: GIVE_UP }]
}

/** The steps of `,"name":…,"args":{…`; `undefined` if an argument has none. */
export function jsonSteps(
  call: { readonly name: string; readonly nr: number },
  shown: readonly ShownValue[],
  limit: number,
): readonly LineStep[] | undefined {
  const names = withPath(shown)
  if (new Set(names.map(({ name }) => name)).size < names.length) return undefined
  const steps: LineStep[] = [
    text(`,"name":"${call.name}","nr":${call.nr},"abi":"x86_64","raw":`),
    { step: 'raw' },
    text(',"args":{'),
  ]
  for (const [index, { argument, name, kind, schema }] of names.entries()) {
    const place = { argument, late: kindOf(kind).late, limit }
    const own = argumentSteps(schema, place) ?? unfilledSteps(schema, place) ?? absentSteps(kind, place)
    if (!own) return undefined
    steps.push(text(`${index === 0 ? '' : ','}"${name}":`), ...own)
  }
  return steps
}
