/**
 * The command lines of the systems that call isolate, word for word but for paths and numbers, and
 * what each of them takes from the output and the meta file.
 */
import assert from 'node:assert/strict'
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { detectCgroups } from '#glassbox/cgroup/hierarchy.js'
import { Cgroup } from '#glassbox/cgroup/group.js'
import { type Ended, IsolateHost } from '../../support/isolate.js'
import { privileged } from '../../support/privilege.js'

const missing = Cgroup.plan({}, detectCgroups(), { counted: ['memory', 'cpuacct'] })
const options = { skip: privileged || ('missing' in missing ? missing.missing : false) }
const host = new IsolateHost()
// Not below /tmp, which a box has for itself.
const shared = mkdtempSync('/var/tmp/glassbox-isolate-')
after(() => rmSync(shared, { recursive: true, force: true }))
chmodSync(shared, 0o777)
chmodSync(join(host.directory, 'work'), 0o777)
writeFileSync(join(shared, 'run'), '#!/bin/sh\necho "$@"\n', { mode: 0o755 })
const metaFile = host.meta.slice('--meta='.length)

const OF_LANGUAGE = '-E HOME=/tmp -E PATH=/usr/local/bin:/usr/bin:/bin -E LANG -E LANGUAGE -E LC_ALL'.split(
  ' ',
)

/** The keys that isolate has. Parsers that know only these fail at any other. */
const KEYS = new Set([
  ...['time', 'time-wall', 'max-rss', 'csw-voluntary', 'csw-forced', 'cg-mem', 'cg-oom-killed'],
  ...['exitcode', 'exitsig', 'status', 'message', 'killed'],
])

function assertParses({ meta, values }: Ended, wanted: readonly string[]): void {
  for (const line of meta) {
    assert.match(line, /^[a-z-]+:\S.*$/)
    assert.ok(KEYS.has(line.split(':')[0] ?? ''), line)
  }
  for (const key of wanted) assert.notEqual(values[key], undefined, key)
}

const ok = (ended: Ended): void => assert.equal(ended.code, 0, `${ended.err}${ended.meta.join(' ')}`)

test('Judge0', options, async () => {
  const id = host.newBox()
  const ids = { ids: { uid: 1000, gid: 1000 } }
  const workdir = (await host.call(['--cg', '-b', `${id}`, '--init'], ids)).out.trimEnd()
  assert.equal(workdir, host.boxPath(id))
  for (const name of ['stdin.txt', 'stdout.txt', 'stderr.txt', 'metadata.txt'])
    writeFileSync(join(workdir, name), '')
  writeFileSync(join(workdir, 'box', 'compile.sh'), 'echo compiled > binary; echo warning >&2\n')
  writeFileSync(join(workdir, 'box', 'run.sh'), 'cat binary -\n')
  const compile = await host.call(
    [
      ...['--cg', '-s', '-b', `${id}`, '-M', metaFile, '--stderr-to-stdout', '-i', '/dev/null', '-t', '15.0'],
      ...['-x', '0', '-w', '20.0', '-k', '128000', '-p120', '--cg-timing', '--cg-mem=512000', '-f', '4096'],
      ...[...OF_LANGUAGE, '-d', '/etc:noexec', '--run', '--', '/bin/bash', 'compile.sh'],
    ],
    ids,
  )
  ok(compile)
  assert.equal(compile.out, 'warning\n')
  const run = [
    ...[
      '--cg',
      '-s',
      '-b',
      `${id}`,
      '-M',
      metaFile,
      '-t',
      '5.0',
      '-x',
      '1.0',
      '-w',
      '10.0',
      '-k',
      '64000',
      '-p60',
    ],
    ...['--cg-timing', '--cg-mem=128000', '-f', '1024', ...OF_LANGUAGE, '-d', '/etc:noexec'],
    ...['--run', '--', '/bin/bash', 'run.sh'],
  ]
  const ran = await host.call(run, { ...ids, input: 'input\n' })
  ok(ran)
  assert.equal(ran.out, 'compiled\ninput\n')
  assertParses(ran, ['time', 'time-wall', 'cg-mem', 'exitcode'])
  const perProcess = run.filter(word => word !== '--cg-timing' && word !== '--cg-mem=128000')
  ok(
    await host.call(
      [...perProcess.slice(0, 1), '--no-cg-timing', '-m', '128000', ...perProcess.slice(1)],
      ids,
    ),
  )
  assert.equal((await host.call(['--cg', '-b', `${id}`, '--cleanup'], ids)).code, 0)
  assert.equal(existsSync(workdir), false)
})

