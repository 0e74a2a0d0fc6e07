/** A whole call with a scripted keeper: what is said where, files of reports, and exit codes. */
import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { isolate } from '#glassbox/isolate/command.js'
import type { CallIo } from '#glassbox/isolate/types.js'
import { ScriptedKeeper } from '../support/scripted-keeper.js'

const directory = mkdtempSync(join(tmpdir(), 'glassbox-isolate-'))
after(() => rmSync(directory, { recursive: true }))
const file = (name: string): string => join(directory, name)
const read = (name: string): string => readFileSync(file(name), 'utf8')

interface Setting {
  readonly config?: string
  readonly name?: string
  readonly io?: Partial<CallIo>
  readonly variables?: readonly string[]
}

let configs = 0

async function call(line: string, { config = '', name = 'isolate', io = {}, variables = [] }: Setting = {}) {
  const path = file(`config${configs++}`)
  writeFileSync(path, config)
  const keeper = new ScriptedKeeper()
  let [out, err] = ['', '']
  const code = await isolate(
    line.split(' ').filter(word => word !== ''),
    {
      programName: name,
      cwd: directory,
      environment: [`GLASSBOX_ISOLATE_CONFIG=${path}`, ...variables],
      ids: { uid: 0, gid: 0 },
      ...{ effectiveUid: 0, umask: 0o027, streams: [0, 1, 2], hasOwnDescriptors: true, failed: false },
      out: text => (out += text),
      err: text => (err += text),
      onSignal: () => () => {},
      ...io,
    },
    { version: '1.2.3', keeper: async () => keeper },
  )
  return { code, out, err, keeper }
}

test('init prints the directory and nothing else', async () => {
  const { code, out, err } = await call('-b3 --init')
  assert.deepEqual([code, out, err], [0, '/boxes/3\n', ''])
})

test('cleanup says nothing; print-cg-root prints the root and implies --cg', async () => {
  const cleanup = await call('--cleanup')
  assert.deepEqual([cleanup.code, cleanup.out, cleanup.err], [0, '', ''])
  assert.deepEqual((await call('--print-cg-root')).out, '/sys/fs/cgroup/boxes\n')
})

test('a run says how it ended, in the meta file, in JSON, and in a line', async () => {
  const { code, out, err } = await call('--meta=m1 --json=j1 --run exit 7')
  assert.deepEqual([code, out, err], [1, '', 'Exited with error status 7\n'])
  assert.match(read('m1'), /^time:0\.001\n[^]*exitcode:7\nstatus:RE\nmessage:Exited with error status 7\n$/)
  assert.equal((JSON.parse(read('j1')) as { status: string }).status, 'RE')
  assert.equal(statSync(file('m1')).mode & 0o777, 0o640, 'the umask of the caller is used')
})

test('--silent leaves only internal errors; -M - is standard output', async () => {
  const silent = await call('-s -M - --run exit 7')
  assert.equal(silent.err, '')
  assert.match(silent.out, /exitcode:7/)
  const fault = await call('-s -M m2 --run nonsense')
  assert.deepEqual([fault.code, fault.err], [2, 'Cannot run nonsense\n'])
  assert.match(read('m2'), /status:XX\nmessage:Cannot run nonsense\n/)
})

test('a fault of the keeper is said, and is status XX in the meta file', async () => {
  const { code, out, err } = await call('-b13 -M m3 --init')
  assert.deepEqual([code, out], [2, ''])
  assert.equal(err, 'This box is currently in use by another process\n')
  assert.equal(read('m3'), `status:XX\nmessage:${err}`)
})

test('a wrong option leaves the meta file empty and is followed by a hint, or in 1.x by the help', async () => {
  const two = await call('-M m4 -b x --init')
  assert.deepEqual([two.code, two.out, read('m4')], [2, '', ''])
  assert.match(two.err, /^Invalid value of --box-id: 'x'.*\n'isolate --help' lists the options\.\n$/)
  const one = await call('-b x --init', { name: 'isolate1' })
  assert.match(one.err, /^Invalid value[^\n]*\n$/)
  assert.match(one.out, /^Usage: isolate/)
})

test('a complaint about the grammar begins with the name, and the help is on standard output', async () => {
  const { code, out, err } = await call('--nonsense', { name: '/usr/bin/isolate' })
  assert.deepEqual([code, err], [2, "/usr/bin/isolate: unrecognized option '--nonsense'\n"])
  assert.match(out, /^Usage: isolate/)
})

