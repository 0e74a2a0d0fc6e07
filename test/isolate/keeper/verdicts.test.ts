/**
 * How runs end: exit code, status line and meta file, with the keys in the order of the original.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { constants } from 'node:os'
import { privileged } from '../../support/privilege.js'
import { IsolateHost } from '../../support/isolate.js'

const host = new IsolateHost()
const options = { skip: privileged }

const STATISTICS = ['time', 'time-wall', 'max-rss', 'csw-voluntary', 'csw-forced']
const keysOf = (meta: readonly string[]): string[] => meta.map(line => line.slice(0, line.indexOf(':')))
const BURN = 'while :; do :; done'

interface Row {
  readonly name: string
  readonly options?: readonly string[]
  readonly script: string
  readonly code: number
  /** The line on stderr, without its newline. */
  readonly says: string | RegExp
  readonly verdict: readonly string[]
  /** The keys in order, if they are not the statistics and then the verdict. */
  readonly killed?: true
}

const wall = 'Time limit exceeded (wall clock)'
const cpu = 'Time limit exceeded'

const ROWS: readonly Row[] = [
  {
    name: 'exit 0',
    script: 'exit 0',
    code: 0,
    says: /^OK \(0\.\d{3} sec real, \d+\.\d{3} sec wall\)$/,
    verdict: ['exitcode:0'],
  },
  ...[7, 127, 255].map(
    (status): Row => ({
      name: `exit ${status}`,
      script: `exit ${status}`,
      code: 1,
      says: `Exited with error status ${status}`,
      verdict: [`exitcode:${status}`, 'status:RE', `message:Exited with error status ${status}`],
    }),
  ),
  ...[11, 9, 6].map(
    (signal): Row => ({
      name: `signal ${signal}`,
      script: `kill -${signal} $$`,
      code: 1,
      says: `Caught fatal signal ${signal}`,
      verdict: [`exitsig:${signal}`, 'status:SG', `message:Caught fatal signal ${signal}`],
    }),
  ),
  {
    name: 'a file that becomes too large',
    options: ['--fsize=4'],
    script: 'exec head -c 100000 /dev/zero > big',
    code: 1,
    says: 'Caught fatal signal 25',
    verdict: ['exitsig:25', 'status:SG', 'message:Caught fatal signal 25'],
  },
  {
    name: 'CPU time',
    options: ['--time=0.1'],
    script: BURN,
    code: 1,
    says: cpu,
    verdict: ['status:TO', `message:${cpu}`, 'killed:1'],
    killed: true,
  },
  {
    name: 'CPU time with more extra time than the limit',
    options: ['--time=0.05', '--extra-time=0.15'],
    script: BURN,
    code: 1,
    says: cpu,
    verdict: ['status:TO', `message:${cpu}`, 'killed:1'],
    killed: true,
  },
  {
    name: 'CPU time above the limit but below the extra time, at the end',
    options: ['--time=0.001', '--extra-time=30'],
    script: 'i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done',
    code: 1,
    says: cpu,
    verdict: ['status:TO', `message:${cpu}`],
  },
  {
    name: 'time by the clock',
    options: ['--wall-time=0.1'],
    script: 'sleep 20',
    code: 1,
    says: wall,
    verdict: ['status:TO', `message:${wall}`, 'killed:1'],
    killed: true,
  },
  {
    name: 'time by the clock of a program that has stopped itself',
    options: ['--wall-time=0.1'],
    script: 'kill -STOP $$',
    code: 1,
    says: wall,
    verdict: ['status:TO', `message:${wall}`, 'killed:1'],
    killed: true,
  },
]

