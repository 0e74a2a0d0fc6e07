/**
 * Turns a symbol into the name in its source. Symbols that are not mangled stay as they are.
 * Pure.
 */
import { cppName } from './itanium.ts'
import { legacyRustName } from './rust-legacy.ts'
import { rustName } from './rust.ts'

const known = new Map<string, string>()

export function demangled(symbol: string): string {
  if (!symbol.startsWith('_Z') && !symbol.startsWith('_R')) return symbol
  let name = known.get(symbol)
  if (name === undefined) {
    name = rustName(symbol) ?? legacyRustName(symbol) ?? cppName(symbol) ?? symbol
    known.set(symbol, name)
  }
  return name
}
