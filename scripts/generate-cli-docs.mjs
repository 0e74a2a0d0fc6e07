// Writes docs/cli.md from the table of options that the command itself uses. Needs the built
// package.
//
//   node scripts/generate-cli-docs.mjs            writes it
//   node scripts/generate-cli-docs.mjs --print    prints it (the test compares them)
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

Runs a program in a box. The program's output goes to stdout and stderr; a report of how it ended
goes to stderr.

| option | meaning | default |
|---|---|---|
${rows.join('\n')}

Durations need a unit (\`1.5s\`, \`250ms\`, \`2m\`), and so do sizes. \`unlimited\` means no
limit. \`K\`, \`M\`, \`G\` and \`KiB\`, \`MiB\`, \`GiB\` are binary, as in docker and systemd:
\`64M\` is 64 MiB. \`kB\`, \`MB\`, \`GB\` are decimal. If an option is given twice, the last one
counts; options that may be given several times keep all values.

In \`--bind\`, \`--copy-in\` and \`--copy-out\`, write \`\\:\` for a colon that is part of a path.
Write \`\\\\\` for a backslash that comes before a colon or another backslash. \`--bind\` and
\`--copy-in\` also accept a path without escapes if a file of exactly that name exists.

A bare program name is searched for in the box's PATH, then in yours. A name with a slash is a
copied-in file or a file on the host. If the box does not contain that host file, it is made
visible read-only at its own path.

The program can only read a file given as stdin. If you are an ordinary user, the file is copied
into memory for that, up to 1 GiB; pipe in larger files. Streams cannot be directories. FIFOs and
sockets cannot be given by name; redirect them in the shell instead. \`--copy-out\` replaces an
existing file with a new one. Below a directory that is bound \`:rw\`, no option follows a
symbolic link, because a program may have left it there ([security](security.md)).

| exit code | meaning |
|---|---|
${EXIT_CODES.map(([code, meaning]) => `| ${code} | ${meaning} |`).join('\n')}

**Output.** If the exit code is not 125 or 141, all output was written. If something could not be
written, the command reports it (\`glassbox: cannot write standard output: No space left on
device\`) and exits with 125. If the reader of its output closes it, the command exits with 141
and prints nothing. Both hold for every subcommand. If stdout was closed (\`>&-\`), output goes to
/dev/null, because Node.js opens that in its place.

**Order.** If stdout and stderr of the command are the same file (\`2>&1\`, a terminal, \`> log
2>&1\`), the program gets one pipe for both. Its output then stays in the order in which it was
written, and \`--output\` counts both together. \`--stderr stdout\` does the same for any stdout.
To name a file called stdout, write \`./stdout\`.

**\`--json\`** prints one JSON document: the \`RunResult\` of the library. \`stdout\`, \`stderr\`
and files are text, or \`{"base64": …}\` if the bytes are not UTF-8. Text of more than 1 MiB is
also base64 if many of its characters are control characters, because each of those takes six
characters in JSON. If the program cannot be run, the document is \`{"error": {"code": …,
"message": …, "hint": …}}\` with the error codes of the library; the exit code is 125, 126 or 127.

**Names.** In its messages, the command escapes control characters and others that a terminal
interprets (\`\\x1b\`, \`\\u202e\`). The program's own output is passed on unchanged.

## glassbox strace [options] [--] PROGRAM [ARGUMENT ...]

Traces system calls and signals with the options and the output of strace. \`glassbox strace -h\`
lists the options. For what strace lacks (\`--json\`, \`--perfetto\`, \`--tree\`, \`--stats\`) and
other differences, see [Tracing](tracing.md). With \`--runner kernel\` the program runs in [a kernel
in TypeScript](kernel.md#traces) instead of on the host.

## glassbox doctor [--json]

Shows, row by row, what this host offers, what that means for each runner, and how to fix what is
missing. The exit code is 0 if the namespace runner works for this user, and 1 if not.

## glassbox kernel syscalls [--json]

Lists every system call of x86-64, and whether the [kernel runner](kernel.md) serves it.

## glassbox completion bash|zsh|fish

Prints a completion script for a shell: \`source <(glassbox completion bash)\`.
`

if (process.argv.includes('--print')) process.stdout.write(text)
else writeFileSync(new URL('../docs/cli.md', import.meta.url), text)
