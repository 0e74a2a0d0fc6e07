/**
 * The files that name the ids of a box, for programs that look up their own user or host name. The
 * box writes them into its own root and mounts them over the placeholders of the configuration.
 */
import type { BindMount, SmallFile } from './types.ts'

/** Where the box keeps the files, outside of what the caller may replace. */
export const IDENTITY_DIRECTORY = '/.glassbox'

/** The files of a box that are its own. */
export const IDENTITY_FILES = ['/etc/passwd', '/etc/group', '/etc/hosts', '/etc/nsswitch.conf'] as const

export interface BoxIdentity {
  readonly uid: number
  readonly gid: number
  readonly hostname: string
}

const texts = ({ uid, gid, hostname }: BoxIdentity): Readonly<Record<string, string>> => ({
  '/etc/passwd': `root:x:0:0:root:/:/bin/sh\nbox:x:${uid}:${gid}:box:/box:/bin/sh\n`,
  '/etc/group': `root:x:0:\nbox:x:${gid}:\n`,
  '/etc/hosts': `127.0.0.1 localhost ${hostname}\n::1 localhost\n`,
})

const kept = (path: string): string => IDENTITY_DIRECTORY + path.slice('/etc'.length)

/** The files, as the box keeps them. */
export const identityFiles = (identity: BoxIdentity): readonly SmallFile[] =>
  Object.entries(texts(identity)).map(([path, text]) => ({ path: kept(path), contents: Buffer.from(text) }))

/** The mounts that show them. */
export const identityBinds = (): readonly BindMount[] =>
  ['/etc/passwd', '/etc/group', '/etc/hosts'].map(target => ({
    ...{ source: kept(target), target, directory: false, writable: false },
    inBox: true,
  }))
