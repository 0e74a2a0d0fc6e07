// Runs a bundle of the command with typical command lines, and saves the code that V8 compiled:
// its own, and that of its parts (APART in build-bundles.mjs). If namespaces or ptrace are
// forbidden, the runs fail, and less code is saved.
//
//   node scripts/warm-command.cjs DIRECTORY NAME
'use strict'
const { readFileSync, renameSync, writeFileSync } = require('node:fs')
const { join } = require('node:path')
const v8 = require('node:v8')
const { Script } = require('node:vm')

const [directory, name] = process.argv.slice(2)
/** The parts of the command that the runs of one subcommand compile. */
const PARTS = { strace: ['decode', 'siginfo', 'in-kernel'] }

const SCRIPT = 'ls -l / >&2; cat /proc/self/status >&2; (exit 3); grep -r root /etc/passwd | wc -l'
const SHELL = ['sh', '-c', SCRIPT]
const FILTER = ['-f', '-o', '/dev/null', '-e', 'trace=openat']

/** No box of the host has this number. The environment names a config file of the build's own. */
const BOX = ['--box-id=1999999999']
const LIMITS = [
  '--time=1',
  '--wall-time=5',
  '--processes=60',
  '--fsize=1000',
  '--env=HOME=/tmp',
  '--dir=/etc:noexec',
]

/** Command lines, by the bundle. */
const RUNS = {
  strace: [
    ['strace', '-f', '-o', '/dev/null', ...SHELL],
    ['strace', '-f', '-tt', '-T', '-y', '-o', '/dev/null', ...SHELL],
    ['strace', ...SHELL],
    ['strace', '-f', '-c', '-o', '/dev/null', ...SHELL],
    ['strace', ...FILTER, ...SHELL],
    ['strace', ...FILTER, '--seccomp-bpf', ...SHELL],
    ['strace', '-f', '--json', '-o', '/dev/null', ...SHELL],
    ['strace', '-f', '--runner', 'kernel', '-o', '/dev/null', 'true'],
    ['strace', '--help'],
    ['strace', '-o', '/dev/null', '/nowhere/to/be/found'],
  ],
  run: [
    ['run', '--', ...SHELL],
    ['run', '--json', '--', ...SHELL],
    ['run', '--cpu-time', '1s', '--memory', '64MiB', '--', 'true'],
    ['run', '--runner', 'kernel', '--', 'true'],
    ['run', '--runner', 'ptrace', '--', ...SHELL],
    ['run', '--nonsense'],
    ['run', '--help'],
  ],
  doctor: [['doctor']],
  policy: [
    ['policy', 'show', 'default'],
    ['policy', 'explain', 'default'],
    ['policy', '--help'],
  ],
  isolate: [
    ['isolate', '--version'],
    ['isolate', '--nonsense'],
    ['isolate', '--box-id=auto', '--plan', '--init'],
    ...[[], ['--cg']].flatMap(cg => [
      ['isolate', ...BOX, ...cg, '--init'],
      ['isolate', ...BOX, ...cg, ...LIMITS, '--meta=/dev/null', '--run', '--', '/bin/sh', '-c', 'exit 3'],
      ['isolate', ...BOX, ...cg, '--silent', '--stdout=out', '--run', '--', '/bin/true'],
      ['isolate', ...BOX, ...cg, '--cleanup'],
    ]),
  ],
  kernel: [
    ['kernel', 'syscalls'],
    ['kernel', '--help'],
  ],
  completion: [['completion', 'bash']],
  glassbox: [['--version'], ['help'], ['nonsense']],
}

/** The layout is that which bin/glassbox.js reads. */
function compiled(source, code) {
  const lengths = Buffer.from(Float64Array.of(source.length, code.length).buffer)
  return Buffer.concat([lengths, Buffer.from(source, 'latin1'), code])
}

/** What is saved. */
const scripts = []
const loaded = new Map()

function load(bundle) {
  const path = join(directory, `${bundle}.cjs`)
  const source = `(function (module, exports, require, __filename, __dirname) {${readFileSync(path, 'latin1')}\n})`
  const script = new Script(source, { filename: path })
  scripts.push({ path, source, script })
  const module = { exports: {} }
  script.runInThisContext()(module, module.exports, requireFrom, path, directory)
  return module.exports
}

function requireFrom(id) {
  const part = PARTS[name]?.find(each => id === `./${each}.cjs`)
  if (part === undefined) return require(id.startsWith('./') ? join(directory, id) : id)
  if (!loaded.has(part)) loaded.set(part, load(part))
  return loaded.get(part)
}

async function warm() {
  // V8 discards code that was not used for a while, unless this flag is set. The flag must be
  // reset before the code is saved, because V8 refuses code that was made with other flags.
  v8.setFlagsFromString('--no-flush-bytecode')
  const { main } = load(name)
  for (const words of RUNS[name]) await main(words)
  v8.setFlagsFromString('--flush-bytecode')
  for (const { path, source, script } of scripts) {
    const file = `${path}.${process.version}.${process.arch}`
    writeFileSync(`${file}.tmp`, compiled(source, script.createCachedData()))
    renameSync(`${file}.tmp`, file)
  }
  process.exit(0)
}

void warm()