test('each verdict has its exit code, its line and its meta file', options, async t => {
  const box = await host.box()
  for (const row of ROWS) {
    await t.test(row.name, async () => {
      const ended = await box.sh(row.script, row.options)
      assert.equal(ended.code, row.code)
      const line = ended.err.replace(/\n$/, '')
      if (typeof row.says === 'string') assert.equal(line, row.says)
      else assert.match(line, row.says)
      assert.deepEqual(ended.verdict, row.verdict)
      const verdictKeys = keysOf(row.verdict)
      assert.deepEqual(
        keysOf(ended.meta),
        row.killed ? [...verdictKeys, ...STATISTICS] : [...STATISTICS, ...verdictKeys],
      )
      for (const key of ['time', 'time-wall']) assert.match(ended.values[key] ?? '', /^\d+\.\d{3}$/)
    })
  }
  await box.cleanup()
})

test('--silent suppresses the line of a program that failed, and not that of a fault', options, async () => {
  const box = await host.box()
  assert.equal((await box.sh('exit 3', ['--silent'])).err, '')
  assert.equal((await box.sh('exit 0', ['-s'])).err, '')
  const fault = await box.sh('exit 0', ['--silent', '--stdin=missing'])
  assert.equal(fault.code, 2)
  assert.equal(fault.err, 'open("missing"): No such file or directory\n')
  assert.deepEqual(fault.meta, ['status:XX', 'message:open("missing"): No such file or directory'])
  await box.cleanup()
})

test('--meta=- writes the meta data after the output of the program', options, async () => {
  const box = await host.box()
  const { out } = await box.sh('echo first', ['--meta=-', '--silent'])
  assert.match(out, /^first\ntime:0\.\d{3}\n(?:.+\n)+exitcode:0\n$/)
  await box.cleanup()
})

test(
  'a program that cannot be executed ends with 127 and says why; in 1.x it is a fault',
  options,
  async () => {
    const box = await host.box()
    const missing = await box.run([], ['/nowhere'])
    assert.equal(missing.code, 1)
    assert.equal(missing.err, 'execve("/nowhere"): No such file or directory\nExited with error status 127\n')
    assert.deepEqual(missing.verdict, ['exitcode:127', 'status:RE', 'message:Exited with error status 127'])
    const redirected = await box.run(['--stderr=complaint'], ['./complaint'])
    assert.equal(redirected.err, 'Exited with error status 127\n')
    const shown = await box.sh('cat complaint')
    assert.equal(shown.out, 'execve("./complaint"): Permission denied\n')
    const old = await box.run([], ['/nowhere'], { programName: 'isolate1' })
    assert.equal(old.code, 2)
    assert.deepEqual(old.meta, ['status:XX', 'message:execve("/nowhere"): No such file or directory'])
    await box.cleanup()
  },
)

const { SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL } = constants.signals

test('signals to the keeper end the box: interrupted, or a fault', options, async t => {
  const box = await host.box()
  const interruptedBy = (signal: number) =>
    box.sh('sleep 20', [], {
      onKeeper: send => setTimeout(send, 60, signal),
    })
  for (const signal of [SIGHUP, SIGINT, SIGQUIT, SIGTERM]) {
    await t.test(`signal ${signal}`, async () => {
      const ended = await interruptedBy(signal)
      assert.equal(ended.code, 1)
      assert.equal(ended.err, 'Interrupted\n')
      const verdict = [`exitsig:${signal}`, 'status:SG', 'message:Interrupted', 'killed:1']
      assert.deepEqual(ended.verdict, verdict)
      assert.deepEqual(keysOf(ended.meta), [...keysOf(verdict), ...STATISTICS])
    })
  }
  for (const signal of [SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL]) {
    await t.test(`signal ${signal}`, async () => {
      const ended = await interruptedBy(signal)
      const message = `Sandbox keeper received fatal signal ${signal}`
      assert.equal(ended.code, 2)
      assert.equal(ended.err, `${message}\n`)
      assert.deepEqual(ended.verdict, ['status:XX', `message:${message}`, 'killed:1'])
    })
  }
  assert.equal((await box.sh('exit 0')).code, 0)
  await box.cleanup()
})
