/**
 * A service for tests that kill it: `node victim.js KIND MARKER`. It works without end, and
 * reports the beginning of each phase. Every program that it starts has the marker among its
 * arguments, so that the test can find it.
 */
import { writeSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { createPool, openBox, run, type Trace, trace } from '#glassbox/index.js'

/** The phases of each kind, in their order. */
export const PHASES = {
  cold: ['opening', 'running', 'closing'],
  pool: ['opening', 'preparing', 'running', 'cleaning', 'refilling', 'closing'],
  box: ['opening', 'tracing', 'renewing', 'closing'],
  trace: ['starting', 'tracing'],
} as const

export type VictimKind = keyof typeof PHASES

const phase = (name: string): void => {
  writeSync(1, `${name}\n`)
}

/** A daemon, a file, and a moment. */
const SCRIPT = 'sleep 30 & echo x > /tmp/glassbox-victim-file; echo on; sleep 0.02; exit 7'

async function readAll(tracing: Trace): Promise<void> {
  let first = true
  for await (const event of tracing) {
    if (first && event.type === 'syscall-exit') phase('tracing')
    if (event.type === 'syscall-exit') first = false
  }
}

const WORK: Readonly<Record<VictimKind, (marker: string) => Promise<void>>> = {
  cold: async marker => {
    phase('opening')
    const args = ['-c', SCRIPT, marker]
    const handles = [
      run('sh', args),
      run('true', [marker]),
      run('yes', [marker], { limits: { outputBytes: 100_000 } }),
    ]
    await handles[0]?.events().next()
    phase('running')
    await Promise.race(handles)
    phase('closing')
    await Promise.all(handles)
  },
  pool: async marker => {
    phase('opening')
    const pool = await createPool({ size: 2 })
    phase('preparing')
    for (const policy of [undefined, undefined, null]) {
      const handles = [0, 1].map(() =>
        pool.run('sh', ['-c', SCRIPT, marker], policy === null ? { policy } : {}),
      )
      await handles[0]?.events().next()
      phase('running')
      await Promise.all(handles)
      phase(policy === null ? 'refilling' : 'cleaning')
    }
    await pool.run('true', [marker])
    phase('closing')
    await pool.close()
  },
  box: async marker => {
    phase('opening')
    const box = await openBox()
    await box.run('sh', ['-c', SCRIPT, marker], { trace: { reader: readAll } })
    phase('renewing')
    await box.run('true', [marker])
    phase('closing')
    await box.close()
  },
  trace: async marker => {
    phase('starting')
    const tracing = trace({ program: 'sh', args: ['-c', '(sleep 30 & sleep 0.02; kill $!); exit 7', marker] })
    await readAll(tracing)
    await tracing
  },
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [, , kind, marker = ''] = process.argv
  for (;;) await WORK[kind as VictimKind](marker)
}
