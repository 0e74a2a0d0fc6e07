/**
 * Demangles C++ names (Itanium C++ ABI) as libiberty does for strace: parameters are shown,
 * standard names are short.
 */
import { parseExpression } from './expressions.ts'
import { parseEncoding, parseName } from './names.ts'
import { print } from './node.ts'
import { type Grammar, Parser } from './parser.ts'
import { parseType } from './types.ts'

const GRAMMAR: Grammar = {
  encoding: parseEncoding,
  name: parseName,
  type: parseType,
  expression: parseExpression,
}
/** Suffixes that the compiler adds to clones of a function: `.constprop.0`, `.isra.0.cold`. */
const CLONE = /\.([A-Za-z_]+)((?:\.\d+)*)/y

/** Returns `undefined` if the symbol is not a C++ name or cannot be parsed. */
export function cppName(mangled: string): string | undefined {
  if (!mangled.startsWith('_Z')) return undefined
  const parser = new Parser(mangled, GRAMMAR)
  parser.at = 2
  try {
    const encoding = parser.encoding()
    let text = print(encoding, { index: undefined, size: undefined })
    for (let clone = parser.match(CLONE); clone; clone = parser.match(CLONE)) text += ` [clone ${clone[0]}]`
    return parser.atEnd ? text : undefined
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}
