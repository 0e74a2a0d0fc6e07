/** Hints for a program that was not found, from the way its name is written. Pure. */

/** Characters with a meaning in a shell. */
const SHELL_SYNTAX = /[|&;<>$`*?"'\\()]|\n/

const quoted = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", String.raw`\'`)}'`

/** A hint if the name is a whole shell command, or a program with its arguments. */
export function lineHint(program: string): string | undefined {
  if (program.length > 200 || !/\s|[|&;<>]/.test(program)) return undefined
  if (SHELL_SYNTAX.test(program))
    return `For a shell command, run a shell: run('sh', ['-c', ${quoted(program)}]).`
  const [name = '', ...args] = program.trim().split(/\s+/)
  return `Pass the arguments as a list: run(${quoted(name)}, [${args.map(quoted).join(', ')}]).`
}
