// The generated files of the schema: kinds, the arguments of every call, what commands select, and
// layouts of structs, as TypeScript that the compiler checks against schema/kinds.ts.
import { compatFile } from './compat.mjs'
import { eventTypesFile } from './event-types.mjs'
import { parseKind } from './kinds.mjs'
import { readVariants } from './variants.mjs'

/** A value as TypeScript, on one line. */
function json(value) {
  if (Array.isArray(value)) return `[${value.map(json).join(', ')}]`
  if (typeof value === 'string') return `'${value}'`
  if (typeof value !== 'object' || value === null) return String(value)
  const members = Object.entries(value).map(([name, member]) => `${name}: ${json(member)}`)
  return `{ ${members.join(', ')} }`
}

/**
 * Kinds, each written once, under a name made of its notation. Those that only requests, commands
 * and messages need are apart: they are many, and most programs never meet one.
 */
class Kinds {
  #names = new Map()
  #apart = new Set()
  #used = new Set()
  #isApart = false

  /** Kinds that are new from now on stand apart. */
  setApart() {
    this.#isApart = true
  }

  /** `kinds().NAME`, or where the kind is apart, `rareKinds().NAME`. */
  reference(notation, kind) {
    const text = json(kind)
    const known = this.#names.get(text) ?? this.#add(notation, text)
    return `${this.#apart.has(text) ? 'rareKinds' : 'kinds'}().${known}`
  }

