/**
 * <encoding> and <name>: functions with their parameters, nested and local names, constructors,
 * operators, lambdas, and the special names of functions.
 */
import { list, made, type Node, print, type Printing, withArguments, word } from './node.ts'
import { OPERATORS } from './operators.ts'
import type { Parser } from './parser.ts'
import { parametersText, sourceText, templateArguments, templateParameter } from './types.ts'

/** The position after `_Z`. */
const START = 2
const ANONYMOUS = /^_GLOBAL_[_.$]N/
/**
 * Their first letters, and the text before the name that follows. Thunks (`v`) have offsets in
 * between.
 */
const SPECIAL: readonly (readonly [RegExp, string, 'encoding' | 'type' | 'name'])[] = [
  [/Th[n\d]\d*_/y, 'non-virtual thunk to ', 'encoding'],
  [/Tv[n\d]\d*_[n\d]\d*_/y, 'virtual thunk to ', 'encoding'],
  [/Tc(h[n\d]\d*_|v[n\d]\d*_[n\d]\d*_){2}/y, 'covariant return thunk to ', 'encoding'],
  [/TV/y, 'vtable for ', 'type'],
  [/TT/y, 'VTT for ', 'type'],
  [/TI/y, 'typeinfo for ', 'type'],
  [/TS/y, 'typeinfo name for ', 'type'],
  [/TH/y, 'TLS init function for ', 'name'],
  [/TW/y, 'TLS wrapper function for ', 'name'],
  [/GV/y, 'guard variable for ', 'name'],
  [/GTt/y, 'transaction clone for ', 'encoding'],
  [/GTn/y, 'non-transaction clone for ', 'encoding'],
]

export function parseEncoding(parser: Parser): Node {
  for (const [pattern, before, what] of SPECIAL) {
    if (!parser.match(pattern)) continue
    const subject = parser[what]()
    return made(printing => before + print(subject, printing))
  }
  const isWhole = parser.at === START
  const outer = parser.parameters
  const waiting = parser.forward.length
  const name = parser.name(true)
  for (const place of parser.forward.splice(waiting))
    place.node = parser.parameters[place.index] ?? parser.fail()
  const encoding = endsHere(parser) ? name : functionOf(parser, name, isWhole)
  parser.parameters = outer
  return encoding
}

const endsHere = (parser: Parser): boolean => parser.atEnd || /[E.]/.test(parser.peek)

/** Names within names are printed without the return types of functions. */
function functionOf(parser: Parser, name: Node, isWhole: boolean): Node {
  const returned = name.endsWithArguments && !name.hasNoReturn ? parser.type() : undefined
  const parameters: Node[] = []
  while (!endsHere(parser)) parameters.push(parser.type())
  const suffix = name.suffix ?? ''
  const result = isWhole ? returned : undefined
  const spelled = (printing: Printing): string => {
    const text = `${print(name, printing)}(${parametersText(parameters, printing)})${suffix}`
    if (!result) return text
    const { left, right } = result.halves(printing)
    return `${left}${left.endsWith(' ') ? '' : ' '}${text}${right}`
  }
  return made(spelled, { bare: { ...name, simple: true } })
}

export function parseName(parser: Parser, isEncoding: boolean): Node {
  if (parser.peek === 'N') return nestedName(parser, isEncoding)
  if (parser.peek === 'Z') return localName(parser)
  if (/^S[^t]/.test(parser.next(2))) {
    const known = substitution(parser)
    return parser.peek === 'I' ? withArguments(known, templateArguments(parser, isEncoding)) : known
  }
  const name = parser.takes('St')
    ? within(word('std'), unqualified(parser, undefined))
    : unqualified(parser, undefined)
  if (parser.peek !== 'I') return name
  parser.remember(name)
  return withArguments(name, templateArguments(parser, isEncoding))
}

const STANDARD: Readonly<Record<string, readonly [short: string, full: string]>> = {
  a: ['std::allocator', 'allocator'],
  b: ['std::basic_string', 'basic_string'],
  s: ['std::string', 'basic_string<char, std::char_traits<char>, std::allocator<char> >'],
  i: ['std::istream', 'basic_istream<char, std::char_traits<char> >'],
  o: ['std::ostream', 'basic_ostream<char, std::char_traits<char> >'],
  d: ['std::iostream', 'basic_iostream<char, std::char_traits<char> >'],
}

/** S_ and similar. Before a constructor, the standard substitutions are printed in full. */
function substitution(parser: Parser): Node {
  parser.expect('S')
  const standard = STANDARD[parser.peek]
  if (!standard) return parser.substitutions[parser.sequence(36)] ?? parser.fail()
  parser.at++
  const [short, full] = standard
  const isSpelledOut = /[CD]/.test(parser.peek)
  return made(() => (isSpelledOut ? `std::${full}` : short), {
    base: word(full.replace(/<.*/, '')),
    simple: true,
  })
}

const QUALIFIERS: Readonly<Record<string, string>> = {
  r: ' __restrict',
  V: ' volatile',
  K: ' const',
  R: ' &',
  O: ' &&',
}

