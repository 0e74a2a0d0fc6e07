/**
 * The names of network interfaces by their numbers, as the tracer's own network namespace has
 * them.
 */
import { readdirSync, readFileSync } from 'node:fs'

const DIRECTORY = '/sys/class/net'

/** `lo`; undefined if there is none of this number, or nothing is said of any. */
export function interfaceName(index: number): string | undefined {
  try {
    return readdirSync(DIRECTORY).find(
      name => Number(readFileSync(`${DIRECTORY}/${name}/ifindex`, 'latin1')) === index,
    )
  } catch {
    return undefined
  }
}
