/** What the attributes of netlink messages hold, by scripts/linux/shapes.txt. */
import { ATTRIBUTES } from './generated/selections.ts'

export interface AttributeTable {
  /** The set of the types, as `=rt_link`. */
  readonly types: string
  /** Kinds by the name of the type. */
  readonly kinds: ReadonlyMap<string, string>
}

const tables = new Map<string, AttributeTable | undefined>()

function read(name: string): AttributeTable | undefined {
  const start = `\n${name} `
  const at = ATTRIBUTES.indexOf(start)
  if (at < 0) return undefined
  const line = ATTRIBUTES.slice(at + start.length, ATTRIBUTES.indexOf('\n', at + 1))
  const [types = '', ...words] = line.split(' ')
  const kinds = words.map(
    word => [word.slice(0, word.indexOf(':')), word.slice(word.indexOf(':') + 1)] as const,
  )
  return { types, kinds: new Map(kinds) }
}

/** A table by its name. Returns the same object each time. */
export function attributeTable(name: string): AttributeTable | undefined {
  if (!tables.has(name)) tables.set(name, read(name))
  return tables.get(name)
}
