/**
 * Escapes names between angle brackets: as in quotes, but without the quotes, and with the
 * brackets escaped.
 */
import { quote } from '../../decode/text.ts'

export function escaped(bytes: Uint8Array): string {
  return quote(bytes).slice(1, -1).replaceAll('<', '\\74').replaceAll('>', '\\76')
}
