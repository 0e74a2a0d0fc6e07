/** A directory for one test, gone after it. */
import { chmodSync, lstatSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'

/** Gives back the permissions that a guest took away: whoever is not root could not remove what is inside. */
function openUp(directory: string): void {
  chmodSync(directory, 0o700)
  for (const name of readdirSync(directory)) {
    const path = join(directory, name)
    if (lstatSync(path).isDirectory()) openUp(path)
  }
}

export function temporaryDirectory(context: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'glassbox-test-'))
  context.after(() => {
    openUp(path)
    rmSync(path, { recursive: true, force: true })
  })
  return path
}
