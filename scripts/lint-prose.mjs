// Checks that lines of prose end before column 100: comments in code, and text in Markdown. The
// formatter breaks neither.
//
//   node scripts/lint-prose.mjs          fails if a file of CHECKED has a longer line; names it
//   node scripts/lint-prose.mjs --fix [PATH ...]    breaks longer lines, if they can be broken
//
// In Markdown, tables and code blocks are not prose. A line that is one link or one path cannot be
// broken, and passes everywhere.
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { kindOf, proseOf } from './prose/kinds.mjs'
import { wrap } from './prose/wrap.mjs'

const LONGEST = 99

/** Files and folders that are checked. */
const CHECKED = [
  'README.md',
  'CHANGELOG.md',
  'CONTRIBUTING.md',
  'docs',
  'examples',
  'packages/glassbox/bin',
  'packages/glassbox/src',
  'packages/glassbox/native',
  'test',
  'scripts',
  'bench',
]

/** Generated files. */
const GENERATED = ['linux', 'gate', 'seccomp'].map(room => `packages/glassbox/src/${room}/generated`)

const root = fileURLToPath(new URL('../', import.meta.url))
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { fix: { type: 'boolean', default: false } },
})

function filesBelow(path) {
  const whole = join(root, path)
  if (!existsSync(whole) || GENERATED.includes(path)) return []
  if (!statSync(whole).isDirectory()) return kindOf(path) === undefined ? [] : [path]
  return readdirSync(whole).flatMap(name => filesBelow(join(path, name)))
}

/** Comment markers and white space at the beginning, then a single word. */
const isUnbreakable = line => /^\s*([-*>#]|\/\/|\/\*\*?|\d+\.)*\s*\S+$/.test(line)

function fix(path) {
  const whole = join(root, path)
  const lines = readFileSync(whole, 'utf8').split('\n')
  const kind = kindOf(path)
  const wrapped = wrap(lines, kind, proseOf(kind), LONGEST)
  if (wrapped.join('\n') !== lines.join('\n')) writeFileSync(whole, wrapped.join('\n'))
}

function tooLong(path) {
  const isProse = proseOf(kindOf(path))
  return readFileSync(join(root, path), 'utf8')
    .split('\n')
    .flatMap((line, index) =>
      isProse(line) && [...line].length > LONGEST && !isUnbreakable(line)
        ? [{ path, line: index + 1, columns: [...line].length }]
        : [],
    )
}

const chosen = positionals.length > 0 ? positionals : CHECKED
const files = [...new Set(chosen.flatMap(filesBelow))]
if (values.fix) for (const path of files) fix(path)
const found = files.flatMap(tooLong)

for (const { path, line, columns } of found)
  console.error(`${path}:${line}: ${columns} columns; prose ends before column 100`)
process.exitCode = found.length > 0 ? 1 : 0
