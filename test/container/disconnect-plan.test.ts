/**
 * What init does when its host is gone: the disconnect plan that it accepted last, and no other.
 */
import assert from 'node:assert/strict'
import { closeSync, existsSync, openSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { Container } from '#glassbox/container/container.js'
import { O_CLOEXEC, O_DIRECTORY, O_PATH } from '#glassbox/linux/constants.js'
import { PlanBuilder, text } from '#glassbox/plan/builder.js'
import { boxRoot } from '#glassbox/runners/root/box-root.js'
import { checkBox } from '#glassbox/run/check.js'
import { HostPaths } from '#glassbox/stdio/host-paths.js'
import { temporaryDirectory } from '../support/temporary.js'

/** Two files, and a plan that removes one of them; an unsound plan has a child without a step. */
function setUp(context: TestContext): {
  directory: number
  isThere: (name: string) => boolean
  removal: (name: string, sound: boolean) => PlanBuilder
} {
  const path = temporaryDirectory(context)
  for (const name of ['first', 'second']) writeFileSync(join(path, name), '')
  const directory = openSync(path, O_PATH | O_DIRECTORY | O_CLOEXEC)
  context.after(() => closeSync(directory))
  return {
    directory,
    isThere: name => existsSync(join(path, name)),
    removal: (name, sound) => {
      const builder = new PlanBuilder(`remove ${name}`)
      const parent = builder.input('directory')
      builder.call('unlinkat', [parent, text(name), 0], `remove ${name}`)
      if (!sound) builder.clone({ flags: 0n, exitSignal: 0, label: 'clone for nothing' }, () => {})
      return builder
    },
  }
}

for (const [sound, expected] of [
  [true, { first: true, second: false }],
  [false, { first: false, second: true }],
] as const) {
  const what = sound
    ? 'a second plan takes the place of the first'
    : 'a plan that is refused is not run, and the first stays'
  test(`${what} [D14]`, async context => {
    const { directory, isThere, removal } = setUp(context)
    const container = await Container.open({
      hostname: 'box',
      network: false,
      ...boxRoot(checkBox(), [], new HostPaths([])),
    })
    await container.ready
    container.setDisconnectPlan({ plan: removal('first', true).build(), descriptors: [directory] })
    container.setDisconnectPlan({ plan: removal('second', sound).build(), descriptors: [directory] })
    await container.close()
    assert.deepEqual({ first: isThere('first'), second: isThere('second') }, expected)
  })
}
