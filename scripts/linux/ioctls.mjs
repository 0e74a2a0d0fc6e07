// Makes the table of ioctl requests: number and names, out of the kernel's UAPI headers and
// ioctls.txt. Two versions of the headers are read (Debian: linux-headers-*-common, fetched and
// unpacked, not installed), so that requests that a newer kernel dropped keep their names. A macro
// or enumerator is a request if its expansion contains _IOC(), or if ioctls.txt says that it is
// one of the older, plain numbers.
import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'

const PACKAGES = ['linux-headers-6.1.0-57-common', 'linux-headers-6.12.117+deb12-common']
/** Headers that others use without including them. */
const BEFORE =
  'stddef.h stdint.h stdio.h sys/types.h sys/socket.h linux/types.h linux/ioctl.h linux/time_types.h linux/major.h linux/if.h asm/termbits.h'.split(
    ' ',
  )
/** Macros that the headers lose when they are installed for user space. */
const MACROS = ['-D__user=', '-D__force=', '-D__packed=__attribute__((packed))', '-w']

const includes = headers => headers.map(header => `#include <${header}>\n`).join('')

function headersBelow(directory, at = directory) {
  return readdirSync(at, { withFileTypes: true }).flatMap(entry => {
    const path = join(at, entry.name)
    if (entry.isDirectory()) return headersBelow(directory, path)
    return entry.name.endsWith('.h') ? [relative(directory, path)] : []
  })
}

/** Fetches and unpacks a package of headers. */
function unpack(name, scratch) {
  execFileSync('apt-get', ['download', '-qq', name], { cwd: scratch, stdio: ['ignore', 'ignore', 'ignore'] })
  const file = readdirSync(scratch).find(entry => entry.startsWith(`${name}_`))
  const tree = join(scratch, name)
  execFileSync('dpkg', ['-x', file, tree], { cwd: scratch })
  const uapi = join(tree, 'usr/src', name, 'include/uapi')
  const empty = join(tree, 'empty')
  mkdirSync(join(empty, 'linux'), { recursive: true })
  for (const header of ['compiler.h', 'compiler_types.h']) writeFileSync(join(empty, 'linux', header), '')
  return { uapi, flags: [...MACROS, `-I${empty}`, `-I${uapi}`, `-I${uapi}/drm`] }
}

/** The macros without arguments that a header defines. */
const macrosOf = text => [
  ...new Set([...text.matchAll(/^[ \t]*#[ \t]*define[ \t]+(\w+)(?=[ \t])/gm)].map(match => match[1])),
]
const enumeratorsOf = text => [...text.matchAll(/^\s*(\w+)\s*=\s*_IO/gm)].map(match => match[1])

/** Those of the names that are requests. */
function requestsOf(header, names, flags, isPlain) {
  const asked = names.map(name => `GLASSBOX_NAME "${name}" ${name}\n`).join('')
  const source = `${includes([...BEFORE, header])}#undef _IOC\n#define _IOC(d, t, n, s) GLASSBOX_IOC\n${asked}`
  const out = execFileSync('cc', ['-E', '-P', ...flags, '-'], {
    input: source,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  const built = [...out.matchAll(/GLASSBOX_NAME "(\w+)"([^]*?)(?=GLASSBOX_NAME|$)/g)]
    .filter(([, , expansion]) => expansion.includes('GLASSBOX_IOC'))
    .map(([, name]) => name)
  return [...new Set([...built, ...names.filter(isPlain)])]
}

/**
 * The numbers of the names. A name whose argument type is incomplete in user space is left out.
 */
function numbersOf(header, names, flags, scratch) {
  const program = join(scratch, 'ioctls')
  const before = includes([...BEFORE, header])
  const skipped = before.split('\n').length + 1
  for (let rest = names; rest.length > 0; ) {
    const prints = rest.map(name => `printf("%u ${name}\\n", (unsigned)(${name}));\n`).join('')
    try {
      execFileSync('cc', ['-x', 'c', ...flags, '-o', program, '-'], {
        input: `${before}int main(void) {\n${prints}return 0; }\n`,
        encoding: 'utf8',
        stdio: ['pipe', 'ignore', 'pipe'],
      })
      const lines = execFileSync(program, { encoding: 'utf8' }).trim().split('\n')
      return lines.map(line => line.split(' ')).map(([number, name]) => [name, Number(number)])
    } catch (error) {
      const bad = [...String(error.stderr).matchAll(/<stdin>:(\d+):/g)].map(([, line]) => line - skipped)
      const next = rest.filter((_, index) => !bad.includes(index))
      if (next.length === rest.length) return []
      rest = next
    }
  }
  return []
}

/** @returns the requests, sorted by number: `[number, [names]]`. */
export function readRequests(rules, scratch) {
  const words = rules.map(line => line.split(' '))
  const of = kind => words.filter(([first]) => first === kind)
  const plain = of('plain').map(([, header, pattern]) => [header, new RegExp(`^(?:${pattern})$`)])
  const skip = new RegExp(
    `^(?:${of('skip')
      .map(([, pattern]) => pattern)
      .join('|')})$`,
  )
  const found = new Map()
  for (const name of PACKAGES) {
    const { uapi, flags } = unpack(name, scratch)
    // A number that an older kernel named keeps those names: newer ones say them of other drivers.
    const older = new Set(found.keys())
    const add = (number, each) =>
      older.has(number) || found.set(number, (found.get(number) ?? new Set()).add(each))
    const installed = ['scsi/sg.h', 'scsi/scsi_ioctl.h', 'asm/mce.h', 'asm/mtrr.h', 'asm/sgx.h', 'asm/msr.h']
    for (const header of [
      ...installed,
      ...headersBelow(uapi).filter(path => path !== 'asm-generic/ioctl.h'),
    ]) {
      const text = readFileSync(
        installed.includes(header) ? installedPath(header) : join(uapi, header),
        'utf8',
      )
      const isPlain = each => plain.some(([where, pattern]) => where === header && pattern.test(each))
      const names = macrosOf(text).filter(each => !skip.test(each))
      if (!/_IO/.test(text) && !names.some(isPlain)) continue
      let requests = []
      try {
        requests = [...requestsOf(header, names, flags, isPlain), ...enumeratorsOf(text)]
      } catch {
        // A header that user space cannot include has no requests for it.
      }
      for (const [each, number] of numbersOf(header, requests, flags, scratch)) add(number, each)
    }
  }
  for (const [, first, ...names] of of('literal'))
    names.forEach((name, index) => {
      const number = Number(first) + index
      if (name !== '-') found.set(number, (found.get(number) ?? new Set()).add(name))
    })
  return [...found].sort((a, b) => a[0] - b[0]).map(([number, names]) => [number, [...names].sort()])
}

const LETTERS = { none: '-', int: 'i', uint: 'u', ulong: 'l', pointer: 'p' }

/** The lines of the table: the number, a letter for what the request takes, and its names. */
export function requestLines(requests, rules) {
  const letters = new Map()
  for (const [kind, argument, ...names] of rules.map(line => line.split(' ')))
    if (kind === 'argument') for (const name of names) letters.set(name, LETTERS[argument])
  return requests.map(([number, names]) => {
    const letter = names.map(name => letters.get(name)).find(found => found !== undefined) ?? ''
    return `${[number.toString(16) + letter, ...names].join(' ')}\n`
  })
}

function installedPath(header) {
  const triplet = execFileSync('cc', ['-print-multiarch'], { encoding: 'utf8' }).trim()
  return `/usr/include/${header.startsWith('asm/') ? `${triplet}/` : ''}${header}`
}
