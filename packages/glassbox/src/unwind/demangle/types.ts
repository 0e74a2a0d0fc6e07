/** <type>, and <template-args>, which contain types. */
import {
  expansion,
  type Halves,
  list,
  made,
  marked,
  type Node,
  pack,
  plain,
  print,
  type Printing,
  qualified,
  withArguments,
  word,
} from './node.ts'
import { BUILTINS } from './operators.ts'
import type { Parser } from './parser.ts'

const QUALIFIERS: Readonly<Record<string, string>> = { r: ' __restrict', V: ' volatile', K: ' const' }
const MARKS: Readonly<Record<string, string>> = { P: '*', R: '&', O: '&&', C: ' _Complex', G: ' _Imaginary' }

export function parseType(parser: Parser): Node {
  const qualifiers = parser.match(/[rVK]+/y)?.[0]
  if (qualifiers !== undefined) {
    const inner = parser.type()
    const words = Array.from(qualifiers)
      .toReversed()
      .map(letter => QUALIFIERS[letter] ?? '')
    return parser.remember(qualified(inner, words))
  }
  const builtin = builtinType(parser)
  if (builtin) return builtin
  const mark = MARKS[parser.peek]
  if (mark !== undefined) {
    parser.at++
    return parser.remember(
      mark.startsWith('&') ? reference(parser.type(), mark) : marked(parser.type(), () => mark),
    )
  }
  return otherType(parser)
}

function builtinType(parser: Parser): Node | undefined {
  const [code = ''] = parser.match(/D[adehfhisucn]|[vwbcahstijlmxynofdegz]/y) ?? []
  const name = BUILTINS[code]
  if (name !== undefined) return word(name)
  const [, bits, kind] = parser.match(/DF(\d+)(_|b|x)/y) ?? []
  if (bits !== undefined)
    return word(kind === 'b' ? 'std::bfloat16_t' : `_Float${bits}${kind === 'x' ? 'x' : ''}`)
  return undefined
}

/** `T& &&` is `T&`. */
function reference(inner: Node, mark: string): Node {
  const usual = marked(inner, () => mark)
  return {
    halves: printing => {
      const { left, right, shape } = inner.halves(printing)
      const at = /&&?$/.exec(left)?.[0]
      if (at === undefined || (shape !== 'plain' && right === '')) return usual.halves(printing)
      return { left: mark === '&' && at === '&&' ? left.slice(0, -1) : left, right, shape }
    },
  }
}

function otherType(parser: Parser): Node {
  const code = parser.next(2)
  if (/^(Do|DO|Dw|Dx|F)/.test(code) || code.startsWith('F')) return parser.remember(functionType(parser))
  if (code === 'Dp') return packType(parser)
  if (code === 'Dt' || code === 'DT') return parser.remember(decltype(parser))
  if (code === 'Dv') return parser.remember(vectorType(parser))
  switch (parser.peek) {
    case 'A':
      return parser.remember(arrayType(parser))
    case 'M':
      return parser.remember(memberPointer(parser))
    case 'T':
      if (/[sue]/.test(code[1] ?? '')) parser.at += 2
      else return parameterType(parser)
      return parser.remember(parser.name())
    case 'U':
      return parser.remember(vendorQualified(parser))
    case 'u':
      parser.at++
      return parser.remember(word(sourceText(parser)))
    case 'S':
      // With arguments it is a name. Alone it is already remembered, unless it is St.
      if (code !== 'St' && !/^S[absiod]/.test(code)) return substitutedType(parser)
      return namedType(parser)
    default:
      return namedType(parser)
  }
}

/**
 * Names remember their own prefixes. The whole name is remembered here, unless it is a bare
 * substitution.
 */
function namedType(parser: Parser): Node {
  const from = parser.at
  const name = parser.name()
  return /^S[absiod]$/.test(parser.text.slice(from, parser.at)) ? name : parser.remember(name)
}

export function sourceText(parser: Parser): string {
  const length = parser.number()
  const text = parser.text.slice(parser.at, parser.at + length)
  if (text.length < length) parser.fail()
  parser.at += length
  return text
}

function substitutedType(parser: Parser): Node {
  parser.expect('S')
  const known = parser.substitutions[parser.sequence(36)] ?? parser.fail()
  if (parser.peek !== 'I') return known
  return parser.remember(withArguments(known, templateArguments(parser)))
}

function parameterType(parser: Parser): Node {
  const parameter = parser.remember(templateParameter(parser))
  if (parser.peek !== 'I') return parameter
  return parser.remember(withArguments(parameter, templateArguments(parser)))
}