test('Judge0 finds why a program cannot be executed in the message of 1.x', options, async () => {
  const id = host.newBox()
  const as = { programName: 'isolate1' }
  await host.call(['--cg', '-b', `${id}`, '--init'], as)
  const { values } = await host.call(
    ['--cg', '-s', '-b', `${id}`, '-M', metaFile, '--run', '--', './none'],
    as,
  )
  assert.match(
    values['message'] ?? '',
    /^execve\(.+\): (Exec format error|No such file or directory|Permission denied)$/,
  )
  await host.call(['--cg', '-b', `${id}`, '--cleanup'], as)
})

test('Piston', options, async () => {
  const [first, second] = [host.newBox(), host.newBox()]
  for (const id of [first, second]) {
    const { out } = await host.call(['--init', '--cg', `-b${id}`])
    assert.equal(out.trim(), host.boxPath(id))
  }
  mkdirSync(host.boxPath(first, 'box', 'submission'))
  const run = (id: number) => [
    ...['--run', `-b${id}`, `--meta=${metaFile}`, '--cg', '-s', '-c', '/box/submission', '-E', 'HOME=/tmp'],
    ...[
      '-E',
      'PISTON_LANGUAGE=x',
      `--dir=${shared}`,
      '--dir=/etc:noexec',
      '--processes=64',
      '--open-files=2048',
    ],
    ...['--fsize=10000', '--wall-time=3', '--time=3', '--extra-time=0', '--', '/bin/bash', `${shared}/run`],
  ]
  ok(await host.call([...run(first), 'compile']))
  renameSync(host.boxPath(first, 'box', 'submission'), host.boxPath(second, 'box', 'submission'))
  const ran = await host.call([...run(second), 'main', '--flag'])
  ok(ran)
  assert.equal(ran.out, 'main --flag\n')
  assertParses(ran, ['cg-mem', 'exitcode', 'time', 'time-wall'])
  const words = run(second).slice(0, -2)
  const aborted = await host.call([...words, '/bin/sleep', '20'], {
    onKeeper: send => setTimeout(send, 60, 6),
  })
  assert.equal(aborted.values['status'], 'XX')
  for (const id of [first, second]) assert.equal((await host.call(['--cleanup', '--cg', `-b${id}`])).code, 0)
})

