/** What to do about a program that is not there, from how its name was written. */

/** What a shell would not take as a part of a name. */
const SHELL_SYNTAX = /[|&;<>$`*?"'\\()]|\n/

const quoted = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", String.raw`\'`)}'`

/** A whole line of a shell, or a program with its arguments, is not the name of a program. */
export function lineHint(program: string): string | undefined {
  if (program.length > 200 || !/\s|[|&;<>]/.test(program)) return undefined
  if (SHELL_SYNTAX.test(program))
    return `For a line of a shell, run a shell: run('sh', ['-c', ${quoted(program)}]).`
  const [name = '', ...args] = program.trim().split(/\s+/)
  return `Arguments are a list of their own: run(${quoted(name)}, [${args.map(quoted).join(', ')}]).`
}
