/** Directories for one test, which are removed after it. */
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

/**
 * A TMPDIR for this test alone, which every user may pass through. So the test sees what glassbox
 * makes for it, and nothing of the tests that run beside it, which share the TMPDIR of the run.
 */
export function ownTemporary(context: TestContext): string {
  const base = temporaryDirectory(context)
  chmodSync(base, 0o711)
  const before = process.env['TMPDIR']
  process.env['TMPDIR'] = base
  context.after(() => {
    if (before === undefined) delete process.env['TMPDIR']
    else process.env['TMPDIR'] = before
  })
  return base
}
