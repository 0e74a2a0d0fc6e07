/**
 * Requests of ioctl(2) to terminals and about network interfaces are told as strace tells them:
 * good and bad, and what has no name.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { REQUESTS } from '#glassbox/linux/generated/ioctls.js'
import { program } from '../support/programs.js'
import { temporaryDirectory } from '../support/temporary.js'
import { both, noStrace } from './support/strace.js'

const OPTIONS = [
  [],
  ['-v'],
  ['-x'],
  ['-X', 'raw'],
  ['-X', 'verbose'],
  ['-e', 'raw=all'],
  ['-e', 'verbose=none'],
] as const

for (const guest of ['terminal', 'interfaces']) {
  for (const options of OPTIONS) {
    test(`${guest} ${options.join(' ')}`, { skip: noStrace }, () => {
      const { ours, theirs } = both([...options, '-e', 'trace=ioctl', '-o', 'FILE', program(guest)])
      assert.ok(theirs.split('\n').length > 250)
      assert.equal(ours, theirs)
    })
  }
}

/** The table has the names of two kernels: strace 6.1 has those of the older one. */
const version = /version ([\d.]+)/.exec(spawnSync('strace', ['-V'], { encoding: 'utf8' }).stdout)?.[1]
const otherStrace = noStrace || (version !== '6.1' && 'strace is not 6.1')

/** Every number of the table, and a size that no header gives to a family of requests. */
function numbers(): readonly number[] {
  const families = [0x45, 0x48, 0x4d, 0x55, 0x6a, 0x6b].flatMap(type =>
    [1, 2, 3].flatMap(direction =>
      Array.from({ length: 256 }, (_, nr) => ((direction << 30) | (17 << 16) | (type << 8) | nr) >>> 0),
    ),
  )
  const named = [...REQUESTS.matchAll(/^([0-9a-f]+)[-iulp]? \w/gm)].map(match => parseInt(match[1] ?? '', 16))
  return [...named, ...families]
}

const NAME = /^ioctl\(-1, ((?:[^,()]|\([^()]*\))+)/
/** What a line of a call that failed says of the request, and of its argument. */
const told = (line: string): { readonly name: string; readonly whole: string } => ({
  name: NAME.exec(line)?.[1] ?? '',
  whole: line.replace(/\) += -1 .*/, ')'),
})

test('requests of all drivers have the names that strace 6.1 gives them', { skip: otherStrace }, context => {
  const file = join(temporaryDirectory(context), 'numbers')
  writeFileSync(file, numbers().join('\n'))
  const { ours, theirs } = both(['-e', 'trace=ioctl', '-o', 'FILE', program('ioctl-numbers'), file, '0'])
  const [mine, others] = [ours, theirs].map(text => text.split('\n').map(told))
  assert.equal(mine?.length, others?.length)
  const named = others?.flatMap((other, index) =>
    other.name.includes('_IOC(') ? [] : [{ other, own: mine?.[index] }],
  )
  assert.ok((named?.length ?? 0) > 3400)
  const different = named?.filter(({ other, own }) => other.name !== own?.name)
  // Two drivers use this size of the family as a request of their own.
  assert.ok((different?.length ?? 0) <= 10, JSON.stringify(different?.slice(0, 20)))
  const arguments_ = named?.filter(({ other, own }) => other.whole !== own?.whole)
  assert.ok((arguments_?.length ?? 0) <= 24, JSON.stringify(arguments_?.slice(0, 40)))
})
