/**
 * Shows where in the sources an unexpected error arose. The bundles of the command are minified,
 * because smaller code loads faster. Their source maps are beside them.
 */
import { readFileSync } from 'node:fs'

/** The place at the end of a line of a stack: file, line and column, both from 1. */
const PLACE = /\(?(\/[^():]+\.cjs):(\d+):(\d+)\)?$/
/** The way from the directory of the bundles to that of the package. */
const UPWARDS = /^(\.\.\/)+/

type Find = (row: number, column: number) => string | undefined

/** Translates places of one bundle; finds nothing if the bundle has no map. */
function finderOf(bundle: string): Find {
  try {
    const { SourceMap } = process.getBuiltinModule('node:module')
    const map = new SourceMap(JSON.parse(readFileSync(`${bundle}.map`, 'utf8')))
    return (row, column) => {
      const found = map.findEntry(row - 1, column - 1)
      if (!('originalSource' in found)) return undefined
      const { originalSource, originalLine, originalColumn } = found
      return `(${originalSource.replace(UPWARDS, '')}:${originalLine + 1}:${originalColumn + 1})`
    }
  } catch {
    return () => undefined
  }
}

/** The same stack, with places of the sources instead of places of bundles. */
export function originalStack(stack: string): string {
  const finders = new Map<string, Find>()
  const translate = (line: string): string => {
    const [place, file, row, column] = PLACE.exec(line) ?? []
    if (place === undefined || file === undefined) return line
    const find = finders.get(file) ?? finderOf(file)
    finders.set(file, find)
    return line.replace(place, find(Number(row), Number(column)) ?? place)
  }
  return stack.split('\n').map(translate).join('\n')
}
