// Writes docs/cli.md from the table of options that the command parses by. Needs the built package.
//
//   node scripts/generate-cli-docs.mjs            writes it
//   node scripts/generate-cli-docs.mjs --print    prints it (the test compares)
import { writeFileSync } from 'node:fs'
import { RUN_OPTIONS } from '../packages/glassbox/dist/cli/run/options.js'

const cell = text => text.replaceAll('|', '\\|')

const rows = RUN_OPTIONS.map(({ name, value, repeated, help, default: standard }) => {
  const option = `\`${name}${value === undefined ? '' : ` ${cell(value)}`}\``
  return `| ${option} | ${cell(help)}${repeated ? ' May be given several times.' : ''} | ${cell(standard ?? '')} |`
})

const text = `# The command

Generated from the table of options by \`node scripts/generate-cli-docs.mjs\`.

## glassbox run [options] [--] PROGRAM [ARGUMENT ...]

Runs a program in a box: its output on stdout and stderr, and on stderr how it ended.

| option | meaning | default |
|---|---|---|
${rows.join('\n')}

Durations have a unit (\`1.5s\`, \`250ms\`, \`2m\`), sizes too (\`64MiB\`, \`10MB\`); \`unlimited\` means no limit.
A bare program name is looked for in the box's PATH, then in yours; a name with a slash is a file that was copied in, or
one of this host. A file of this host that the box does not show by itself is shown read-only at its own path.

A file as stdin can only be read by the program; an ordinary user's is copied into memory for that, up to 1 GiB: pipe in what is larger.
Streams are no directories, and named ones no FIFOs or sockets: redirect those with the shell. \`--copy-out\` makes a new file in the place of
the old one. Below a directory that is bound \`:rw\`, no option follows a link: a program may have left it ([security](security.md)).

| exit code | meaning |
|---|---|
| the program's own | it exited |
| 128 + n | signal n ended it |
| 124 | CPU or wall time limit |
| 137 | memory limit |
| 153 | output or file size limit |
| 159 | a denied call |
| 130, 143, 129 | canceled by SIGINT, SIGTERM, SIGHUP |
| 125 | a fault: a bad option, a host that lacks something, or a bug |
| 126, 127 | the program cannot be executed, was not found |

\`--json\` prints one JSON document: the \`RunResult\` of the library; \`stdout\`, \`stderr\` and files are text, or \`{"base64": …}\` where the
bytes are not UTF-8.

## glassbox strace [options] [--] PROGRAM [ARGUMENT ...]

Traces system calls and signals with the options and the text of strace; \`glassbox strace -h\` lists them. What strace has not (\`--json\`,
\`--perfetto\`, \`--tree\`, \`--stats\`) and what differs: [tracing](tracing.md).

## glassbox doctor [--json]

Says, row by row, what this host offers, what that means for each runner, and the exact fix for what is missing. Exit code 0 if the
namespace runner works for this user, 1 if not.

## glassbox completion bash|zsh|fish

Prints completion for a shell: \`source <(glassbox completion bash)\`.
`

if (process.argv.includes('--print')) process.stdout.write(text)
else writeFileSync(new URL('../docs/cli.md', import.meta.url), text)
