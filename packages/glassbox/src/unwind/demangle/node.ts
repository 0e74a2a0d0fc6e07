/**
 * The parts of a mangled name, as objects that print themselves. A declarator surrounds its name,
 * so text has a left and a right half: for `void (*)(int)` they are `void (*` and `)(int)`. The
 * pattern of a pack expansion is printed once for each element; `Printing` holds the current
 * index.
 */

export interface Halves {
  readonly left: string
  readonly right: string
  /** Which brackets a `*` or `&` before it needs. */
  readonly shape: 'plain' | 'function' | 'array'
}

export interface Printing {
  /** The index of the pack element that is printed; `undefined` outside expansions. */
  index: number | undefined
  /** The size of the pack that was printed last. */
  size: number | undefined
}

export interface Node {
  halves(printing: Printing): Halves
  /** Its last component without template arguments, which is the name of its constructors. */
  readonly base?: Node
  readonly endsWithArguments?: boolean
  /** Constructors, destructors and conversions have no return type in their names. */
  readonly hasNoReturn?: boolean
  /** Qualifiers after the parameters of a member function. */
  readonly suffix?: string
  /** For a function with its parameters: the name alone. */
  readonly bare?: Node
  readonly elements?: readonly Node[]
  /** Needs no brackets among operators. */
  readonly simple?: boolean
}

/** Longer names are given up, because some grow without bounds. */
const LONGEST = 1 << 16

class TooLong extends RangeError {}

export function print(node: Node, printing: Printing): string {
  const { left, right } = node.halves(printing)
  if (left.length + right.length > LONGEST) throw new TooLong('a name beyond measure')
  return left + right
}

export const plain = (left: string): Halves => ({ left, right: '', shape: 'plain' })

export const word = (text: string): Node => ({ halves: () => plain(text), simple: true })

/** A node whose text is in one piece. */
export const made = (text: (printing: Printing) => string, facts: Partial<Node> = {}): Node => ({
  ...facts,
  halves: printing => plain(text(printing)),
})

/** Joined by commas. Empty packs leave no comma. */
export const list = (nodes: readonly Node[], printing: Printing): string =>
  nodes
    .map(node => print(node, printing))
    .filter(text => text !== '')
    .join(', ')

/**
 * `T*`, `T&`, `T Class::*`: a mark that binds closer than the right half of a function or an
 * array.
 */
export const marked = (inner: Node, mark: (printing: Printing) => string): Node => ({
  halves: printing => {
    const { left, right, shape } = inner.halves(printing)
    if (shape === 'plain') return { left: left + mark(printing), right, shape: 'plain' }
    const opened = shape === 'array' ? ' (' : '('
    return { left: `${left}${opened}${mark(printing).trimStart()}`, right: `)${right}`, shape: 'plain' }
  },
})

/**
 * `qualifiers`: each with a space before it. A qualifier that a substituted parameter already has
 * is not repeated.
 */
export const qualified = (inner: Node, qualifiers: readonly string[]): Node => ({
  ...(inner.base && { base: inner.base }),
  halves: printing => {
    const { left, right, shape } = inner.halves(printing)
    return shape === 'function'
      ? { left, right: right + qualifiers.join(''), shape }
      : {
          left: qualifiers.reduce((text, each) => (text.endsWith(each) ? text : text + each), left),
          right,
          shape,
        }
  },
})

/** `<A, B>`. Two closing brackets in a row are separated by a space. */
export function argumentsText(args: readonly Node[], printing: Printing, before: string): string {
  const text = list(args, printing)
  return `${before.endsWith('<') ? ' ' : ''}<${text}${text.endsWith('>') ? ' ' : ''}>`
}

export const withArguments = (name: Node, args: readonly Node[]): Node =>
  made(
    printing => {
      const text = print(name, printing)
      return text + argumentsText(args, printing, text)
    },
    { base: name.base ?? name, endsWithArguments: true, ...(name.hasNoReturn && { hasNoReturn: true }) },
  )

/** Template arguments that form one pack. */
export const pack = (elements: readonly Node[]): Node => ({
  elements,
  halves: printing => {
    if (printing.index === undefined) return plain(list(elements, printing))
    printing.size ??= elements.length
    const element = elements[printing.index]
    // Within an element there may be nested expansions.
    return element ? element.halves({ index: undefined, size: undefined }) : plain('')
  },
})

/** `Pattern...` */
export const expansion = (pattern: Node): Node =>
  made(() => {
    const first: Printing = { index: 0, size: undefined }
    const text = print(pattern, first)
    if (first.size === undefined) return `${text}...`
    const all = Array.from({ length: first.size }, (_, index) => print(pattern, { index, size: undefined }))
    return all.filter(each => each !== '').join(', ')
  })
