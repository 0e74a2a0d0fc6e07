/** The name that the source has for a symbol; symbols that are not mangled stay as they are. */
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
