/** Calls that the tracer makes have the power of the program, even if the tracer is root. */
import assert from 'node:assert/strict'
import { chmodSync, chownSync, copyFileSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { test, type TestContext } from 'node:test'
import { asProgram } from '#glassbox/supervisor/paths/as-program.js'
import { program } from '../../support/programs.js'
import { temporaryDirectory } from '../../support/temporary.js'
import { callText } from '../support/call-text.js'
import { pathRule as rule } from '../../support/path-rule.js'
import { decided, type DecidedOptions } from '../support/decided.js'

const USER = { uid: 65_534, gid: 65_534 }
const skip = process.getuid?.() === 0 ? false : 'only root can be another user'

/** A directory with files of root and of the user, which the user may search. */
function places(context: TestContext): { readonly top: string; readonly options: DecidedOptions } {
  const top = temporaryDirectory(context, '/tmp')
  chmodSync(top, 0o755)
  for (const [name, mode] of [
    ['private', 0o700],
    ['public', 0o777],
  ] as const) {
    mkdirSync(`${top}/${name}`)
    chmodSync(`${top}/${name}`, mode)
    writeFileSync(`${top}/${name}/file`, 'text')
  }
  chmodSync(`${top}/public/file`, 0o600)
  writeFileSync(`${top}/public/own`, 'text')
  chownSync(`${top}/public/own`, USER.uid, USER.gid)
  copyFileSync(program('files'), `${top}/files`)
  chmodSync(`${top}/files`, 0o755)
  return { top, options: { rules: [rule('write', '/')], user: USER, program: `${top}/files`, cwd: '/' } }
}

const results = (context: TestContext, calls: readonly string[], options: DecidedOptions): string[] =>
  decided(context, calls.map(callText), options).lines.map(line => line.split(' ')[0] ?? '')

const EPERM = '-1'
const EACCES = '-13'

const TABLE: readonly (readonly [call: string, expected: string])[] = [
  ['stat,s:TOP/private/file,b', EACCES],
  ['stat,s:TOP/public/file,b', '0'],
  ['access,s:TOP/private/file,0', EACCES],
  ['access,s:TOP/public/file,4', EACCES],
  ['faccessat2,-100,s:TOP/public/file,4,512', EACCES],
  ['access,s:TOP/public/own,4', '0'],
  ['access,s:/etc/shadow,4', EACCES],
  ['chmod,s:TOP/private/file,0777', EACCES],
  ['chmod,s:TOP/public/file,0777', EPERM],
  ['chmod,s:TOP/public,0700', EPERM],
  ['chmod,s:TOP/public/own,0640', '0'],
  ['chown,s:TOP/public/own,0,0', EPERM],
  ['chown,s:TOP/public/file,65534,65534', EPERM],
  ['lchown,s:TOP/public/own,-1,65534', '0'],
  ['utimensat,-100,s:TOP/public/file,0,0', EACCES],
  ['utimensat,-100,s:TOP/public/own,0,0', '0'],
  ['setxattr,s:TOP/public/own,s:trusted.a,s:b,1,0', EPERM],
  ['setxattr,s:TOP/public/own,s:security.capability,h:0100000200040000000000000000000000000000,20,0', EPERM],
  ['setxattr,s:TOP/public/file,s:user.a,s:b,1,0', EACCES],
  ['setxattr,s:TOP/public/own,s:user.a,s:b,1,0', '0'],
  ['removexattr,s:TOP/public/file,s:user.a', EACCES],
  ['readlink,s:/proc/self/exe,b,99', 'length'],
  ['readlink,s:/proc/self/fd/0,b,99', 'length'],
]

test('a program gets what its user may have, for each call that the tracer makes', { skip }, context => {
  const { top, options } = places(context)
  const calls = TABLE.map(([call]) => call.replaceAll('TOP', top))
  const { lines, denied } = decided(context, calls.map(callText), options)
  for (const [index, [call, expected]] of TABLE.entries()) {
    const result = lines[index]?.split(' ')[0]
    if (expected === 'length') assert.ok(Number(result) > 0, call)
    else assert.equal(result, expected, call)
  }
  assert.deepEqual(denied, [])
  assert.equal(statSync(`${top}/public/file`).mode & 0o777, 0o600)
})

test('the control: without the ids of the program the same calls have the power of root', {
  skip,
}, context => {
  const { top, options } = places(context)
  const { user, ...asRoot } = options
  assert.ok(user)
  const calls = [
    `stat,s:${top}/private/file,b`,
    `chmod,s:${top}/public/file,0777`,
    `chown,s:${top}/public/own,0,0`,
  ]
  assert.deepEqual(results(context, calls, asRoot), ['0', '0', '0'])
})

const credentials = (): string =>
  readFileSync('/proc/thread-self/status', 'utf8')
    .split('\n')
    .filter(line => /^(?:Uid|Gid|Groups|Cap\w+):/.test(line))
    .join('\n')

test('all but the groups is restored, also if the call throws', { skip }, () => {
  const act = asProgram(USER)
  act(() => {})
  const before = credentials()
  assert.match(before, /^Uid:\t0\t0\t0\t0\nGid:\t0\t0\t0\t65534\n/)
  const within = act(credentials)
  assert.match(within, /^Uid:\t0\t0\t0\t65534\nGid:\t0\t0\t0\t65534\n/)
  assert.match(within, /^Groups:\t\s*$/m)
  assert.match(within, /^CapEff:\t0{16}$/m)
  assert.equal(credentials(), before)
  assert.throws(
    () =>
      act(() => {
        throw new RangeError('in between')
      }),
    RangeError,
  )
  assert.equal(credentials(), before)
  assert.match(readFileSync('/proc/self/status', 'utf8'), /^CapEff:\t0*[1-9a-f]/m)
  // The files of an undumpable process belong to root, and so do those of this one.
  assert.doesNotThrow(() => readFileSync('/proc/self/maps'))
})

test('another program has other groups, and so has the first one again', { skip }, () => {
  const groups = (text: string): string => /^Gid:.*\nGroups:.*$/m.exec(text)?.[0] ?? ''
  const first = asProgram(USER)
  const other = asProgram({ uid: 1, gid: 2, groups: [3] })
  const of = (fsgid: number, list: string): string => `Gid:\t0\t0\t0\t${fsgid}\nGroups:\t${list}`
  for (const [act, expected] of [
    [first, of(USER.gid, ' ')],
    [other, of(2, '3 ')],
    [first, of(USER.gid, ' ')],
  ] as const)
    assert.equal(groups(act(credentials)), expected)
})

test('without other ids and capabilities nothing is switched', () => {
  const before = credentials()
  assert.equal(asProgram(undefined, true)(credentials), before)
})

test('with the same ids only the capabilities are given up', () => {
  const before = credentials()
  assert.equal(
    asProgram(undefined)(credentials),
    before.replace(/^CapEff:\t.*$/m, `CapEff:\t${'0'.repeat(16)}`),
  )
  assert.equal(credentials(), before)
})
