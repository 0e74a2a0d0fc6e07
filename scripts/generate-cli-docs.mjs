// Writes docs/cli.md from the table of options that the command parses by. Needs the built
// package.
//
//   node scripts/generate-cli-docs.mjs            writes it
//   node scripts/generate-cli-docs.mjs --print    prints it (the test compares)
import { writeFileSync } from 'node:fs'
import { EXIT_CODES } from '../packages/glassbox/dist/cli/exit-code.js'
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

Durations have a unit (\`1.5s\`, \`250ms\`, \`2m\`), sizes too; \`unlimited\` means no limit. \`K\`, \`M\`, \`G\` and
\`KiB\`, \`MiB\`, \`GiB\` are binary, as docker and systemd have them: \`64M\` is 64 MiB. \`kB\`, \`MB\`, \`GB\` are decimal.
Of an option that is given twice the last one counts; those that may be given several times keep all.

A colon that belongs to a path is written \`\\:\` in \`--bind\`, \`--copy-in\` and \`--copy-out\`, a backslash before a colon or
another backslash \`\\\\\`. \`--bind\` and \`--copy-in\` also take a path as it is, if a file of that name is there.

A bare program name is looked for in the box's PATH, then in yours; a name with a slash is a file that was copied in, or
one of this host. A file of this host that the box does not show by itself is shown read-only at its own path.

A file as stdin can only be read by the program; an ordinary user's is copied into memory for that, up to 1 GiB: pipe in what is larger.
Streams are no directories, and named ones no FIFOs or sockets: redirect those with the shell. \`--copy-out\` makes a new file in the place of
the old one. Below a directory that is bound \`:rw\`, no option follows a link: a program may have left it ([security](security.md)).

| exit code | meaning |
|---|---|
${EXIT_CODES.map(([code, meaning]) => `| ${code} | ${meaning} |`).join('\n')}

**Output.** Everything has been written when the command ends with another code than 125 or 141. If something could not be
written, it says so (\`glassbox: cannot write standard output: No space left on device\`) and ends with 125; if whoever read
it went away, it ends with 141 and says nothing. That holds for every subcommand. A stdout that was closed (\`>&-\`) is
/dev/null by the time that the command sees it: Node.js opens that in its place.

**Order.** If stdout and stderr of the command are one place (\`2>&1\`, a terminal, \`> log 2>&1\`), they are one pipe for the
program, so its output stays in the order in which it was written, and \`--output\` counts both together. \`--stderr stdout\` asks for
that wherever stdout goes; a file of that name is \`./stdout\`.

**\`--json\`** prints one JSON document: the \`RunResult\` of the library. \`stdout\`, \`stderr\` and files are text, or
\`{"base64": …}\` if the bytes are not UTF-8. So is text of more than 1 MiB if many of its characters are control characters,
each of which takes six in JSON. What keeps the command from running a program is a document too:
\`{"error": {"code": …, "message": …, "hint": …}}\`, with the codes of the library; the exit code is 125, 126 or 127.

**Names.** Control characters and marks that a terminal obeys are printed as escapes (\`\\x1b\`, \`\\u202e\`) wherever the
command prints a message. A program's own output is passed on as it is.

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