  #add(notation, text) {
    const ways = { '<': '_in_', '>': '_out_', '=': '_inout_', '|': 'flags_' }
    const readable = notation
      .replace(/^=/, 'one_')
      .replaceAll(/[<>=|]/g, mark => ways[mark])
      .replaceAll(/\W+/g, '_')
      .replaceAll(/_+/g, '_')
      .replace(/^_|_$/g, '')
    let name = readable
    for (let number = 2; this.#used.has(name); number++) name = `${readable}_${number}`
    this.#used.add(name)
    this.#names.set(text, name)
    if (this.#isApart) this.#apart.add(text)
    return name
  }

  /** The reference to the kind of a notation. */
  of(notation) {
    return this.reference(notation, parseKind(notation))
  }

  /** A generated file with the kinds that are apart, or with the others. */
  file(name, type, isApart, comment) {
    const entries = [...this.#names].filter(([text]) => this.#apart.has(text) === isApart)
    return `import type { Noted } from '../schema/kinds.ts'

type ${type} =
${entries.map(([, key]) => `  | '${key}'\n`).join('')}
const make = (): Readonly<Record<${type}, Noted>> => ({
${entries.map(([text, key]) => `  ${key}: ${text},\n`).join('')}})

let made: Readonly<Record<${type}, Noted>> | undefined

/** ${comment} They are made at the first call: most commands never need them. */
export const ${name} = (): Readonly<Record<${type}, Noted>> => (made ??= make())
`
  }
}

const property = name => (/^[a-z_]\w*$/i.test(name) ? name : `'${name}'`)

function argumentsFile(calls, kinds) {
  const lines = calls.map(({ name, args }) => {
    const list = args.map(([arg, kind]) => `a('${arg}', ${kinds.of(kind)})`)
    return `  ${name}: () => [${list.join(', ')}],\n`
  })
  return `import type { Argument, Noted } from '../schema/kinds.ts'
import { kinds } from './kinds.ts'

/** The names of all calls. */
export type CallName =
${calls.map(({ name }) => `  | '${name}'\n`).join('')}
const a = (name: string, kind: Noted): Argument => ({ name, kind })

// By the name of the call. Functions, since a program needs few of them.
export const ARGUMENTS: Readonly<Record<CallName, () => readonly Argument[]>> = {
${lines.join('')}}
`
}

/**
 * The command is a part of its argument; the arguments that it selects begin later than after it.
 */
const SHIFTED = { quotactl: { shift: 8, start: 2 } }
/** Calls with the commands of another one, in another argument. */
const ALIASES = { quotactl_fd: { as: 'quotactl', argument: 1 } }

/** Lines of commands.txt by call. */
function commandsFile(lines, constants, kinds) {
  const calls = new Map()
  for (const line of lines) {
    const [, call, at, value, list] = /^(\S+) (\d) (\S+) \((.*)\)$/.exec(line) ?? []
    if (call === undefined) throw new Error(`commands.txt: ${line}`)
    const known = calls.get(call) ?? { argument: Number(at), shapes: [] }
    calls.set(call, known)
    const shape = `[${list
      .split(', ')
      .filter(Boolean)
      .map(kind => (kind === '-' ? 'null' : kinds.of(kind)))
      .join(', ')}]`
    if (value === '*') known.otherwise = shape
    else {
      const number = constants.get(value) ?? Number(value)
      if (!Number.isSafeInteger(number)) throw new Error(`commands.txt: no constant ${value}`)
      known.shapes.push([number, shape])
    }
  }
  for (const [call, { as, argument }] of Object.entries(ALIASES))
    calls.set(call, { ...calls.get(as), argument, ...SHIFTED[as] })
  const texts = [...calls].map(([call, { argument, shapes, otherwise }]) => {
    const { shift, start } = SHIFTED[ALIASES[call]?.as ?? call] ?? {}
    const entries = shapes
      .toSorted(([a], [b]) => a - b)
      .map(([number, shape]) => `      [0x${number.toString(16)}, ${shape}],\n`)
    const rest = otherwise ? `    otherwise: () => ${otherwise},\n` : ''
    const part = shift === undefined ? '' : `    shift: ${shift},\n    start: ${start},\n`
    return `  ${call}: {\n    argument: ${argument},\n${part}${rest}    shapes: () => [\n${entries.join('')}    ],\n  },\n`
  })
  return `import type { Commands } from '../schema/command-types.ts'
import { kinds } from './kinds.ts'

export const COMMANDS: Readonly<Record<string, Commands>> = {
${texts.join('')}}
`
}

/** What conditions on arguments make of the others, by call. */
function variantsFile(lines, constants, sets, kinds) {
  const calls = readVariants(lines, { constants, sets })
  const item = ({ index, kind, name, when }) =>
    [
      `{ index: ${index}`,
      ...(kind === undefined ? [] : [`kind: ${kinds.of(kind)}`]),
      ...(name === undefined ? [] : [`name: '${name}'`]),
      ...(when === undefined ? [] : [`when: ${json(when)}`]),
    ].join(', ') + ' }'
  const texts = [...calls].map(([call, rules]) => {
    const lists = rules.map(
      ({ when, show }) => `    { when: ${json(when)}, show: [${show.map(item).join(', ')}] },\n`,
    )
    return `  ${call}: () => [\n${lists.join('')}  ],\n`
  })
  return `import type { Rule } from '../schema/variant-types.ts'
import { kinds } from './kinds.ts'

export const VARIANTS: Readonly<Record<string, () => readonly Rule[]>> = {
${texts.join('')}}
`
}

/** The kind of a field by what it is, for its name. */
function fieldNotation(kind) {
  const of = kind.word ?? kind.set ?? kind.of ?? kind.to ?? kind.form ?? kind.name ?? ''
  const bits = [kind.bits, kind.size, kind.count].find(value => typeof value === 'number') ?? ''
  const sign = kind.type === 'int' && kind.signed ? 's' : ''
  const what = typeof of === 'object' ? `${of.type}_${of.name ?? of.bits ?? ''}` : of
  return `${kind.type === 'bits' ? `bit${kind.first}` : kind.type}_${what}_${sign}${bits}`
}

/** What a field has beside name, place and kind. */
function fieldMore({ when, isStep, isOptional }) {
  const more = {
    ...(when ? { when } : {}),
    ...(isStep ? { isStep } : {}),
    ...(isOptional ? { isOptional } : {}),
  }
  return Object.keys(more).length === 0 ? '' : `, ${json(more)}`
}

/** Lines of layouts by name. */
const layoutLines = (list, kinds) =>
  new Map(
    list.map(({ name, size, fields, brief }) => {
      const texts = fields.map(field => {
        const kind = kinds.reference(fieldNotation(field.kind), field.kind)
        return `f('${field.name}', ${field.offset}, ${kind}${fieldMore(field)})`
      })
      const rest = brief === undefined ? '' : `, ${brief}`
      return [name, `  ${name}: () => l('${name}', ${size}, [${texts.join(', ')}]${rest}),\n`]
    }),
  )

function layoutsFile({ wide, narrow, x32, common }, kinds) {
  const isCommon = ({ name }) => common.has(name)
  layoutLines([...wide, ...narrow, ...x32].filter(isCommon), kinds)
  kinds.setApart()
  const wideLines = layoutLines(wide, kinds)
  const different = list =>
    [...layoutLines(list, kinds)].flatMap(([name, text]) => (wideLines.get(name) === text ? [] : [text]))
  return `import type { Field, FieldMore, Layout, Noted } from '../schema/kinds.ts'
import { kinds } from './kinds.ts'
import { rareKinds } from './rare-kinds.ts'
import type { StructName } from './struct-values.ts'

const f = (name: string, offset: number, kind: Noted, more?: FieldMore): Field => ({ name, offset, kind, ...more })
const l = (name: string, size: number, fields: readonly Field[], brief?: number): Layout =>
  brief === undefined ? { name, size, fields } : { name, size, fields, brief }

// Functions, since a program needs few of them.
export const LAYOUTS: Readonly<Partial<Record<StructName, () => Layout>>> = {
${[...wideLines.values()].join('')}}

/** For programs of 32 bits, where they differ. */
export const LAYOUTS_32: Readonly<Partial<Record<StructName, () => Layout>>> = {
${different(narrow).join('')}}

/** For programs of x32, where they differ from those of 64 bits. */
export const LAYOUTS_X32: Readonly<Partial<Record<StructName, () => Layout>>> = {
${different(x32).join('')}}
`
}

/** What follows requests, and what commands select beside commands.txt. */
function selectionsFile({ requests, calls, attributes }, kinds) {
  const list = words => `[${words.map(word => kinds.of(word)).join(', ')}]`
  const byIndex = words => `[${words.map(([index, word]) => `[${index}, ${kinds.of(word)}]`).join(', ')}]`
  const requestLines = requests.map(
    ([number, words]) => `  0x${number.toString(16)}: () => ${list(words)},\n`,
  )
  const callLines = [...calls].map(([call, { by, selected, others }]) => {
    const entries = selected.map(([value, words]) => `      [${value}, ${byIndex(words)}],\n`)
    const rest = others ? `    others: () => ${byIndex(others)},\n` : ''
    return `  ${call}: {\n    by: ${by},\n${rest}    selected: () => [\n${entries.join('')}    ],\n  },\n`
  })
  return `import type { Noted } from '../schema/kinds.ts'
import { kinds } from './kinds.ts'
import { rareKinds } from './rare-kinds.ts'

type Selected = readonly (readonly [index: number, kind: Noted])[]

/** What follows a request of ioctl(2), by its number. */
export const REQUEST_ARGUMENTS: Readonly<Record<number, () => readonly Noted[]>> = {
${requestLines.join('')}}

/** Arguments that the value of another one selects, as an int. */
export const SELECTED_ARGUMENTS: Readonly<
  Record<
    string,
    {
      readonly by: number
      readonly others?: () => Selected
      readonly selected: () => readonly (readonly [value: number, selected: Selected])[]
    }
  >
> = {
${callLines.join('')}}

/** Of netlink messages: NAME =SET of their types, then what each type of them holds. */
export const ATTRIBUTES = \`
${attributes.join('')}\`
`
}

/** The TypeScript type of a field's value. */
function valueType(kind) {
  if (kind.type === 'struct') return `StructValues['${kind.name}']`
  if (['chars', 'tail', 'union', 'octets'].includes(kind.type)) return 'Uint8Array'
  if (kind.type === 'list') return `readonly ${valueType(kind.of).replace(/^(.*\|.*)$/, '($1)')}[]`
  if (kind.type === 'bits') return 'number'
  return (kind.at ?? kind.bits ?? 64) === 64 ? 'Word' : 'number'
}

/** Fields by name; several with one name exclude each other. `?`: it may be missing. */
function valueMembers(fields) {
  const members = new Map()
  for (const { name, kind, when, isStep } of fields) {
    if (kind.type === 'trailing') continue
    const known = members.get(name) ?? { types: new Set(), optional: false }
    members.set(name, known)
    known.types.add(valueType(kind))
    known.optional ||= isStep === true || (when !== undefined && when.field !== 'full' && !when.orFull)
  }
  return members
}

/** Values of structs: those of 64 bits, or of 32 where only those programs have the struct. */
function valuesFile({ wide, narrow }) {
  const all = [...wide, ...narrow.filter(({ name }) => !wide.some(other => other.name === name))]
  const structs = all.map(({ name, fields }) => {
    const members = [...valueMembers(fields)].map(
      ([field, { types, optional }]) =>
        `    readonly ${property(field)}${optional ? '?' : ''}: ${[...types].join(' | ')}\n`,
    )
    return `  readonly ${name}: {\n${members.join('')}  }\n`
  })
  return `/** A number below 2^53 in size, else a bigint. */
export type Word = number | bigint

/** The value of each struct, by its name: a number for each number, bytes for texts. */
export interface StructValues {
${structs.join('')}}

export type StructName = keyof StructValues
`
}

/** Commands by call: the notations of each shape, and where it begins. */
function commandShapes(lines) {
  const calls = new Map()
  for (const line of lines) {
    const [, call, at, value, list] = /^(\S+) (\d) (\S+) \((.*)\)$/.exec(line)
    const start = SHIFTED[call]?.start ?? Number(at) + 1
    const known = calls.get(call) ?? { start, shapes: [], covers: false }
    calls.set(call, known)
    known.shapes.push(list.split(', ').filter(Boolean))
    known.covers ||= value === '*'
  }
  for (const [call, { as }] of Object.entries(ALIASES)) calls.set(call, calls.get(as))
  return calls
}

/** All generated files of the schema, by name. */
export function schemaFiles({ calls, compat, commands, variants, constants, sets, structs, selections }) {
  const kinds = new Kinds()
  const made = {
    'arguments.ts': argumentsFile(calls, kinds),
    'compat.ts': compatFile(compat, kinds),
    'commands.ts': commandsFile(commands, constants, kinds),
    'variants.ts': variantsFile(variants, constants, sets, kinds),
    'layouts.ts': layoutsFile(structs, kinds),
    'struct-values.ts': valuesFile(structs),
    'selections.ts': selectionsFile(selections, kinds),
    'event-arguments.ts': eventTypesFile(
      calls,
      structs,
      commandShapes(commands),
      readVariants(variants, { constants, sets }),
      selections,
    ),
  }
  return {
    ...made,
    'kinds.ts': kinds.file('kinds', 'KindName', false, 'All kinds but those of rare-kinds.ts.'),
    'rare-kinds.ts': kinds.file(
      'rareKinds',
      'RareKindName',
      true,
      'Kinds of requests, commands and messages.',
    ),
  }
}
