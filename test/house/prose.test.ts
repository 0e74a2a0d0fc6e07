/** The lint of prose: what it breaks anew, and what it leaves alone. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

interface Prose {
  readonly proseOf: (kind: string) => (line: string) => boolean
}
interface Wrap {
  readonly wrap: (
    lines: readonly string[],
    kind: string,
    isProse: (line: string) => boolean,
    longest: number,
  ) => string[]
}

const at = (name: string): string => fileURLToPath(new URL(`../../../scripts/prose/${name}`, import.meta.url))
const { proseOf } = (await import(at('kinds.mjs'))) as Prose
const { wrap } = (await import(at('wrap.mjs'))) as Wrap

const wrapped = (kind: string, text: string): string =>
  wrap(text.split('\n'), kind, proseOf(kind), 30).join('\n')

const CASES: readonly {
  readonly name: string
  readonly kind: string
  readonly in: string
  readonly out: string
}[] = [
  {
    name: 'a comment of one line becomes a block',
    kind: 'slashes',
    in: '  /** This line is wider than the limit. */\n  const a = 1',
    out: '  /**\n   * This line is wider than\n   * the limit.\n   */\n  const a = 1',
  },
  {
    name: 'a paragraph is broken as a whole, its neighbour stays',
    kind: 'slashes',
    in: '/*\n * One two three four five six seven\n * eight.\n *\n * A short\n * one.\n */',
    out: '/*\n * One two three four five six\n * seven eight.\n *\n * A short\n * one.\n */',
  },
  {
    name: 'items of a list hang',
    kind: 'md',
    in: '- one two three four five six seven\n- eight',
    out: '- one two three four five six\n  seven\n- eight',
  },
  {
    name: 'a block of C that begins with its text keeps its end',
    kind: 'slashes',
    in: '/* one two three four five six seven\n * eight. */',
    out: '/* one two three four five six\n * seven eight. */',
  },
  {
    name: 'code, tables and what is laid out by hand stay as they are',
    kind: 'md',
    in: '```\nsome code that is wider than the limit\n```\n| a table that is wider | than that |',
    out: '```\nsome code that is wider than the limit\n```\n| a table that is wider | than that |',
  },
  {
    name: 'code with a comment behind it stays as it is',
    kind: 'slashes',
    in: "const a = 'one two three' // and a remark",
    out: "const a = 'one two three' // and a remark",
  },
]

for (const { name, kind, in: text, out } of CASES) {
  test(name, () => {
    assert.equal(wrapped(kind, text), out)
    assert.equal(wrapped(kind, out), out, 'a second time changes nothing')
  })
}
