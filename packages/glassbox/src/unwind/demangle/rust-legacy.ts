/**
 * Rust's names of the older scheme. They look like C++ names of a path whose last part is a hash:
 * `_ZN4core3fmt5Write9write_fmt17h0123456789abcdefE`.
 */

const HASH = /^h[0-9a-f]{16}$/
/** The hash is the last part. A compiler suffix may follow. */
const PATH = /^_ZN(.*17h[0-9a-f]{16})E(?:\.[\w.]+)?$/
/** Escapes for characters that symbols cannot contain. */
const ESCAPES: Readonly<Record<string, string>> = {
  SP: '@',
  BP: '*',
  RF: '&',
  LT: '<',
  GT: '>',
  LP: '(',
  RP: ')',
  C: ',',
}

export function legacyRustName(symbol: string): string | undefined {
  const [, path] = PATH.exec(symbol) ?? []
  const parts = path === undefined ? undefined : partsOf(path)
  const hash = parts?.pop()
  if (!parts || hash === undefined || !HASH.test(hash) || parts.length === 0) return undefined
  return parts.map(spelled).join('::')
}

function partsOf(path: string): string[] | undefined {
  const parts: string[] = []
  for (let at = 0; at < path.length; ) {
    const digits = /^\d+/.exec(path.slice(at))?.[0]
    if (digits === undefined) return undefined
    const start = at + digits.length
    at = start + Number(digits)
    if (at > path.length) return undefined
    parts.push(path.slice(start, at))
  }
  return parts
}

function spelled(part: string): string {
  return part
    .replace(/^_(?=\$)/, '')
    .replace(/\$(\w+?)\$/g, (whole, code: string) => {
      if (/^u[0-9a-f]+$/.test(code)) return String.fromCodePoint(parseInt(code.slice(1), 16))
      return ESCAPES[code] ?? whole
    })
    .replaceAll('..', '::')
}