test('CMS', options, async () => {
  const id = host.newBox()
  const home = join(host.directory, 'home')
  mkdirSync(home)
  chmodSync(home, 0o777)
  writeFileSync(join(home, 'input'), 'data\n')
  for (const path of [home, join(home, 'input')]) chownSync(path, host.userOf(id), host.userOf(id))
  for (const command of ['--cleanup', '--init'])
    assert.equal((await host.call([`--box-id=${id}`, '--cg', command])).code, 0)
  const words = [
    ...['--cg', `--box-id=${id}`, '--chdir=/tmp', `--dir=/tmp=${home}:rw`, '--dir=/dev/shm:tmp'],
    ...['--dir=/etc/alternatives=/etc/alternatives', '--env=HOME=/tmp', '--fsize=1024', '--stdin=/tmp/input'],
    ...['--cg-mem=262144', '--stdout=/tmp/output', '--processes=1', '--stderr=/tmp/errors', '--time=1'],
    ...['--wall-time=3.5', `--meta=${metaFile}`, '--run', '--'],
  ]
  const ran = await host.call([...words, '/bin/cat'])
  ok(ran)
  assertParses(ran, ['time', 'time-wall', 'cg-mem', 'exitcode'])
  assert.equal(readFileSync(join(home, 'output'), 'utf8'), 'data\n')
  const wall = await host.call([
    ...words.map(word => word.replace('--wall-time=3.5', '--wall-time=0.1')),
    '/bin/sleep',
    '20',
  ])
  assert.deepEqual(
    [wall.code, wall.values['status'], /wall/.test(wall.values['message'] ?? '')],
    [1, 'TO', true],
  )
  const chmod = ['/bin/chmod', '777', '-R', '/tmp']
  ok(await host.call(['--cg', `--box-id=${id}`, `--dir=/tmp=${home}:rw`, '--run', '--', ...chmod]))
  await host.call([`--box-id=${id}`, '--cg', '--cleanup'])
})

test('ReCodEx', options, async () => {
  const id = host.newBox()
  const dir = (await host.call(['--cg', `--box-id=${id}`, '--init'])).out.trim()
  writeFileSync(join(dir, 'box', 'in'), '')
  const ran = await host.call([
    ...['--cg', '--cg-timing', `--box-id=${id}`, '--cg-mem=65536', '--time=1.000000', '--wall-time=2.500000'],
    ...[
      '--extra-time=0.000000',
      '--stack=64000',
      '--fsize=1000',
      '--stdin=in',
      '--stdout=out',
      '--stderr-to-stdout',
    ],
    ...[
      '--chdir=../box',
      '--processes',
      '--share-net',
      '--dir=/etc',
      '--env=A=b',
      `--dir=/eval=${shared}:rw`,
    ],
    ...[
      '--dir=etc/alternatives=/etc/alternatives:maybe',
      `--meta=${metaFile}`,
      '--run',
      '--',
      '/bin/echo',
      'x',
    ],
  ])
  ok(ran)
  assert.equal(readFileSync(join(dir, 'box', 'out'), 'utf8'), 'x\n')
  assertParses(ran, ['csw-voluntary', 'csw-forced', 'max-rss', 'time', 'time-wall', 'cg-mem', 'exitcode'])
  await host.call(['--cg', `--box-id=${id}`, '--cleanup'])
})

test('Activepieces, today and before', options, async () => {
  const id = host.newBox()
  for (const command of ['--cleanup', '--init']) await host.call([`--box-id=${id}`, command])
  mkdirSync(host.boxPath(id, 'root', 'root', 'common'), { recursive: true })
  const etc = join(host.directory, 'etc')
  mkdirSync(etc)
  const script =
    'console.log(process.cwd(), process.env.K, require("fs").readFileSync("/etc/resolv.conf", "utf8"))'
  writeFileSync(join(shared, 'main.js'), script)
  writeFileSync(join(etc, 'resolv.conf'), 'nameserver ::1\n')
  const ran = await host.call([
    ...[
      '--dir=/usr/bin/',
      '--dir=/usr/local/',
      `--dir=/etc/=${etc}`,
      `--dir=/root/common=${shared}`,
      '--share-net',
    ],
    ...[
      `--box-id=${id}`,
      '--processes',
      '--chdir=/root',
      "--env=K='V'",
      `--dir=${join(process.execPath, '../..')}`,
    ],
    ...['--run', process.execPath, '/root/common/main.js'],
  ])
  ok(ran)
  assert.equal(ran.out, "/root 'V' nameserver ::1\n\n")
  writeFileSync(host.boxPath(id, 'box', 'main.sh'), 'echo run $1')
  const old = await host.call([
    ...[
      `--box-id=${id}`,
      '--wall-time=10',
      `--meta=${metaFile}`,
      '--stdout=_standardOutput.txt',
      '--processes',
    ],
    ...['--stderr=_standardError.txt', '--run', '--env=A=1', '--env=PATH=/bin', '/bin/sh', './main.sh', 'OP'],
  ])
  ok(old)
  assert.equal(readFileSync(host.boxPath(id, 'box', '_standardOutput.txt'), 'utf8'), 'run OP\n')
  await host.call([`--box-id=${id}`, '--cleanup'])
})

