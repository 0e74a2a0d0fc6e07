/**
 * Programs that need a terminal, in the kernel and natively: script, the pty module of Python, and
 * bash with job control. And a terminal of the host as a stream of a job.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { openBox } from '#glassbox/index.js'

/** Of both: variables of the host, such as POSIXLY_CORRECT, change what bash says. */
const env = { PATH: '/usr/local/bin:/usr/bin:/bin', HOME: '/tmp', LANG: 'C.UTF-8' }
const limits = { wallTimeMs: 60_000 }

/** A shell with job control: a job in the background that reads is stopped by the terminal. */
const JOBS = 'set -m; cat & sleep 0.3; jobs -s | grep -c Stopped; kill -KILL %%; wait 2>/dev/null; echo end'

const ROWS: readonly (readonly [about: string, program: string, args: readonly string[]])[] = [
  [
    'script makes a terminal',
    '/usr/bin/script',
    ['-qc', 'test -t 0 && stty size; stty -a | grep -o onlcr', '/dev/null'],
  ],
  ['bash has job control', '/usr/bin/script', ['-qc', `bash -c '${JOBS}'`, '/dev/null']],
  [
    'Python spawns in a terminal',
    '/usr/bin/python3',
    ['-c', 'import pty; pty.spawn(["/bin/sh", "-c", "test -t 1; echo $?"])'],
  ],
]

test('programs in a terminal do the same as natively', async t => {
  const box = await openBox({ runner: 'kernel' })
  try {
    for (const [about, program, args] of ROWS) {
      await t.test(about, async () => {
        const native = spawnSync(program, args, { encoding: 'utf8', timeout: 30_000, input: '', env })
        assert.equal(native.status, 0, native.stderr)
        const { stdout, exitCode, stderr } = await box.run(program, [...args], { limits, env })
        assert.equal(stdout, native.stdout, stderr)
        assert.equal(exitCode, 0)
      })
    }
  } finally {
    await box.close()
  }
})

const COMMAND = fileURLToPath(new URL('../../../../packages/glassbox/bin/glassbox.js', import.meta.url))

test('a terminal of the host is a terminal of the program', () => {
  const inside =
    'stty size; stty -echo; stty -a | grep -o -- "-echo "; stty echo; (cat < /dev/tty) 2>/dev/null || echo none'
  const line = `stty rows 33 cols 44; '${process.execPath}' '${COMMAND}' run --runner kernel -- /bin/sh -c '${inside}' 2>&1`
  const { stdout } = spawnSync('/usr/bin/script', ['-qc', line, '/dev/null'], {
    encoding: 'utf8',
    timeout: 60_000,
    input: '',
  })
  assert.match(stdout, /33 44\r\n/)
  assert.match(stdout, /-echo \r\n/)
  assert.match(stdout, /none\r\n/)
})
