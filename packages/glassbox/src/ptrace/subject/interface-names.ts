/** The names of network interfaces by number, in the tracer's own network namespace. */
import { readdirSync, readFileSync } from 'node:fs'

const DIRECTORY = '/sys/class/net'

/**
 * For example `lo`. `undefined` if there is no interface of this number, or if the kernel does
 * not list them.
 */
export function interfaceName(index: number): string | undefined {
  try {
    return readdirSync(DIRECTORY).find(
      name => Number(readFileSync(`${DIRECTORY}/${name}/ifindex`, 'latin1')) === index,
    )
  } catch {
    return undefined
  }
}
