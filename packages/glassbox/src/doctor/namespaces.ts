/**
 * The rows about namespaces: the settings that forbid them to ordinary users, and a box that is
 * really started as this user.
 */
import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { isPrivileged } from '../container/identity.ts'
import { APPARMOR, RESTRICTIONS } from '../container/namespace-error.ts'
import { GlassboxError } from '../errors.ts'
import { remedyFor } from '../place/remedies.ts'
import { run } from '../run/run.ts'
import { readText } from './kernel.ts'
import type { Row } from './row.ts'

export function userNamespaceRow(read: (path: string) => string = readText): Row {
  const found = RESTRICTIONS.filter(({ path, forbids }) => read(path).trim() === forbids)
  return {
    subject: 'user namespaces',
    found: found.length === 0 ? 'not restricted' : found.map(({ name }) => name).join('; '),
    state: found.length === 0 ? 'yes' : 'no',
    meaning: found.length === 0 ? 'ordinary users can run boxes' : 'only root can run boxes',
    ...(found.length > 0 ? { fix: found.map(({ remedy }) => remedy).join('; ') } : {}),
  }
}

/**
 * AppArmor's restriction (Ubuntu 23.10 and later) has a row of its own because it is the most
 * common reason.
 */
export function appArmorRow(text: string = readText(APPARMOR.path)): Row {
  const subject = 'AppArmor'
  const value = text.trim()
  if (value === '')
    return {
      subject,
      found: 'no restriction known',
      state: 'yes',
      meaning: 'user namespaces are not its affair',
    }
  if (value === '0')
    return { subject, found: 'restriction off', state: 'yes', meaning: 'user namespaces are open' }
  const fix = 'sysctl kernel.apparmor_restrict_unprivileged_userns=0'
  return {
    subject,
    found: 'user namespaces restricted',
    state: 'partly',
    meaning: 'ordinary users cannot run boxes',
    fix,
  }
}

const NAMESPACES = ['cgroup', 'ipc', 'mnt', 'net', 'pid', 'user', 'uts']

/** Which kinds of namespaces the kernel has (namespaces(7)). */
export function namespacesRow(names: readonly string[] = readdirSync('/proc/self/ns')): Row {
  const missing = NAMESPACES.filter(name => !names.includes(name))
  return {
    subject: 'namespaces',
    found: NAMESPACES.filter(name => names.includes(name)).join(' '),
    state: missing.length > 0 ? 'no' : 'yes',
    meaning: missing.length > 0 ? `the kernel lacks ${missing.join(', ')}` : 'all that a box is made of',
    ...(missing.length > 0 ? { fix: 'use a kernel with CONFIG_NAMESPACES and its kinds' } : {}),
  }
}

/** If this is root: whether an ordinary user could make a box too. */
export function ordinaryUserRow(): Row | undefined {
  const subject = 'an ordinary user, tried now'
  if (process.geteuid?.() !== 0) return undefined
  const script =
    "process.setgroups([]); process.setgid(65534); process.setuid(65534); const [, ...words] = process.argv; require('node:child_process').spawnSync(process.execPath, words, { stdio: 'inherit' })"
  const command = fileURLToPath(new URL('../../bin/glassbox.js', import.meta.url))
  const words = ['-e', script, '--', command, 'run', '--json', 'true']
  const { stdout, stderr } = spawnSync(process.execPath, words, {
    encoding: 'utf8',
    cwd: '/',
    timeout: 10_000,
  })
  const ok = stdout.includes('"ok":true')
  if (ok) return { subject, found: 'works', state: 'yes', meaning: 'boxes in a user namespace' }
  const lines = stderr.trim().split('\n')
  // For an uncaught error, Node first prints where it was thrown.
  const why = lines.find(line => /^\w*Error: /.test(line)) ?? lines[0] ?? ''
  return {
    subject,
    found: why === '' ? 'does not work' : why,
    state: 'partly',
    meaning: 'only root can run boxes from this installation',
    fix: 'see the rows about user namespaces; the installation must be readable for that user',
  }
}

/** Runs `true` in a box, which shows more than the settings can. */
export async function boxRow(): Promise<Row> {
  const who = isPrivileged() ? 'with privilege' : 'in a user namespace'
  const subject = 'a box, tried now'
  try {
    const { status, exitCode, setupTimeMs, weaker = [] } = await run('true')
    const ok = status === 'exited' && exitCode === 0
    const walls = weaker.map(({ means }) => `; weaker: ${means}`).join('')
    return {
      subject,
      found: `${status}, ${setupTimeMs.toFixed(1)} ms of set-up`,
      state: !ok ? 'no' : weaker.length > 0 ? 'partly' : 'yes',
      meaning: ok ? `the namespace runner works ${who}${walls}` : 'the namespace runner does not work',
      ...(weaker.some(({ wall }) => wall === 'proc') ? { fix: remedyFor('proc') } : {}),
    }
  } catch (error) {
    const hint = error instanceof GlassboxError ? error.hint : undefined
    return {
      subject,
      found: error instanceof Error ? error.message : String(error),
      state: 'no',
      meaning: `the namespace runner does not work ${who}`,
      ...(hint === undefined ? {} : { fix: withoutCircle(hint) }),
    }
  }
}

/** The hints of some errors send the reader to `glassbox doctor`, which is running already. */
const withoutCircle = (hint: string): string =>
  hint.includes('glassbox doctor') ? 'see the rows about cgroups above' : hint
