// Generates packages/glassbox/src/gate/generated/layouts.ts from the headers in packages/glassbox/native: what C and
// TypeScript both know of the bytes that they exchange. The result is checked in, and test/gate/layouts.test.ts
// compares it with a new one. Needs a C compiler and the kernel's headers.
//
//   node scripts/native/layouts.mjs            writes the file
//   node scripts/native/layouts.mjs --print    writes the text to stdout
//
// Of each header listed below it takes
//   every struct      an object: the offset of each field, and SIZE
//   every enum        an object: the value of each member, without the prefix that all members have in common
//   every #define     a number
// The names and comments come from the header; every number comes from the compiler.
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const native = fileURLToPath(new URL('../../packages/glassbox/native/', import.meta.url))
const output = fileURLToPath(
  new URL('../../packages/glassbox/src/gate/generated/layouts.ts', import.meta.url),
)

const HEADERS = ['plan.h', 'wire.h', 'init.h', 'launcher.h', 'record.h']
/** C only: TypeScript never sees their bytes. */
const PRIVATE = new Set(['plan', 'program', 'watched'])
/** Fields of the kernel's structs inside ours. */
const INSIDE = {
  denied: ['call.nr', 'call.arch', 'call.args'],
  stop_record: [
    ...['op', 'arch', 'instruction_pointer', 'stack_pointer', 'entry.nr', 'entry.args'],
    ...['exit.rval', 'exit.is_error'],
  ].map(field => `info.${field}`),
}

const withoutComments = text => text.replaceAll(/\/\*[\s\S]*?\*\//g, ' ')
const camelCase = name => name.replaceAll(/[_.](\w)/g, (_, letter) => letter.toUpperCase())
const constantCase = name => name.toUpperCase()

/** The names that a declaration declares: `u32 type, id` or `u8 memory[6][SNAPSHOT_BYTES]`. */
const declared = declaration =>
  declaration
    .trim()
    .replace(/^(?:const\s+)?(?:struct\s+\w+|\w+)\s+/, '')
    .split(',')
    .map(part => /\w+/.exec(part)[0])

function structsOf(text) {
  return [...withoutComments(text).matchAll(/^struct (\w+) \{([^}]*)\};/gm)]
    .filter(([, name]) => !PRIVATE.has(name))
    .map(([, name, body]) => ({
      name,
      fields: [
        ...body
          .split(';')
          .filter(part => part.trim() !== '')
          .flatMap(declared),
        ...(INSIDE[name] ?? []),
      ],
    }))
}

function enumsOf(text) {
  return [...withoutComments(text).matchAll(/^enum (\w+) \{([^}]*)\};/gm)].map(([, name, body]) => ({
    name,
    members: body
      .split(',')
      .map(part => /[A-Z_0-9]+/.exec(part)?.[0])
      .filter(member => member !== undefined),
  }))
}

const definesOf = text =>
  [...withoutComments(text).matchAll(/^#define (\w+)[ \t]+\S/gm)].map(([, name]) => name)

/** Up to the last underscore that all members have in common. */
function commonPrefix([first, ...others]) {
  let length = first.lastIndexOf('_') + 1
  while (!others.every(name => name.startsWith(first.slice(0, length))))
    length = first.lastIndexOf('_', length - 2) + 1
  return first.slice(0, length)
}

/** What the compiler says to each expression. */
function evaluate(expressions) {
  const scratch = mkdtempSync(join(tmpdir(), 'glassbox-layouts-'))
  try {
    const file = join(scratch, 'layouts.c')
    const program = join(scratch, 'layouts')
    const includes = ['<stdio.h>', ...HEADERS.map(name => `"${name}"`)].map(name => `#include ${name}\n`)
    const prints = expressions.map(text => `  printf("%lld\\n", (long long)(${text}));\n`)
    writeFileSync(file, `${includes.join('')}int main(void) {\n${prints.join('')}  return 0;\n}\n`)
    execFileSync(process.env.CC ?? 'cc', ['-std=gnu11', '-w', `-I${native}`, '-o', program, file])
    return execFileSync(program, { encoding: 'utf8' }).trim().split('\n').map(Number)
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
}

/** Each line of the file, with the C expressions whose values belong into it. */
function entriesOf(header) {
  const text = readFileSync(join(native, header), 'utf8')
  const object = (comment, name, fields) => ({
    expressions: fields.map(([, expression]) => expression),
    text: values =>
      `/** ${comment} */\nexport const ${name} = {\n` +
      `${fields.map(([field], index) => `  ${field}: ${values[index]},\n`).join('')}} as const\n`,
  })
  return [
    { expressions: [], text: () => `\n// ${header}\n` },
    ...definesOf(text).map(name => ({
      expressions: [name],
      text: ([value]) => `export const ${name} = ${value}\n`,
    })),
    ...enumsOf(text).map(({ name, members }) => {
      const prefix = commonPrefix(members)
      const fields = members.map(member => [camelCase(member.slice(prefix.length).toLowerCase()), member])
      return object(`enum ${name}`, constantCase(name), fields)
    }),
    ...structsOf(text).map(({ name, fields }) =>
      object(`struct ${name}: offsets, and its size.`, `${constantCase(name)}_LAYOUT`, [
        ['SIZE', `sizeof(struct ${name})`],
        ...fields.map(field => [camelCase(field), `offsetof(struct ${name}, ${field})`]),
      ]),
    ),
  ]
}

function generate() {
  const entries = HEADERS.flatMap(entriesOf)
  const values = evaluate(entries.flatMap(({ expressions }) => expressions))
  let at = 0
  const parts = entries.map(({ expressions, text }) => text(values.slice(at, (at += expressions.length))))
  return `// Generated by scripts/native/layouts.mjs from packages/glassbox/native. Do not edit.\n${parts.join('')}`
}

if (process.argv.includes('--print')) process.stdout.write(generate())
else {
  mkdirSync(new URL('.', `file://${output}`), { recursive: true })
  writeFileSync(output, generate())
}
