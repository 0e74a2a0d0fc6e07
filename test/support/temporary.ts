/** A directory for one test, which is removed after it. */
import { chmodSync, lstatSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'

/** Restores permissions that a guest removed. Otherwise only root could remove the contents. */
function openUp(directory: string): void {
  chmodSync(directory, 0o700)
  for (const name of readdirSync(directory)) {
    const path = join(directory, name)
    if (lstatSync(path).isDirectory()) openUp(path)
  }
}

/** Makes the directory in `parent`, by default the TMPDIR of the run. */
export function temporaryDirectory(context: TestContext, parent: string = tmpdir()): string {
  const path = mkdtempSync(join(parent, 'glassbox-test-'))
  context.after(() => {
    openUp(path)
    rmSync(path, { recursive: true, force: true })
  })
  return path
}
