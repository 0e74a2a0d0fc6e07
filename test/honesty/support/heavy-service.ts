/**
 * A service that holds as many MiB as its argument says and runs a small program in a box. It
 * prints the usage as JSON.
 */
import { run } from '#glassbox/index.js'

const held = Buffer.alloc(Number(process.argv[2]) * 2 ** 20, 1)
const results = []
for (let i = 0; i < 20; i++) {
  const { status, memoryBytes } = await run('true')
  results.push({ status, memoryBytes })
}
process.stdout.write(JSON.stringify({ held: held.length, rss: process.memoryUsage().rss, results }))
