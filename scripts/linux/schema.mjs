// The generated files of the schema: kinds, the arguments of every call, what commands select, and
// layouts of structs, as TypeScript that the compiler checks against schema/kinds.ts.
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

/** Kinds, each written once, under a name made of its notation. */
class Kinds {
  #names = new Map()
  #used = new Set()

  name(notation, kind) {
    const text = json(kind)
    const known = this.#names.get(text)
    if (known) return known
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
    return name
  }

  /** `kinds().NAME` of a notation. */
  of(notation) {
    return `kinds().${this.name(notation, parseKind(notation))}`
  }

  names() {
    return [...this.#names.values()].map(name => `  | '${name}'\n`).join('')
  }

  text() {
    return [...this.#names].map(([text, name]) => `  ${name}: ${text},\n`).join('')
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

const layouts = (list, kinds) =>
  list
    .map(({ name, size, fields }) => {
      const texts = fields.map(
        field =>
          `f('${field.name}', ${field.offset}, kinds().${kinds.name(fieldNotation(field.kind), field.kind)})`,
      )
      return `  ${name}: () => l('${name}', ${size}, [${texts.join(', ')}]),\n`
    })
    .join('')

const layoutsFile = (
  { wide, narrow },
  kinds,
) => `import type { Field, Layout, Noted } from '../schema/kinds.ts'
import { kinds } from './kinds.ts'
import type { StructName } from './struct-values.ts'

const f = (name: string, offset: number, kind: Noted): Field => ({ name, offset, kind })
const l = (name: string, size: number, fields: readonly Field[]): Layout => ({ name, size, fields })

// Functions, since a program needs few of them.
export const LAYOUTS: Readonly<Partial<Record<StructName, () => Layout>>> = {
${layouts(wide, kinds)}}

/** For programs of 32 bits. */
export const LAYOUTS_32: Readonly<Record<StructName, () => Layout>> = {
${layouts(narrow, kinds)}}
`

/** The TypeScript type of a field's value. */
function valueType(kind) {
  if (kind.type === 'struct') return `StructValues['${kind.name}']`
  if (kind.type === 'chars' || kind.type === 'tail' || kind.type === 'union') return 'Uint8Array'
  if (kind.type === 'list') return `readonly ${valueType(kind.of).replace(/^(.*\|.*)$/, '($1)')}[]`
  if (kind.type === 'bits') return 'number'
  return (kind.bits ?? 64) === 64 ? 'Word' : 'number'
}

/** Values of structs: those of 64 bits, or of 32 where only those programs have the struct. */
function valuesFile({ wide, narrow }) {
  const all = [...wide, ...narrow.filter(({ name }) => !wide.some(other => other.name === name))]
  const structs = all.map(({ name, fields }) => {
    const members = fields.map(field => `    readonly ${property(field.name)}: ${valueType(field.kind)}\n`)
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
export function schemaFiles({ calls, commands, variants, constants, sets, structs }) {
  const kinds = new Kinds()
  const made = {
    'arguments.ts': argumentsFile(calls, kinds),
    'commands.ts': commandsFile(commands, constants, kinds),
    'variants.ts': variantsFile(variants, constants, sets, kinds),
    'layouts.ts': layoutsFile(structs, kinds),
    'struct-values.ts': valuesFile(structs),
    'event-arguments.ts': eventTypesFile(
      calls,
      structs,
      commandShapes(commands),
      readVariants(variants, { constants, sets }),
    ),
  }
  const file = `import type { Noted } from '../schema/kinds.ts'

type KindName =
${kinds.names()}
const make = (): Readonly<Record<KindName, Noted>> => ({
${kinds.text()}})

let made: Readonly<Record<KindName, Noted>> | undefined

/** All kinds. They are made at the first call: most commands never need them. */
export const kinds = (): Readonly<Record<KindName, Noted>> => (made ??= make())
`
  return { ...made, 'kinds.ts': file }
}
