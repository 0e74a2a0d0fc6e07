/**
 * Which paths of /etc and /var belong to programs that are installed, by the lists of dpkg. A host
 * without dpkg has a list of common names instead, and the links below /usr that lead into /etc or
 * /var: a package that keeps a part of itself there has such links.
 *
 * A package that starts a service (a unit of systemd, or a script in /etc/init.d) configures the
 * host, not a program that a box could run: what only such packages own is not shown.
 */
import { type Dirent, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { resolve } from 'node:path'

/** Tells which paths of /etc and /var are shown; secrets are left out elsewhere. */
export interface Ownership {
  /**
   * Whether a path belongs to a program. `undefined`: no package names it, so it goes with its
   * directory.
   */
  readonly shows: (path: string) => boolean | undefined
}

/** The directories whose parts are shown. */
export const TOPS = ['/etc', '/var/lib', '/var/cache'] as const

/**
 * What programs need although no package lists it: it is made when a package is installed. A name
 * counts only if the host has it.
 */
const MADE_AT_INSTALL: Readonly<Record<string, RegExp>> = {
  '/etc':
    /^(alternatives|ld\.so\.cache|localtime|timezone|locale\.(conf|gen)|shells|papersize|mailcap|inputrc|python3)$/,
  '/var/lib': /^$/,
  '/var/cache': /^fontconfig$/,
}

/** Names of /etc and /var on hosts whose packages are not known here. */
const COMMON: Readonly<Record<string, RegExp>> = {
  '/etc': new RegExp(
    `^(${[
      String.raw`ld\.so\.conf(\.d)?|ld-musl.*|os-release|.*-release|services|protocols|rpc|ethertypes`,
      String.raw`host\.conf|gai\.conf|nanorc|vimrc|vim|magic|magic\.mime|mime\.types|terminfo|locale\.alias`,
      'ssl|pki|ca-certificates|crypto-policies|fonts|xml|sgml|X11|xdg|gtk-.*|ImageMagick-.*|paperspecs',
      String.raw`java|java-.*|jvm.*|python.*|perl|php.*|R|ghc.*|mono|maven|groovy|gnucobol.*|racket|sbclrc`,
      String.raw`texmf|ocamlfind\.conf|ldc2?\.conf|dmd\.conf|fpc.*\.cfg|openmpi.*|nim|erlang|elixir|lua.*`,
      String.raw`gemrc|gdb|gprofng\.rc|clang|bash\.bashrc|bash_completion\.d|emacs|julia|octave.*`,
    ].join('|')})$`,
  ),
  '/var/lib': /^(ghc|texmf|tex-common|ocaml|xml-core|sgml-base|gems|emacsen-common|ca-certificates)$/,
  '/var/cache': /^(fontconfig|fonts)$/,
}

const STARTS_SERVICE = /^(\/usr)?\/lib\/systemd\/system\/[^/]+\.(service|socket|timer)$|^\/etc\/init\.d\/./
const OF_INTEREST = /^\/(etc|var\/(lib|cache))\/./

/** The state of a path by the packages that list it. */
type Owners = Map<string, boolean>

/** One pass over all lists. A path is shown if one of its packages starts no service. */
function ownersByDpkg(lists: string): Owners | undefined {
  const owners: Owners = new Map()
  let names: string[]
  try {
    names = readdirSync(lists).filter(name => name.endsWith('.list'))
  } catch {
    return undefined
  }
  for (const name of names) {
    const text = readFileSync(`${lists}/${name}`, 'utf8')
    if (!text.includes('\n/etc/') && !text.includes('\n/var/')) continue
    const paths = text.split('\n')
    const ofProgram = !paths.some(path => STARTS_SERVICE.test(path))
    for (const path of paths)
      if (OF_INTEREST.test(path) && (ofProgram || !owners.has(path))) owners.set(path, ofProgram)
  }
  return owners.size === 0 ? undefined : owners
}

const list = (directory: string): Dirent[] => {
  try {
    return readdirSync(directory, { withFileTypes: true })
  } catch {
    return [] // it does not exist, or this user may not read it
  }
}

/** The targets below /etc and /var of links in a directory, and in those below it. */
export function linksInto(directory: string, found: Set<string> = new Set()): Set<string> {
  for (const entry of list(directory)) {
    const path = `${directory}/${entry.name}`
    if (entry.isDirectory()) linksInto(path, found)
    else if (entry.isSymbolicLink()) {
      const target = resolve(directory, readlinkSync(path))
      if (OF_INTEREST.test(target)) found.add(target)
    }
  }
  return found
}

/** The path of which `path` is a part: a name of /etc, /var/lib or /var/cache. */
const partOf = (path: string): string =>
  path
    .split('/')
    .slice(0, path.startsWith('/etc/') ? 3 : 4)
    .join('/')

/** How the packages of a host are found; tests have their own. */
export interface Host {
  /** The directory of dpkg's lists. */
  readonly lists: string
  /** Where links into /etc are looked for, if there is no dpkg. */
  readonly usr: string
}

const HOST: Host = { lists: '/var/lib/dpkg/info', usr: '/usr' }

/** Finds out what belongs to programs. Takes some tenths of a second. */
export function ownership({ lists, usr }: Host = HOST): Ownership {
  const listed = ownersByDpkg(lists)
  const owners = listed ?? new Map([...linksInto(usr)].map(path => [partOf(path), true]))
  const patterns = listed ? [MADE_AT_INSTALL] : [MADE_AT_INSTALL, COMMON]
  for (const top of TOPS)
    for (const { name } of list(top))
      if (patterns.some(names => names[top]?.test(name))) owners.set(`${top}/${name}`, true)
  // What a program finds through /etc/alternatives, such as the generated /etc/fpc.cfg.
  for (const { name } of list('/etc'))
    if (leadsToAlternative(`/etc/${name}`)) owners.set(`/etc/${name}`, true)
  for (const path of linksInto('/etc/alternatives')) owners.set(partOf(path), true)
  return { shows: path => owners.get(path) }
}

function leadsToAlternative(path: string): boolean {
  try {
    return resolve('/etc', readlinkSync(path)).startsWith('/etc/alternatives/')
  } catch {
    return false // no link
  }
}
