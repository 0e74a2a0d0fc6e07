/** The version of the installed package. */
import { readFileSync } from 'node:fs'

export function versionText(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  return `glassbox ${(JSON.parse(text) as { version: string }).version}\n`
}
