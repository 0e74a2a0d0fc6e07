// Checks that lines of prose end before column 100: comments in code, and text in Markdown. The
// formatter breaks neither.
//
//   node scripts/lint-prose.mjs          fails if a file of CHECKED has a longer line; names it
//   node scripts/lint-prose.mjs --all    counts the longer lines of ALL by folder; never fails
//   node scripts/lint-prose.mjs --fix PATH ...    breaks longer lines of these files and folders
//
// In Markdown, tables and code blocks are not prose. A line that is one link or one path cannot be
// broken, and passes everywhere.
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { kindOf, proseOf } from './prose/kinds.mjs'
import { wrap } from './prose/wrap.mjs'

const LONGEST = 99

/** Files and folders that are checked. Add a folder when it has been rewritten. */
const CHECKED = [
  'CHANGELOG.md',
  'CONTRIBUTING.md',
  'bench',
  'docs/architecture.md',
  'docs/performance.md',
  'examples',
  'scripts/clean.mjs',
  'scripts/lint-prose.mjs',
  'scripts/native',
  'scripts/prose',
  'scripts/run-tests.mjs',
  'scripts/test-nodes.mjs',
  'scripts/test-vm.mjs',
  'scripts/testing',
  'scripts/vm',
  'test/house',
]

/** Everything that will be checked in the end. */
const ALL = [
  'README.md',
  'CHANGELOG.md',
  'CONTRIBUTING.md',
  'docs',
  'examples',
  'packages/glassbox/src',
  'packages/glassbox/native',
  'test',
  'scripts',
  'bench',
]

/** Generated files. */
const GENERATED = ['packages/glassbox/src/linux/generated', 'packages/glassbox/src/gate/generated']

const root = fileURLToPath(new URL('../', import.meta.url))
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { all: { type: 'boolean', default: false }, fix: { type: 'boolean', default: false } },
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

const chosen = positionals.length > 0 ? positionals : values.all ? ALL : CHECKED
const files = [...new Set(chosen.flatMap(filesBelow))]
if (values.fix) for (const path of files) fix(path)
const found = files.flatMap(tooLong)

if (values.all) {
  const counts = {}
  for (const { path } of found) counts[dirname(path)] = (counts[dirname(path)] ?? 0) + 1
  for (const [folder, count] of Object.entries(counts).toSorted()) console.log(`${count}\t${folder}`)
  console.log(`${found.length} lines of prose in all that end at column 100 or later`)
} else {
  for (const { path, line, columns } of found)
    console.error(`${path}:${line}: ${columns} columns; prose ends before column 100`)
  process.exitCode = found.length > 0 ? 1 : 0
}