test('Judgels', options, async () => {
  const id = host.newBox()
  const as = { programName: 'isolate1' }
  assert.equal((await host.call([`-b${id}`, '--cg', '--init'], as)).code, 0)
  const again = await host.call([`-b${id}`, '--cg', '--init'], as)
  assert.match(again.out + again.err, /^Box already exists/)
  assert.equal((await host.call([`-b${id}`, '--cleanup'], as)).code, 0, 'without --cg')
  assert.equal((await host.call([`-b${id}`, '--cg', '--init'], as)).code, 0)
  const box = host.boxPath(id, 'box')
  writeFileSync(join(box, 'IN'), 'text')
  const ran = await host.call(
    [
      ...[
        `-b${id}`,
        '--dir=/etc',
        `--dir=${shared}:rw`,
        '-e',
        '--cg',
        '--cg-timing',
        '-p50',
        '-t1.0',
        '-x0.5',
      ],
      ...[
        '-w9.0',
        '--cg-mem=65536',
        '-k65536',
        '-f102400',
        '-iIN',
        '-oOUT',
        '-rERR',
        `-M${box}/_isolate.meta`,
      ],
      ...['--run', '--', '/bin/cat'],
    ],
    as,
  )
  ok(ran)
  assert.equal(readFileSync(join(box, 'OUT'), 'utf8'), 'text')
  const parts = readFileSync(join(box, '_isolate.meta'), 'utf8')
    .trim()
    .split('\n')
    .map(line => line.split(':'))
  const values = Object.fromEntries(parts.map(([key, value]) => [key, value]))
  for (const key of ['time', 'time-wall', 'cg-mem']) assert.ok(Number(values[key]) >= 0, key)
  assert.equal((await host.call([`-b${id}`, '--cleanup'], as)).code, 0)
})

test('Kilonova', options, async () => {
  const id = host.newBox()
  const { out } = await host.call(['--version'])
  assert.match(out, /^The process isolator \S/)
  await host.call([`--box-id=${id}`, '--cg', '--init'])
  const mode = await host.call([`--box-id=${id}`, '--init'])
  assert.match(mode.out + mode.err, /incompatible control group mode/)
  const ran = await host.call([
    ...[
      `--box-id=${id}`,
      '--cg',
      '--processes',
      '--cg-timing',
      `--dir=/x=${shared}`,
      '--full-env',
      '--env=A=b',
    ],
    ...['--time=1.5', '--wall-time=3', '--cg-mem=65536', '--stdin=/dev/null', '--stdout=/dev/null'],
    ...['--stderr=/dev/null', `--meta=${metaFile}`, '--silent', '--run', '--', '/bin/echo', 'unseen'],
  ])
  ok(ran)
  assert.deepEqual([ran.out, ran.err], ['', ''])
  assertParses(ran, ['time', 'exitcode', 'cg-mem'])
  await host.call([`--box-id=${id}`, '--cg', '--cleanup'])
})

