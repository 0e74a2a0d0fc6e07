// Runs the programs of languages/table.mjs natively and in a box, compares them, and writes
// docs/languages.md. Anyone can run it on Debian; what is not installed is named in the table.
//
//   node scripts/languages.mjs [--write] [--as UID] [--install] [NAME ...]
//
// NAME: only the rows whose name has this text. --install: install the packages first (needs
// root). --as UID: run everything as that user. --write: write docs/languages.md, after a run of
// all rows.
//
// A row passes if both runs exit with 0, print what they should, and print the same to stderr. Its
// exit code is 1 if a row fails.
import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { LANGUAGES } from './languages/table.mjs'
import { documentOf } from './languages/document.mjs'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    write: { type: 'boolean', default: false },
    install: { type: 'boolean', default: false },
    as: { type: 'string' },
  },
})

const rows = LANGUAGES.filter(
  ({ name }) =>
    positionals.length === 0 || positionals.some(text => name.toLowerCase().includes(text.toLowerCase())),
)

if (values.install) {
  const packages = [...new Set(rows.flatMap(row => row.packages))]
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  execFileSync('apt-get', ['install', '-y', '--no-install-recommends', ...packages], {
    stdio: 'inherit',
    env,
  })
}

// The rest of the process, and so every run, is that of the user.
if (values.as !== undefined) {
  process.setgroups([])
  process.setgid(Number(values.as))
  process.setuid(Number(values.as))
}
const { run } = await import('../packages/glassbox/dist/index.js')

const isRoot = process.getuid() === 0
const PATH = '/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin'

/**
 * The packages of a row that are missing. `program`: it may come from elsewhere, such as npm with
 * another package of Node.js.
 */
function missing({ packages, program }) {
  if (program && spawnSync('sh', ['-c', `command -v ${program}`], { env: { PATH } }).status === 0) return []
  const { stdout } = spawnSync('dpkg-query', ['-W', '-f', '${Package} ${db:Status-Status}\n', ...packages], {
    encoding: 'utf8',
  })
  const installed = new Set(
    stdout
      .split('\n')
      .filter(line => line.endsWith(' installed'))
      .map(line => line.split(' ')[0]),
  )
  return packages.filter(name => !installed.has(name))
}

const LONGEST_MS = 240_000

/** What a run printed: paths and numbers of its directory are made alike. */
const alike = (text, directory) => text.replaceAll(directory, '/box').replaceAll(/\d+/g, 'N').trim()

function natively({ files, command }) {
  const directory = mkdtempSync(join(tmpdir(), 'languages-'))
  try {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(directory, name)), { recursive: true })
      writeFileSync(join(directory, name), text)
    }
    chmodSync(directory, 0o755)
    const env = {
      ...{
        PATH,
        HOME: directory,
        LANG: 'C.UTF-8',
        USER: 'box',
        LOGNAME: 'box',
        SHELL: '/bin/sh',
        TERM: 'dumb',
      },
    }
    const options = { cwd: directory, env, encoding: 'utf8', timeout: LONGEST_MS, killSignal: 'SIGKILL' }
    const { status, stdout, stderr } = spawnSync('sh', ['-c', command], options)
    return { ok: status === 0, code: status, stdout, stderr: alike(stderr, directory) }
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

async function boxed({ files, command, limits = {} }) {
  const result = await run('sh', ['-c', command], { files, limits: { wallTimeMs: LONGEST_MS, ...limits } })
  const { ok, status, exitCode, signal, stdout, stderr, cpuTimeMs, memoryBytes } = result
  return {
    ...{ ok, stdout, cpuTimeMs, memoryBytes, stderr: alike(stderr, '/box') },
    code: status === 'exited' ? exitCode : `${status}${signal ? ` ${signal}` : ''}`,
  }
}

/** What is wrong with a run; undefined if nothing is. */
const wrong = ({ ok, code, stdout }, { prints }) =>
  ok
    ? stdout.includes(prints)
      ? undefined
      : `printed ${JSON.stringify(stdout.slice(0, 80))}`
    : `ended with ${code}`

/** What of stderr the native run has not printed. */
function onlyInBox(native, box) {
  const known = new Set(native.stderr.split('\n'))
  return box.stderr.split('\n').filter(line => line !== '' && !known.has(line))
}

async function outcomeOf(row) {
  const lacks = missing(row)
  if (lacks.length > 0) return { kind: 'missing', text: lacks.join(', ') }
  if (row.notAsRoot && isRoot && values.as === undefined) {
    const box = await boxed(row)
    const fault = wrong(box, row)
    return fault
      ? { kind: 'fails', text: `${fault}: ${box.stderr.slice(-300)}`, box }
      : { kind: 'boxed', box }
  }
  const native = natively(row)
  const nativeFault = wrong(native, row)
  if (nativeFault) return { kind: 'native', text: `${nativeFault}: ${native.stderr.slice(-300)}` }
  const box = await boxed(row)
  const fault = wrong(box, row)
  if (fault) return { kind: 'fails', text: `${fault}: ${box.stderr.slice(-300)}`, box }
  const more = onlyInBox(native, box)
  return more.length > 0
    ? { kind: 'noise', text: more.join(' / ').slice(0, 300), box }
    : { kind: 'passes', box }
}

const outcomes = []
for (const row of rows) {
  let outcome
  try {
    outcome = await outcomeOf(row)
  } catch (error) {
    outcome = { kind: 'fails', text: String(error) }
  }
  outcomes.push({ row, outcome })
  console.log(`${outcome.kind.padEnd(8)}${row.name}${outcome.text ? `: ${outcome.text}` : ''}`)
}

const counts = Object.groupBy ? Object.groupBy(outcomes, ({ outcome }) => outcome.kind) : {}
console.log(
  Object.entries(counts)
    .map(([kind, list]) => `${list.length} ${kind}`)
    .join(', '),
)
if (values.write) {
  const release = /PRETTY_NAME="(.*)"/.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? 'Linux'
  writeFileSync(new URL('../docs/languages.md', import.meta.url), documentOf(outcomes, release))
}
process.exitCode = outcomes.some(({ outcome }) => ['fails', 'noise'].includes(outcome.kind)) ? 1 : 0
