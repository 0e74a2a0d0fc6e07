/**
 * The line of a module in which an error happened, for messages. The error of an ES module that
 * cannot be parsed has no line: only `node --check`, which executes nothing, says it.
 */
import { spawnSync } from 'node:child_process'
import { pathToFileURL } from 'node:url'

/** A larger module than a policy ever is takes less time. */
const CHECK_MS = 10_000

function lineIn(text: string, file: string): string | undefined {
  for (const name of [pathToFileURL(file).href, file]) {
    const at = text.indexOf(`${name}:`)
    const line = at < 0 ? undefined : /^\d+/.exec(text.slice(at + name.length + 1))?.[0]
    if (line !== undefined) return line
  }
  return undefined
}

function checkedSyntax(file: string): string {
  const { stderr } = spawnSync(process.execPath, ['--check', file], { encoding: 'utf8', timeout: CHECK_MS })
  return stderr ?? ''
}

/** `path`, which is how the caller calls the file, with the line if it is known: `a.mjs:3`. */
export function pathWithLine(path: string, file: string, error: unknown): string {
  const stack = error instanceof Error ? (error.stack ?? '') : ''
  const line =
    lineIn(stack, file) ?? (error instanceof SyntaxError ? lineIn(checkedSyntax(file), file) : undefined)
  return line === undefined ? path : `${path}:${line}`
}
