/**
 * Values of the codec as values for programs: names for numbers that have one, text for bytes that
 * are text, records and lists. A second printer of the values of which text is the first. Pure.
 */
import { Answered, Bytes, Elements, Unreadable, type Fields, type Value as Read } from '../../codec/values.ts'
import { narrow } from '../../codec/numbers.ts'
import { conditionOf, holds } from '../../codec/conditions.ts'
import {
  type BitSet,
  type Field,
  isPointing,
  type Kind,
  type Octets,
  type Pointer,
} from '../../linux/schema/kinds.ts'
import { layoutOf, type DataModel, type StructName, type Word } from '../../linux/schema/layouts.ts'
import type { Value } from '../types.ts'
import { fieldsOf } from './fields.ts'
import { enumName, flagNames, signalNames, signalValue } from './names.ts'
import { bitsOf, bufferValue, capabilities, fileTime, socketAddressValue } from './special.ts'
import { WORD_VALUES } from './words.ts'

type Plain = (value: Read, model: DataModel) => Value

const utf8 = new TextDecoder()
export const textOf = (bytes: Uint8Array): string => utf8.decode(bytes)

const NO_ID = 2 ** 32 - 1

/** A number by its kind. */
const SCALARS: Readonly<Record<string, (kind: never) => (value: Word) => Value>> = {
  int: ({ form }: Kind & { type: 'int' }) =>
    form === 'address' ? value => (value === 0 ? null : value) : value => value,
  flags:
    ({ set }: Kind & { type: 'flags' }) =>
    value =>
      flagNames(set, value),
  enum:
    ({ set }: Kind & { type: 'enum' }) =>
    value =>
      enumName(set, value),
  fd: () => value => value,
  id: ({ of }: Kind & { type: 'id' }) =>
    of === 'user' ? value => (value === NO_ID ? -1 : value) : value => value,
  signal: () => signalValue,
  signals: () => signalNames,
  word: ({ word }: Kind & { type: 'word' }) => WORD_VALUES[word],
  unused: () => value => value,
  bits: () => value => value,
}

const isNumber = (value: Read): value is Word => typeof value === 'number' || typeof value === 'bigint'

/** A name that begins with one _ is not shown; with -v, text has some fields in another form. */
const isForPrograms = ({ name, when }: Field): boolean =>
  !/^_[^_]/.test(name) && !(when?.field === 'full' && when.test === '==')

/** Several fields can have one name: which of them it is, another field says. */
function isThere(when: NonNullable<Field['when']>, from: Fields): boolean {
  const by = from[when.field] ?? from[`_${when.field}`]
  return isNumber(by ?? null) && holds(when, BigInt.asUintN(64, BigInt(by as Word)))
}

/** A struct: each field by its kind, but for what only some of its values use. */
function structPlain(name: StructName, view: string | undefined): Plain {
  const made = new Map<DataModel, Plain>()
  return (value, model) => {
    const compile = (): Plain => {
      const fields = layoutOf(name, model)
        .fields.filter(isForPrograms)
        .map(field => ({ name: field.name, when: conditionOf(field), plain: plainOf(field.kind) }))
      return given => {
        const from = given as Fields
        const shown: Record<string, Value> = {}
        for (const field of fields) {
          const read = from[field.name]
          if (read === undefined || (field.when && !isThere(field.when, from))) continue
          shown[field.name] = field.plain(read, model)
        }
        return fieldsOf(name, view, shown, from)
      }
    }
    let own = made.get(model)
    if (!own) made.set(model, (own = compile()))
    return own(value, model)
  }
}

const elements =
  (of: Plain): Plain =>
  (value, model) =>
    value instanceof Elements
      ? value.items.map(item => ofValue(item, of, model))
      : Array.isArray(value)
        ? (value as readonly Read[]).map(item => ofValue(item, of, model))
        : null

const text: Plain = value => {
  if (value instanceof Bytes) return textOf(value.bytes)
  return value instanceof Uint8Array ? textOf(value) : null
}

const vector: Plain = value => {
  const { iov_base: base = null, iov_len: length = 0 } = value as Fields
  return { iov_base: ofValue(base, bytes, 64), iov_len: length as Word }
}
const bytes: Plain = value =>
  value instanceof Bytes ? value.bytes : value instanceof Uint8Array ? value : null

const CONTROL = structPlain('cmsghdr', undefined)
const FLAGS_OF_MESSAGE = 'msg'

const message: Plain = (value, model) => {
  const from = value as Fields
  if (from['msg_hdr'] !== undefined) {
    const head = message(from['msg_hdr'], model)
    return from['msg_len'] === undefined
      ? { msg_hdr: head }
      : { msg_hdr: head, msg_len: from['msg_len'] as Word }
  }
  return {
    msg_name: ofValue(from['msg_name'] ?? null, socketAddressValue, model),
    msg_namelen: from['msg_namelen'] as Word,
    msg_iov: ofValue(from['msg_iov'] ?? null, elements(vector), model),
    msg_iovlen: from['msg_iovlen'] as Word,
    ...(from['msg_control'] === null || from['msg_control'] === undefined
      ? {}
      : { msg_control: ofValue(from['msg_control'], elements(CONTROL), model) }),
    msg_controllen: from['msg_controllen'] as Word,
    msg_flags: flagNames(FLAGS_OF_MESSAGE, from['msg_flags'] as Word),
  }
}

