// Runs the built tests, a process a file, and ends with one line: `N passed, N failed`.
//
//   node scripts/run-tests.mjs [--node PATH] [--seconds N] [--built] [FILTER ...]     a filter is a part of a test file's path
//
// The command is bundled first, since what tsc builds is not yet what the command runs; --built leaves it as it is, where the tools for it are not.
//
// Files whose tests read clocks, count the machine's processes or fill both CPUs stand under a folder named
// `serial` in the list below; they run one at a time after the others, so that they do not disturb each other.
import { execFileSync, spawn } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    node: { type: 'string', default: process.execPath },
    serial: { type: 'boolean', default: false },
    seconds: { type: 'string', default: '300' },
    built: { type: 'boolean', default: false },
  },
})

/** Paths, below build/test, whose files must have the machine to themselves. */
const SERIAL = [
  'run/',
  'cgroup/',
  'container/',
  'hostile/',
  'honesty/',
  'examples/',
  'cli/',
  'pool/',
  'trace/',
  'ptrace/',
  'caller/',
  'strace/',
]

/** No test file takes minutes; one that does hangs. A machine without hardware to emulate another takes longer. */
const FILE_TIMEOUT_MS = Number(values.seconds) * 1000

if (!values.built)
  execFileSync(process.execPath, [fileURLToPath(new URL('build-bundles.mjs', import.meta.url))], {
    stdio: 'inherit',
  })

const root = fileURLToPath(new URL('../build/test/', import.meta.url))
const files = readdirSync(root, { recursive: true })
  .filter(name => name.endsWith('.test.js'))
  .filter(name => positionals.length === 0 || positionals.some(part => name.includes(part)))
  .toSorted()

const isSerial = name => values.serial || SERIAL.some(prefix => name.startsWith(prefix))
const totals = { pass: 0, fail: 0, skipped: 0 }

/** Runs one file and adds its counts, read from the TAP summary that node:test prints. */
function runFile(name) {
  return new Promise(resolve => {
    const child = spawn(values.node, ['--enable-source-maps', '--test-reporter=tap', root + name], {
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: FILE_TIMEOUT_MS,
      killSignal: 'SIGKILL',
    })
    const startedAt = performance.now()
    let output = ''
    child.stdout.on('data', chunk => (output += chunk))
    child.stderr.on('data', chunk => (output += chunk))
    child.on('close', (code, signal) => {
      if (signal === 'SIGKILL') output += `\n# killed after ${values.seconds} s, or by somebody else\n`
      const count = key => Number(output.match(new RegExp(`^# ${key} (\\d+)$`, 'm'))?.[1] ?? 0)
      const counts = {
        pass: count('pass'),
        fail: count('fail') + count('cancelled'),
        skipped: count('skipped'),
      }
      if (code !== 0 && counts.fail === 0) counts.fail = 1
      for (const key of Object.keys(totals)) totals[key] += counts[key]
      const seconds = ((performance.now() - startedAt) / 1000).toFixed(1)
      console.log(`${counts.fail === 0 ? 'ok  ' : 'FAIL'} ${name} (${counts.pass} passed, ${seconds} s)`)
      for (const line of output.match(/^ *ok .*# SKIP.*$/gm) ?? [])
        console.log(`     skipped: ${line.trim()}`)
      if (counts.fail > 0) console.log(output)
      resolve()
    })
  })
}

async function drain(queue) {
  for (let name = queue.shift(); name !== undefined; name = queue.shift()) await runFile(name)
}

const parallel = files.filter(name => !isSerial(name))
await Promise.all(Array.from({ length: availableParallelism() }, () => drain(parallel)))
await drain(files.filter(isSerial))

console.log(
  `${totals.pass} passed, ${totals.fail} failed${totals.skipped ? `, ${totals.skipped} skipped` : ''}`,
)
process.exitCode = totals.fail > 0 || files.length === 0 ? 1 : 0