test('--version, --help and --check-config need neither root nor a keeper', async () => {
  const io = { effectiveUid: 1000, ids: { uid: 1000, gid: 1000 } }
  const broken = { io, config: 'nonsense' }
  const version = await call('--version', broken)
  assert.match(version.out, /^The process isolator 2\.6\n.*glassbox 1\.2\.3/)
  assert.match(
    (await call('--version', { io, config: 'dialect = 1' })).out,
    /^The process isolator 1\.10\.1\n/,
  )
  const help = await call('--help', broken)
  assert.deepEqual([help.code, help.err], [0, ''])
  for (const option of ['--init', '-p, --processes[=N]', '-b, --box-id=ID', '--no-cg-timing'])
    assert.ok(help.out.includes(option), option)
  const fine = await call('--check-config', { io, config: 'num_boxes = 7' })
  assert.deepEqual([fine.code, fine.out, fine.err], [0, '', ''])
  assert.match((await call('--check-config -vv', { io, config: 'num_boxes = 7' })).out, /numBoxes = 7\n/)
  const wrong = await call('--check-config', broken)
  assert.deepEqual(
    [wrong.code, wrong.err],
    [2, 'Error in config file, line 1: Syntax error: it is not KEY = VALUE\n'],
  )
})

test('the first error in the order of the original is the one that is reported', async () => {
  const io = { effectiveUid: 1000 }
  const rows: readonly (readonly [line: string, setting: Setting, err: RegExp])[] = [
    ['x', { io }, /A command is missing/],
    ['--cg-mem=5 --run', { io }, /require --cg/],
    ['--as-uid=5 --init', { io }, /Must be started as root/],
    ['--as-uid=5 -b 5000 --init', { config: 'nonsense' }, /--as-uid and --as-gid/],
    ['-b 5000 --init x', { config: 'nonsense' }, /Error in config file, line 1/],
    ['-b 5000 --init x', {}, /out of range/],
    ['-b 5 --init x', {}, /takes no arguments/],
  ]
  for (const [line, setting, message] of rows) {
    const { code, err, keeper } = await call(line, setting)
    assert.equal(code, 2)
    assert.match(err, message)
    assert.deepEqual(keeper.calls, [], 'nothing was done')
  }
})

test('the dialect is that of the name, or of the config file, or 2', async () => {
  const rows = [
    ['isolate', '', '2'],
    ['isolate', 'dialect = 1', '1'],
    ['/opt/glassbox-isolate1', 'dialect = 2', '1'],
    ['isolate-2', 'dialect = 1', '2'],
  ] as const
  for (const [name, config, dialect] of rows)
    assert.equal((await call('--init', { name, config })).keeper.calls[0]?.dialect, dialect)
})

test('a report that cannot be opened or written is exit code 2, and the run is still reported', async () => {
  const missing = await call('-M nowhere/m --run exit 0')
  assert.deepEqual(
    [missing.code, missing.err],
    [2, "Failed to open metafile 'nowhere/m': No such file or directory\n"],
  )
  assert.deepEqual(missing.keeper.calls, [])
  const full = await call('-M /dev/full --run exit 0')
  assert.equal(full.code, 2)
  assert.match(full.err, /^OK \(.*\)\nFailed to write metafile '\/dev\/full': No space left on device\n/)
  const json = await call('--json=/dev/full --run exit 0')
  assert.match(json.err, /Failed to write JSON file '\/dev\/full'/)
})

test('lost standard output is exit code 2', async () => {
  const { code, err } = await call('--init', { io: { failed: true } })
  assert.deepEqual([code, err], [2, 'Cannot write to standard output\n'])
})

test('a config file that is named must be there', async () => {
  const { code, err } = await call('--init', {
    variables: [],
    io: { environment: ['GLASSBOX_ISOLATE_CONFIG=/nowhere'] },
  })
  assert.deepEqual([code, err], [2, 'Cannot open config file /nowhere: No such file or directory\n'])
})

test('--plan prints and does nothing', async () => {
  const { code, out, keeper } = await call('--plan --run x')
  assert.deepEqual([code, out, keeper.calls], [0, 'the plan\n', []])
})

test('no descriptor of a report stays open', async () => {
  const before = readdirSync('/proc/self/fd').length
  for (const line of [
    '-M a -M b -M - --json=c --init',
    '-M a --json=c --nonsense',
    '-M a -M nowhere/x --init',
  ])
    await call(line)
  assert.equal(readdirSync('/proc/self/fd').length, before)
})