function make(kind: Kind): Plain {
  switch (kind.type) {
    case 'path':
    case 'string':
    case 'chars':
      return text
    case 'strings':
      return elements(text)
    case 'buffer':
      return bufferValue(kind)
    case 'pointer':
      return pointed(kind)
    case 'array':
      if (kind.count.by === 'capability-version') return capabilities
      if (kind.count.by === 'constant' && isTime(kind.of)) return elements(fileTimeOf)
      return elements(plainOf(kind.of))
    case 'octets':
      return OCTETS[kind.form]
    case 'tuple': {
      const each = kind.of.map(plainOf)
      return (value, model) =>
        Array.isArray(value)
          ? (value as readonly Read[]).map((item, index) => each[index]?.(item, model) ?? null)
          : null
    }
    case 'trailing':
      return plainOf(kind.to)
    case 'list':
      return elements(plainOf(kind.of))
    case 'records':
      return elements(structPlain(kind.of, undefined))
    case 'bitset':
      return value => namedBits(kind, value as Uint8Array)
    case 'vectors':
      return elements(vector)
    case 'message':
      return (value, model) =>
        value instanceof Elements
          ? value.items.map(item => ofValue(item, message, model))
          : message(value, model)
    case 'sockaddr':
      return socketAddressValue
    case 'struct':
      return structPlain(kind.name, kind.view)
    case 'union':
      // siginfo_t was read by its signal and code already.
      return kind.of === 'siginfo' ? (value, model) => SIGINFO(value, model) : bytes
    case 'tail':
      return bytes
    default: {
      const of = SCALARS[kind.type]?.(kind as never) ?? (value => value)
      return value => (isNumber(value) ? of(value) : null)
    }
  }
}

/** The numbers of the set bits, or their names. */
function namedBits({ of, names }: BitSet, from: Uint8Array): Value {
  const numbers = bitsOf(of, from)
  return names === undefined || !Array.isArray(numbers)
    ? numbers
    : (numbers as readonly number[]).map(bit => enumName(names, bit))
}

const TIMES: ReadonlySet<string> = new Set<StructName>(['timespec', 'timeval'])
const isTime = (kind: Kind): boolean => kind.type === 'struct' && TIMES.has(kind.name)

/** What the caller wrote, with what the kernel filled in, if it did. */
function pointed({ to, after, wrapper }: Pointer): Plain {
  const first = plainOf(to)
  const last = after && plainOf(after)
  if (!last && wrapper === undefined) return first
  return (value, model) => {
    const [before, answer] = value instanceof Answered ? [value.before, value.after] : [value, undefined]
    const shown = first(before, model)
    const whole =
      last && answer !== undefined ? { ...(shown as object), ...(last(answer, model) as object) } : shown
    return wrapper === undefined ? whole : { [wrapper]: whole }
  }
}

const hexDigits = (value: Read): string =>
  [...(value as Uint8Array)].map(byte => byte.toString(16).padStart(2, '0')).join('')

const OCTETS: Readonly<Record<Octets['form'], Plain>> = {
  bytes: value => bytes(value, 64),
  hex: value => bytes(value, 64),
  uuid: value => hexDigits(value).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-'),
  mac: value => hexDigits(value).replaceAll(/(..)(?=.)/g, '$1:'),
}

const fileTimeOf: Plain = value => fileTime(value as Fields)

/** Every shape of siginfo_t: the fields that the value has. */
const SIGINFO_SHAPES: readonly StructName[] = [
  ...(['siginfo_kill', 'siginfo_timer', 'siginfo_queue', 'siginfo_child', 'siginfo_bounds'] as const),
  ...(['siginfo_pkey', 'siginfo_memory', 'siginfo_poll', 'siginfo_sys'] as const),
]
let siginfoFields: ReadonlyMap<string, Plain> | undefined

const SIGINFO: Plain = (value, model) => {
  siginfoFields ??= new Map(
    SIGINFO_SHAPES.flatMap(name => layoutOf(name).fields).map(field => [field.name, plainOf(field.kind)]),
  )
  const from = value as Fields
  const shown: Record<string, Value> = {}
  for (const name of Object.keys(from))
    shown[name] = siginfoFields.get(name)?.(from[name] as Read, model) ?? null
  return fieldsOf('siginfo', undefined, shown, from)
}

const plains = new Map<Kind, Plain>()

function plainOf(kind: Kind): Plain {
  let known = plains.get(kind)
  if (!known) {
    const own = make(kind)
    known = isPointing(kind) ? (value, model) => ofValue(value, own, model) : own
    plains.set(kind, known)
  }
  return known
}

/** NULL, memory that cannot be read, and outputs that the kernel did not write: their address. */
function ofValue(value: Read, of: Plain, model: DataModel): Value {
  if (value === null) return null
  if (value instanceof Unreadable) return narrow(value.address)
  return of(value, model)
}

/**
 * The value for programs.
 *
 * @example
 *     plain(K.openflags, 0x80000) // ['O_RDONLY', 'O_CLOEXEC']
 */
export function plain(kind: Kind, value: Read, model: DataModel = 64): Value {
  if (value instanceof Unreadable) return narrow(value.address)
  return plainOf(kind)(value, model)
}