function nestedName(parser: Parser, isEncoding: boolean): Node {
  parser.expect('N')
  const [letters = ''] = parser.match(/[rVK]*[RO]?/y) ?? []
  const suffix = Array.from(letters, letter => QUALIFIERS[letter] ?? '').join('')
  let name: Node | undefined
  while (!parser.takes('E')) {
    // A lambda may be in the initialiser of a member.
    if (parser.takes('M')) continue
    const isSubstitution = /^S[^t]/.test(parser.next(2))
    name = component(parser, name, isEncoding)
    // The whole name is remembered as a type if it is one.
    if (!isSubstitution && parser.peek !== 'E') parser.remember(name)
  }
  if (!name) parser.fail()
  return suffix === '' ? name : { ...name, suffix }
}

function component(parser: Parser, outer: Node | undefined, isEncoding: boolean): Node {
  if (parser.peek === 'I') return withArguments(outer ?? parser.fail(), templateArguments(parser, isEncoding))
  if (parser.takes('St')) return within(word('std'), unqualified(parser, undefined))
  if (parser.peek === 'S') return substitution(parser)
  if (parser.peek === 'T') return templateParameter(parser)
  if (/^D[tT]/.test(parser.next(2))) {
    parser.at += 2
    const expression = parser.expression()
    parser.expect('E')
    return made(printing => `decltype (${print(expression, printing)})`)
  }
  const inner = unqualified(parser, outer)
  return outer ? within(outer, inner) : inner
}

const within = (outer: Node, inner: Node): Node =>
  made(printing => `${print(outer, printing)}::${print(inner, printing)}`, {
    base: inner.base ?? inner,
    ...(inner.hasNoReturn && { hasNoReturn: true }),
  })

/** <unqualified-name> with its ABI tags. */
function unqualified(parser: Parser, outer: Node | undefined): Node {
  let name = bareName(parser, outer)
  while (parser.takes('B')) {
    const tag = sourceText(parser)
    const inner = name
    name = made(printing => `${print(inner, printing)}[abi:${tag}]`, { ...inner, base: inner.base ?? inner })
  }
  return name
}

function bareName(parser: Parser, outer: Node | undefined): Node {
  parser.takes('L')
  if (/\d/.test(parser.peek)) {
    const text = sourceText(parser)
    return word(ANONYMOUS.test(text) ? '(anonymous namespace)' : text)
  }
  if (parser.match(/C[1-5]/y)) return constructorOf(parser, outer, '')
  if (parser.match(/CI[12]/y)) {
    parser.type()
    return constructorOf(parser, outer, '')
  }
  if (parser.match(/D[0-5]/y)) return constructorOf(parser, outer, '~')
  if (parser.takes('DC')) {
    const names = parser.untilEnd(() => word(sourceText(parser)))
    return made(printing => `[${list(names, printing)}]`)
  }
  if (parser.takes('Ut')) return word(`{unnamed type#${parser.sequence(10) + 1}}`)
  if (parser.takes('Ul')) return lambda(parser)
  return operatorName(parser)
}

function constructorOf(parser: Parser, outer: Node | undefined, mark: string): Node {
  const owner = outer?.base ?? outer ?? parser.fail()
  return made(printing => mark + print(owner, printing).replace(/\[abi:\w+\]/g, ''), { hasNoReturn: true })
}

function lambda(parser: Parser): Node {
  parser.match(/(T[yp]|Tn[a-z])*/y)
  parser.lambdas++
  const outer = parser.parameters
  parser.parameters = []
  const parameters = parser.untilEnd(() => parser.type())
  parser.parameters = outer
  parser.lambdas--
  const number = parser.sequence(10) + 1
  return made(printing => `{lambda(${parametersText(parameters, printing)})#${number}}`)
}

function operatorName(parser: Parser): Node {
  if (parser.takes('cv')) {
    const type = parser.type()
    return made(printing => `operator ${print(type, printing)}`, { hasNoReturn: true })
  }
  if (parser.takes('li')) return word(`operator"" ${sourceText(parser)}`)
  if (parser.match(/v\d/y)) return word(`operator ${sourceText(parser)}`)
  const spelled = OPERATORS[parser.next(2)] ?? parser.fail()
  parser.at += 2
  return word(`operator${spelled}`)
}

/** A name that is declared within a function. */
function localName(parser: Parser): Node {
  parser.expect('Z')
  const owner = parser.encoding()
  parser.expect('E')
  if (parser.takes('s')) {
    discriminator(parser)
    return made(printing => `${print(owner, printing)}::string literal`)
  }
  const argument = parser.takes('d') ? `{default arg#${parser.sequence(10) + 1}}::` : ''
  const inner = parser.name(true)
  if (argument === '') discriminator(parser)
  const name = made(printing => `${print(owner, printing)}::${argument}${print(inner, printing)}`)
  const { base = inner, ...facts } = inner
  return { ...facts, base, halves: printing => name.halves(printing) }
}

const discriminator = (parser: Parser): void => void parser.match(/_(\d|_\d+_)/y)
