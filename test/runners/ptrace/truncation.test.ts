/**
 * Emptying files under rules about paths. Landlock does not look for that right with this runner,
 * because each open for reading would look for it up to the root: filter and tracer keep it.
 */
import assert from 'node:assert/strict'
import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { run } from '#glassbox/index.js'
import { temporaryDirectory } from '../../support/temporary.js'

const SCRIPT = `
import os, sys
read, written = sys.argv[1:]
def attempt(label, act):
  try: act(); print(label, 'ok')
  except OSError as e: print(label, e.errno)
def opened(path, flags): os.close(os.open(path, flags))
for name, path in (('read', read), ('written', written)):
  attempt(name + ' truncate', lambda: os.truncate(path, 1))
  attempt(name + ' O_RDONLY', lambda: opened(path, os.O_RDONLY | os.O_TRUNC))
  attempt(name + ' O_WRONLY', lambda: opened(path, os.O_WRONLY | os.O_TRUNC))
  attempt(name + ' grow', lambda: os.truncate(path, 100))
attempt('read ftruncate', lambda: os.ftruncate(os.open(read, os.O_RDONLY), 1))
attempt('directory', lambda: os.truncate('.', 0))
attempt('missing', lambda: os.truncate('missing', 0))
`
const CONTENTS = 'contents'

function files(context: Parameters<typeof temporaryDirectory>[0]): readonly string[] {
  const top = temporaryDirectory(context)
  chmodSync(top, 0o755)
  return ['read', 'written'].map(name => {
    const path = join(top, name)
    writeFileSync(path, CONTENTS)
    chmodSync(path, 0o666)
    return path
  })
}

test('without rules each of these calls empties the file', async context => {
  const [read = '', written = ''] = files(context)
  const { stdout } = await run('/usr/bin/python3', ['-c', SCRIPT, read, written], {
    ...{ runner: 'ptrace', policy: null },
  })
  assert.match(stdout, /read truncate ok\nread O_RDONLY ok\nread O_WRONLY ok\nread grow ok/)
})

for (const tier of ['silent', 'named'] as const) {
  test(`only what may be written is emptied, in the tier ${tier}`, async context => {
    const [read = '', written = ''] = files(context)
    const policy = { extends: 'python3', paths: { tier, read: [read], write: [written] } } as const
    const { stdout, stderr } = await run('/usr/bin/python3', ['-c', SCRIPT, read, written], {
      runner: 'ptrace',
      policy,
    })
    assert.deepEqual(
      stdout.trim().split('\n'),
      [
        ...['read truncate 13', 'read O_RDONLY 13', 'read O_WRONLY 13', 'read grow 13'],
        // What POSIX leaves undefined is refused for every file.
        ...['written truncate ok', 'written O_RDONLY 13', 'written O_WRONLY ok', 'written grow ok'],
        ...['read ftruncate 22', 'directory 21', 'missing 2'],
      ],
      stderr,
    )
    assert.equal(readFileSync(read, 'utf8'), CONTENTS)
    assert.equal(readFileSync(written, 'utf8'), '\0'.repeat(100))
  })

  test(`a file that grows beyond the limit ends the program, in the tier ${tier}`, async () => {
    const grow =
      "import os; open('f', 'w').close(); os.truncate('f', 4096); print('grew', flush=True); os.truncate('f', 4097)"
    const { status, stdout, signal } = await run(
      '/usr/bin/python3',
      ['-c', `import signal; signal.signal(signal.SIGXFSZ, signal.SIG_DFL); ${grow}`],
      {
        runner: 'ptrace',
        policy: { extends: 'python3', paths: { tier } },
        limits: { fileSizeBytes: 4096 },
      },
    )
    assert.deepEqual([status, stdout, signal], ['output-limit', 'grew\n', 'SIGXFSZ'])
  })
}
