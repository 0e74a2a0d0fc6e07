// Files, workers, compression and child processes: what ordinary programs of Node do.
import assert from 'node:assert'
import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import os from 'node:os'
import { promisify } from 'node:util'
import { Worker } from 'node:worker_threads'
import zlib from 'node:zlib'

fs.writeFileSync('node.txt', 'text')
assert.equal(fs.readFileSync('node.txt', 'utf8'), 'text')
assert.ok((await fs.promises.readdir('.')).includes('node.txt'))
fs.unlinkSync('node.txt')
assert.ok(os.cpus().length > 0 && os.totalmem() > 0)
randomBytes(4)
await promisify(zlib.gzip)('text')
await new Promise(resolve => new Worker('1', { eval: true }).on('exit', resolve))
new Intl.DateTimeFormat('de').format(new Date())
assert.equal(spawnSync(process.execPath, ['-e', 'console.log(1)']).stdout.toString(), '1\n')
console.log('ok')
