/**
 * Escapes names between angle brackets: as in quotes, but without the quotes, and with the
 * brackets escaped.
 */
import { quote } from '../../decode/text.ts'

export function escaped(bytes: Uint8Array): string {
  return quote(bytes)
    .slice(1, -1)
    .replaceAll(/[<>](?=([0-7]?))/g, (bracket, digit: string) => {
      const code = bracket === '<' ? '74' : '76'
      // A digit behind it could be read as part of a shorter escape.
      return `\\${digit === '' ? code : code.padStart(3, '0')}`
    })
}
