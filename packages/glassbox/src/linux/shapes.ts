/**
 * Shapes: structs that only text is made of, such as the arguments of ioctl(2) requests and the
 * payloads of netlink messages. scripts/linux/shapes.txt describes them; the compiler said where
 * their fields are.
 */
import { SHAPED_ARGUMENTS, SHAPED_REQUESTS, SHAPES } from './generated/shapes.ts'

export interface ShapeField {
  /** In which cases the field is printed: `flags&2`, `id==1`, `x!=0`. */
  readonly condition?: {
    readonly field: string
    readonly test: '&' | '!&' | '==' | '!=' | '>'
    /** One value, but for `==`, which takes several. */
    readonly values: readonly bigint[]
    /** With -v, the field is printed in any case. */
    readonly orFull?: true
  }
  /** A struct of an older kernel may end here: a call that gives its size says so. */
  readonly isStep: boolean
  readonly name: string
  readonly offset: number
  readonly size: number
  /** The size of the elements of a list. */
  readonly element: number
  readonly kind: string
  /** A list: how many of its elements are printed: a number, or the name of a field. */
  readonly count?: string
  /** Left out if it is zero. */
  readonly isOptional: boolean
}

export interface Shape {
  readonly name: string
  readonly size: number
  readonly fields: readonly ShapeField[]
  /** How many fields are printed without -v. */
  readonly brief?: number
}

const FIELD =
  /^(>?)(?:\[(\w+)(!?&|==|!=|>)([\w,]+)\])?([\w.]+)@(\d+)\+(\d+)(?:\/(\d+))?:([^@?]+?)(?:@(\w+))?(\?)?$/

const conditionValues = (word: string): { readonly values: readonly bigint[]; readonly orFull?: true } =>
  word === 'full' ? { values: [0n], orFull: true } : { values: word.split(',').map(BigInt) }

function field(word: string): ShapeField {
  const [, step, on, test, value = '0', name = '', offset, size, element, kind = '', count, optional] =
    FIELD.exec(word) ?? []
  return {
    ...(on !== undefined && {
      condition: { field: on, test: test as '&' | '!&' | '==' | '!=' | '>', ...conditionValues(value) },
    }),
    isStep: step === '>',
    name,
    offset: Number(offset),
    size: Number(size),
    element: Number(element ?? 0),
    kind,
    ...(count !== undefined && { count }),
    isOptional: optional !== undefined,
  }
}

/** The rest of the line that begins with these words, in a table of lines. */
function lineOf(table: string, first: string): string | undefined {
  const start = `\n${first} `
  const at = table.indexOf(start)
  return at < 0 ? undefined : table.slice(at + start.length, table.indexOf('\n', at + 1))
}

const shapes = new Map<string, Shape | undefined>()

/** A shape by its name. Returns the same object each time. */
export function shapeOf(name: string): Shape | undefined {
  if (shapes.has(name)) return shapes.get(name)
  const line = lineOf(SHAPES, name)
  const [size, ...words] = line?.split(' ') ?? []
  const brief = words.indexOf('...')
  const shape =
    line === undefined
      ? undefined
      : {
          name,
          size: Number(size),
          fields: words.filter(word => word !== '...' && word !== '').map(field),
          ...(brief >= 0 && { brief }),
        }
  shapes.set(name, shape)
  return shape
}

const requests = new Map<number, readonly string[] | undefined>()

/** The kinds of what follows an ioctl(2) request, if shapes.txt knows it. */
export function shapedRequest(number: number): readonly string[] | undefined {
  if (requests.has(number)) return requests.get(number)
  const kinds = lineOf(SHAPED_REQUESTS, number.toString(16))?.split(' ').filter(Boolean)
  requests.set(number, kinds)
  return kinds
}

/** Which arguments of a call have kinds that only text knows. */
export interface ShapedCall {
  /** The argument that selects them. */
  readonly by: number
  /** Kinds by their index, by the value of that argument, as an int. */
  readonly kinds: ReadonlyMap<number, ReadonlyMap<number, string>>
  /** For all other values. */
  readonly others?: ReadonlyMap<number, string>
}

let calls: ReadonlyMap<string, ShapedCall> | undefined

interface ReadCall {
  by: number
  kinds: Map<number, ReadonlyMap<number, string>>
  others?: ReadonlyMap<number, string>
}

function readCalls(): ReadonlyMap<string, ShapedCall> {
  const read = new Map<string, ReadCall>()
  for (const [, name = '', by, value, rest = ''] of SHAPED_ARGUMENTS.matchAll(/^(\w+) (\d)=(\S+) (.*)$/gm)) {
    const call: ReadCall = read.get(name) ?? { by: Number(by), kinds: new Map() }
    read.set(name, call)
    const kinds = new Map(
      rest
        .split(' ')
        .map(word => [Number(word.slice(0, word.indexOf(':'))), word.slice(word.indexOf(':') + 1)]),
    )
    if (value === '*') call.others = kinds
    else call.kinds.set(Number(value), kinds)
  }
  return read
}

/** What shapes.txt says of the arguments of a call. */
export function shapedCall(name: string): ShapedCall | undefined {
  calls ??= readCalls()
  return calls.get(name)
}
