/**
 * Text from outside (names of files, arguments, messages that hold them) made safe for a terminal.
 * A file name may hold any byte: an escape sequence that clears the screen, a line break that
 * forges a second message, a mark that turns the order of letters.
 */

/**
 * Control characters of ASCII and of ISO 6429, breaks of lines and paragraphs, marks of direction,
 * letters that are not seen, halves of surrogate pairs.
 */
const UNPRINTABLE =
  /[\p{Cc}\p{Zl}\p{Zp}\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]|\p{Cs}|[\u{e0000}-\u{e007f}]/gu

const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }

/**
 * The same text with each character that a terminal would obey written as an escape: `\n`, `\x1b`,
 * `\u202e`.
 *
 * @example printable('no\u001b[2J') // 'no\\x1b[2J'
 */
export function printable(text: string): string {
  return text.replaceAll(UNPRINTABLE, letter => SHORT[letter] ?? escaped(letter.codePointAt(0) ?? 0))
}

function escaped(code: number): string {
  const digits = code.toString(16)
  if (code <= 0xff) return `\\x${digits.padStart(2, '0')}`
  return code <= 0xffff ? `\\u${digits.padStart(4, '0')}` : `\\u{${digits}}`
}
