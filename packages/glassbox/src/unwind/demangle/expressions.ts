/**
 * <expression>: expressions in template arguments, decltype and noexcept. They are printed as
 * libiberty prints them, with all brackets.
 */
import { expansion, list, made, type Node, print, type Printing, withArguments, word } from './node.ts'
import { NOT_BINARY, OPERATORS, SUFFIXES, UNARY } from './operators.ts'
import type { Parser } from './parser.ts'
import { sourceText, templateArguments, templateParameter } from './types.ts'

type Rule = (parser: Parser) => Node

const operand = (node: Node, printing: Printing): string =>
  node.simple ? print(node, printing) : `(${print(node, printing)})`

const around =
  (before: string, read: Rule, after: string): Rule =>
  parser => {
    const inner = read(parser)
    return made(printing => before + print(inner, printing) + after)
  }

const expression: Rule = parser => parser.expression()
const type: Rule = parser => parser.type()

/** By their first two letters. */
const RULES: Readonly<Record<string, Rule>> = {
  cl: parser => {
    const [called = parser.fail(), ...args] = parser.untilEnd(() => parser.expression())
    return made(printing => `${operand(called, printing)}(${list(args, printing)})`)
  },
  cv: conversion,
  tl: braced(type),
  il: braced(undefined),
  ix: parser => {
    const [array, index] = [parser.expression(), parser.expression()]
    return made(printing => `${operand(array, printing)}[${print(index, printing)}]`)
  },
  qu: parser => {
    const [condition, yes, no] = [parser.expression(), parser.expression(), parser.expression()]
    return made(
      printing => `${operand(condition, printing)}?${operand(yes, printing)} : ${operand(no, printing)}`,
    )
  },
  dt: member('.'),
  pt: member('->'),
  st: around('sizeof (', type, ')'),
  sz: around('sizeof (', expression, ')'),
  at: around('alignof (', type, ')'),
  az: around('alignof (', expression, ')'),
  nx: around('noexcept(', expression, ')'),
  ti: around('typeid (', type, ')'),
  te: around('typeid (', expression, ')'),
  tw: around('throw ', expression, ''),
  sp: parser => expansion(parser.expression()),
  sZ: parser => {
    const counted = parser.peek === 'T' ? templateParameter(parser) : parser.expression()
    return made(printing =>
      counted.elements ? String(counted.elements.length) : `sizeof...(${print(counted, printing)})`,
    )
  },
  sc: cast('static_cast'),
  dc: cast('dynamic_cast'),
  cc: cast('const_cast'),
  rc: cast('reinterpret_cast'),
  sr: parser => {
    const owner = parser.type()
    const name = simpleName(parser)
    return made(printing => `${print(owner, printing)}::${print(name, printing)}`, { simple: true })
  },
  on: parser => simpleName(parser),
}

export function parseExpression(parser: Parser): Node {
  if (parser.peek === 'L') return literal(parser)
  if (parser.peek === 'T') return templateParameter(parser)
  if (parser.takes('fpT')) return word('this')
  if (parser.match(/f(L\d+)?p[rVK]*/y)) return word(`{parm#${parser.sequence(10) + 1}}`)
  if (/\d/.test(parser.peek)) return simpleName(parser)
  const code = parser.next(2)
  const rule = RULES[code]
  if (rule) {
    parser.at += 2
    return rule(parser)
  }
  const spelled = OPERATORS[code] ?? parser.fail()
  parser.at += 2
  if (UNARY.has(code)) return unary(parser, code, spelled)
  if (NOT_BINARY.has(code)) parser.fail()
  const [left, right] = [parser.expression(), parser.expression()]
  return made(printing => {
    const text = operand(left, printing) + spelled + operand(right, printing)
    // In brackets, so that it is not read as the end of template arguments.
    return spelled === '>' ? `(${text})` : text
  })
}

function unary(parser: Parser, code: string, spelled: string): Node {
  const isSuffix = /^(pp|mm)$/.test(code) && !parser.takes('_')
  const whole = parser.expression()
  const inner = code === 'ad' ? (whole.bare ?? whole) : whole
  return made(printing =>
    isSuffix ? operand(inner, printing) + spelled : spelled + operand(inner, printing),
  )
}

function simpleName(parser: Parser): Node {
  const operator = OPERATORS[parser.next(2)]
  let name: Node
  if (operator === undefined) name = word(sourceText(parser))
  else {
    parser.at += 2
    name = word(`operator${operator}`)
  }
  return parser.peek === 'I' ? { ...withArguments(name, templateArguments(parser)), simple: true } : name
}

function conversion(parser: Parser): Node {
  const target = parser.type()
  const values = parser.takes('_') ? parser.untilEnd(() => parser.expression()) : [parser.expression()]
  return made(printing => `(${print(target, printing)})(${list(values, printing)})`)
}

function braced(head: Rule | undefined): Rule {
  return parser => {
    const before = head?.(parser)
    const values = parser.untilEnd(() => parser.expression())
    return made(printing => `${before ? print(before, printing) : ''}{${list(values, printing)}}`, {
      simple: true,
    })
  }
}

function member(mark: string): Rule {
  return parser => {
    const [object, name] = [parser.expression(), parser.expression()]
    return made(printing => `${operand(object, printing)}${mark}${print(name, printing)}`)
  }
}

function cast(name: string): Rule {
  return parser => {
    const [target, value] = [parser.type(), parser.expression()]
    return made(printing => `${name}<${print(target, printing)}>(${print(value, printing)})`)
  }
}

function literal(parser: Parser): Node {
  parser.expect('L')
  if (parser.takes('_Z') || parser.takes('Z')) {
    const encoding = parser.encoding()
    parser.expect('E')
    return { ...encoding, simple: true }
  }
  const kind = parser.type()
  const [, sign = '', digits = ''] = parser.match(/(n?)([0-9a-f]*)E/y) ?? parser.fail()
  const value = (sign === '' ? '' : '-') + digits
  return made(
    printing => {
      const name = print(kind, printing)
      const suffix = SUFFIXES[name]
      if (suffix !== undefined) return value + suffix
      if (name === 'bool' && value === '0') return 'false'
      if (name === 'bool' && value === '1') return 'true'
      const isReal = /^(float|double|long double|__float128)$/.test(name)
      return value === '' ? `(${name})` : `(${name})${isReal ? `[${value}]` : value}`
    },
    { simple: false },
  )
}
