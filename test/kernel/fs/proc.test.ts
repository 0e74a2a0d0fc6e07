/**
 * Programs that read /proc and /dev: each ends as it does natively, without a call that the kernel
 * does not serve, and what they say of the world is true.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { after, before, describe, test } from 'node:test'
import { type Box, openBox } from '#glassbox/index.js'

const COMMANDS = [
  ...['ps -ef', 'ps aux', 'top -b -n1', 'free', 'uptime', 'vmstat', 'w', 'pgrep -l sh'],
  ...['pstree', 'lsof -p $$', 'lscpu', 'nproc', 'df', 'mount', 'id', 'getconf -a', 'prlimit', 'uname -a'],
  ...['taskset -p $$', 'chrt -p $$', 'ionice', 'stat /proc/self/fd', 'cat /proc/cpuinfo /proc/meminfo'],
]
const isHere = (command: string): boolean =>
  spawnSync('sh', ['-c', `command -v ${command.split(' ')[0]}`]).status === 0

describe('programs that read /proc', () => {
  let box: Box
  before(async () => {
    box = await openBox({ runner: 'kernel' })
  })
  after(() => box.close())

  test('they end well and ask for nothing that is not served', async () => {
    const commands = COMMANDS.filter(isHere)
    assert.ok(commands.length > 10)
    const script = commands.map(command => `${command} > /dev/null 2>&1 || echo "${command}: $?"`).join('\n')
    const { stdout, unserved } = await box.run('sh', ['-c', script])
    assert.equal(stdout, '')
    assert.equal(unserved, undefined)
  })

  test('names that are not there cannot be made, and those that are stay, as natively', async () => {
    const changes = [
      ...['mkdir /proc/new', 'mkdir /proc/self/fd/9', 'ln -s x /proc/new', 'ln /proc/version /proc/new'],
      ...['mkfifo /proc/new', 'touch /proc/new', 'touch /proc/sys/new', 'rm -f /proc/version'],
      ...['rmdir /proc/sys', 'mkdir /proc/version', 'mv -T /proc/self /proc/new'],
    ]
    const script = `exec 2>&1; export LC_ALL=C; ${changes.join('; ')}`
    const user = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {}
    const natively = spawnSync('sh', ['-c', script], { encoding: 'utf8', ...user })
    const { stdout } = await box.run('sh', ['-c', script])
    assert.equal(stdout, natively.stdout)
    assert.equal(stdout.split('\n').length, changes.length + 1)
  })

  test('the time that no program used is idle', async () => {
    const { stdout } = await box.run('sh', ['-c', 'cat /proc/stat /proc/uptime'])
    const [, user, , , idle] = (/^cpu +(\d+) (\d+) (\d+) (\d+)/.exec(stdout) ?? []).map(Number)
    assert.ok((idle ?? 0) > (user ?? 0), stdout)
  })

  test('the controlling terminal and its foreground group are in stat', async t => {
    if (!isHere('script')) return t.skip('there is no script(1)')
    const line = `script -qc 'read -r stat < /proc/self/stat; echo "$stat"; tty' /dev/null`
    const { stdout } = await box.run('bash', ['-c', line])
    const [pid, , , , group, , terminal, foreground] = stdout.split(' ')
    assert.match(stdout, /\/dev\/pts\/0/)
    assert.equal(terminal, `${136 * 256}`)
    assert.equal(foreground, group, `of process ${pid}`)
  })
})
