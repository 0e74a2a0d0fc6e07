// Runs one test file in its own process, and reads the counts that node:test prints at the end.
import { spawn } from 'node:child_process'

const count = (output, key) => Number(output.match(new RegExp(`^# ${key} (\\d+)$`, 'm'))?.[1] ?? 0)

/** The numbers of tests, from the output of a file and the end of its process. */
function countsOf(output, code) {
  const failed = count(output, 'fail') + count(output, 'cancelled')
  const complete = code === 0 && /^# pass \d+$/m.test(output)
  return {
    passed: count(output, 'pass'),
    // A process that ends badly without a failed test, or before its summary, is one failure.
    failed: failed === 0 && !complete ? 1 : failed,
    skipped: count(output, 'skipped'),
  }
}

/** Runs the file at `path`, called `name`; resolves with its counts, its output and its time. */
export function runFile(name, path, { node, seconds, env }) {
  return new Promise((resolve, reject) => {
    const startedAt = performance.now()
    const child = spawn(node, ['--enable-source-maps', '--test-reporter=tap', path], {
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: seconds * 1000,
      killSignal: 'SIGKILL',
      env,
    })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8')
      stream.on('data', text => (output += text))
    }
    child.on('error', reject)
    child.on('close', (code, signal) => {
      if (signal !== null) output += `\n# ended by ${signal}; SIGKILL is sent after ${seconds} s\n`
      const took = (performance.now() - startedAt) / 1000
      resolve({ name, ...countsOf(output, code), output, seconds: took })
    })
  })
}
