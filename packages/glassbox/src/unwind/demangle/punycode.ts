/** Non-ASCII identifiers in Rust's names: RFC 3492, with `_` instead of `-`. */

const [BASE, LEAST, MOST, SKEW, DAMP, FIRST_BIAS, FIRST] = [36, 1, 26, 38, 700, 72, 128]

export function punycode(text: string): string {
  const split = text.lastIndexOf('_')
  const letters = Array.from(text.slice(0, Math.max(split, 0)), letter => letter.codePointAt(0) ?? 0)
  const digits = text.slice(split + 1)
  let [code, bias, place] = [FIRST, FIRST_BIAS, 0]
  for (let at = 0; at < digits.length; ) {
    const before = place
    let weight = 1
    for (let step = BASE; ; step += BASE) {
      const digit = parseInt(digits[at++] ?? '', BASE)
      if (Number.isNaN(digit)) throw new RangeError('not punycode')
      // In punycode, letters are 0 to 25, and digits follow.
      const value = digit < 10 ? digit + 26 : digit - 10
      place += value * weight
      const threshold = Math.min(Math.max(step - bias, LEAST), MOST)
      if (value < threshold) break
      weight *= BASE - threshold
    }
    const length = letters.length + 1
    bias = adapted(place - before, length, before === 0)
    code += Math.floor(place / length)
    place %= length
    letters.splice(place++, 0, code)
  }
  return String.fromCodePoint(...letters)
}

function adapted(delta: number, length: number, isFirst: boolean): number {
  let rest = Math.floor(delta / (isFirst ? DAMP : 2))
  rest += Math.floor(rest / length)
  let bias = 0
  for (; rest > ((BASE - LEAST) * MOST) / 2; bias += BASE) rest = Math.floor(rest / (BASE - LEAST))
  return bias + Math.floor(((BASE - LEAST + 1) * rest) / (rest + SKEW))
}