export function templateParameter(parser: Parser): Node {
  parser.expect('T')
  if (parser.takes('L')) parser.match(/\d*_/y)
  const index = parser.sequence(10)
  const known = parser.parameters[index]
  if (parser.lambdas > 0 && !known) return word(`auto:${index + 1}`)
  if (known) return known
  const place: { index: number; node: Node | undefined } = { index, node: undefined }
  parser.forward.push(place)
  return { halves: printing => place.node?.halves(printing) ?? parser.fail() }
}

/** `remembers`: they are the arguments of the outermost function, to which T_ will refer. */
export function templateArguments(parser: Parser, remembers = false): readonly Node[] {
  parser.expect('I')
  const outer = parser.parameters
  const args: Node[] = []
  if (remembers) parser.parameters = args
  while (!parser.takes('E')) args.push(templateArgument(parser))
  if (!remembers) parser.parameters = outer
  return args
}

function templateArgument(parser: Parser): Node {
  if (parser.takes('X')) {
    const expression = parser.expression()
    parser.expect('E')
    return expression
  }
  if (parser.takes('J')) return pack(parser.untilEnd(() => templateArgument(parser)))
  return parser.peek === 'L' ? parser.expression() : parser.type()
}

function packType(parser: Parser): Node {
  parser.expect('Dp')
  return parser.remember(expansion(parser.type()))
}

function decltype(parser: Parser): Node {
  parser.at += 2
  const expression = parser.expression()
  parser.expect('E')
  return made(printing => `decltype (${print(expression, printing)})`)
}

function vectorType(parser: Parser): Node {
  parser.expect('Dv')
  const size = parser.takes('_') ? parser.expression() : word(String(parser.number()))
  parser.expect('_')
  const element = parser.type()
  return made(printing => `${print(element, printing)} __vector(${print(size, printing)})`)
}

function vendorQualified(parser: Parser): Node {
  parser.expect('U')
  const name = sourceText(parser)
  const args = parser.peek === 'I' ? templateArguments(parser) : undefined
  const qualifier = args ? withArguments(word(name), args) : word(name)
  const inner = parser.type()
  return marked(inner, printing => ` ${print(qualifier, printing)}`)
}

function arrayType(parser: Parser): Node {
  parser.expect('A')
  const size = /\d/.test(parser.peek)
    ? word(String(parser.number()))
    : parser.peek === '_'
      ? word('')
      : parser.expression()
  parser.expect('_')
  const element = parser.type()
  return {
    halves: printing => {
      const { left, right, shape } = element.halves(printing)
      const dimension = ` [${print(size, printing)}]`
      const joined = shape === 'array' ? dimension + right.trimStart() : dimension + right
      return { left, right: joined, shape: 'array' }
    },
  }
}

function memberPointer(parser: Parser): Node {
  parser.expect('M')
  const owner = parser.type()
  return marked(parser.type(), printing => ` ${print(owner, printing)}::*`)
}

const REFERENCES: Readonly<Record<string, string>> = { R: ' &', O: ' &&' }

function functionType(parser: Parser): Node {
  const exception = exceptionText(parser)
  parser.takes('Dx')
  parser.expect('F')
  parser.takes('Y')
  const result = parser.type()
  const parameters: Node[] = []
  let suffix = ''
  while (!parser.takes('E')) {
    const [, letter = ''] = parser.match(/([RO])E/y) ?? []
    if (letter === '') parameters.push(parser.type())
    else {
      suffix = REFERENCES[letter] ?? ''
      break
    }
  }
  return {
    halves: printing => {
      const right = `(${parametersText(parameters, printing)})${suffix}${exception(printing)}`
      return around(result.halves(printing), right)
    },
  }
}

function around(result: Halves, right: string): Halves {
  return { left: `${result.left} `, right: right + result.right, shape: 'function' }
}

function exceptionText(parser: Parser): (printing: Printing) => string {
  if (parser.takes('Do')) return () => ' noexcept'
  if (parser.takes('DO')) {
    const condition = parser.expression()
    parser.expect('E')
    return printing => ` noexcept(${print(condition, printing)})`
  }
  if (!parser.takes('Dw')) return () => ''
  const types = parser.untilEnd(() => parser.type())
  return printing => ` throw(${list(types, printing)})`
}

/** `void` alone means no parameters. */
export function parametersText(parameters: readonly Node[], printing: Printing): string {
  const text = list(parameters, printing)
  return text === 'void' ? '' : text
}

export const nothing: Node = { halves: () => plain('') }