test('cafe-grader', options, async () => {
  const id = host.newBox()
  for (const name of ['in', 'out']) {
    mkdirSync(join(shared, name))
    chmodSync(join(shared, name), 0o777)
  }
  writeFileSync(join(shared, 'in', 'y'), 'text')
  assert.equal((await host.call(['--init', '--cg', '-b', `${id}`])).code, 0)
  const ran = await host.call(
    [
      ...[
        '--cg',
        '--run',
        '-b',
        `${id}`,
        `--meta=${metaFile}`,
        '-t',
        '1',
        '-x',
        '1.5',
        '-w',
        '1.5',
        '--cg-mem',
        '65536',
      ],
      ...['-d', `/in=${shared}/in`, '-d', `/output=${shared}/out:rw`, '-E', 'PATH', '-o', '/output/x'],
      ...[
        '--stderr-to-stdout',
        '-i',
        '/in/y',
        '-f',
        '50000',
        '-p',
        '-d',
        '/gocache:tmp',
        '--env=GOCACHE=/gocache',
      ],
      ...['--', '/bin/cat'],
    ],
    { environment: ['PATH=/usr/bin:/bin'] },
  )
  ok(ran)
  assert.equal(readFileSync(join(shared, 'out', 'x'), 'utf8'), 'text')
  const chmod = ['/usr/bin/chmod', '0777', '-R', '/output/x']
  const second = ['--cg', '--run', '-b', `${id}`, '-d', `/output=${shared}/out:rw`, '--', ...chmod]
  ok(await host.call(second))
  await host.call(['--cg', '--cleanup', '-b', `${id}`])
})

test('kjudge', options, async () => {
  await host.call(['--cg', '--init'])
  const words = [
    '-t',
    '1.0',
    '-w',
    '3.0',
    '-x',
    '1.0',
    '-f',
    '262144',
    '-p',
    '-s',
    '--env=A=b',
    '--cg-mem=65536',
    '--',
  ]
  const ran = await host.call(['--cg', '--run', '-M', metaFile, ...words, '/bin/true'])
  ok(ran)
  assert.equal(ran.values['message'], undefined)
  const failed = await host.call(['--cg', '--run', '-M', metaFile, ...words, '/bin/false'])
  assert.notEqual(failed.values['message'], undefined)
  await host.call(['--cg', '--cleanup'])
})

test('camisole', options, async () => {
  const id = host.newBox()
  const as = { programName: 'isolate1' }
  assert.equal((await host.call(['--box-id', `${id}`, '--cg', '--init'], as)).code, 0)
  const taken = await host.call(['--box-id', `${id}`, '--cg', '--init'], as)
  assert.deepEqual([taken.code, /already exists/.test(taken.err)], [2, true])
  const ran = await host.call(
    [
      ...[
        '--box-id',
        `${id}`,
        '--cg',
        '--cg-mem',
        '65536',
        '-d',
        `/x=${shared}`,
        '--env',
        'K=V',
        `--meta=${metaFile}`,
      ],
      ...['--stdout=._stdout', '--stderr=._stderr', '--run', '--', '/bin/echo', 'x'],
    ],
    as,
  )
  ok(ran)
  assertParses(ran, ['time', 'exitcode'])
  await host.call(['--box-id', `${id}`, '--cg', '--cleanup'], as)
})

test('France-IOI taskgrader', options, async () => {
  const id = host.newBox()
  await host.call(['--cg', `--box-id=${id}`, '--init'])
  writeFileSync(host.boxPath(id, 'box', 'isolated.stdin'), 'text')
  const ran = await host.call(
    [
      ...[
        '--processes',
        '--env=HOME',
        `--meta=${metaFile}`,
        '--dir=/etc/alternatives:maybe',
        `--box-id=${id}`,
      ],
      ...['--time=1', '--wall-time=5', '--cg-mem=65536', '--stdin=isolated.stdin', '--cg', '--cg-timing'],
      ...['--stdout=isolated.stdout', '--stderr=isolated.stderr', '--run', '--', '/bin/cat'],
    ],
    { environment: ['HOME=/root'] },
  )
  ok(ran)
  assert.equal(readFileSync(host.boxPath(id, 'box', 'isolated.stdout'), 'utf8'), 'text')
  assert.equal((await host.call([`--box-id=${id}`, '--cleanup'])).code, 0, 'without --cg')
})
