// Which files did a program look for and not find? Reads the output of `glassbox strace --json`.
//   node examples/tracing/errors.mjs python3 -c 'import json'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const glassbox = fileURLToPath(new URL('../../packages/glassbox/bin/glassbox.js', import.meta.url))
const directory = mkdtempSync(join(tmpdir(), 'errors-'))
const file = join(directory, 'trace')
const options = ['strace', '--json', '-f', '-Z', '-e', 'trace=%file', '-e', 'signal=none', '-o', file]
try {
  spawnSync(process.execPath, [glassbox, ...options, ...process.argv.slice(2)], {
    stdio: ['inherit', 'ignore', 'ignore'],
  })
  for (const line of readFileSync(file, 'utf8').trimEnd().split('\n')) {
    const { errno, args } = JSON.parse(line)
    if (errno === 'ENOENT') console.log(args.path)
  }
} finally {
  rmSync(directory, { recursive: true })
}
