/** Checks the names of /etc that a caller wants to be shown, before anything is started. */
import { lstatSync } from 'node:fs'
import { InvalidOptionError } from '../../errors.ts'
import { isSecret } from '../../rootfs/configuration/secrets.ts'
import { isForEveryone } from '../../rootfs/configuration/tree.ts'

/** Throws InvalidOptionError for the first path that cannot be shown. `paths`: absolute. */
export function checkEtc(paths: readonly string[]): void {
  for (const [index, path] of paths.entries()) {
    const why = reason(path)
    if (why === undefined) continue
    const [message, hint] = why
    throw new InvalidOptionError(`etc[${index}]`, `Cannot show ${path} in a box: ${message}.`, hint)
  }
}

const BIND = 'If a program really needs it, give it a copy (files, --copy-in) or a bind.'

function reason(path: string): readonly [message: string, hint: string] | undefined {
  if (isSecret(path)) return ['it is secret, or belongs to the host and not to programs', BIND]
  for (const part of parts(path)) {
    const stats = lstatSync(part, { throwIfNoEntry: false })
    if (!stats) return [`${part} does not exist`, 'Check the name: it is one below /etc.']
    if (part !== path && !stats.isDirectory()) return [`${part} is not a directory`, 'Check the name.']
    if (!stats.isSymbolicLink() && !isForEveryone(stats)) return [`not everyone may read ${part}`, BIND]
  }
  return undefined
}

/** The path after each of its names below /etc. */
const parts = (path: string): string[] => {
  const names = path.split('/').slice(2)
  return names.map((_, index) => `/etc/${names.slice(0, index + 1).join('/')}`)
}
