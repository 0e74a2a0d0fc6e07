/**
 * Traces of test/programs/births.c: what it wrote, how it ended, how many children were told of.
 */
import { closeSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { trace, type TraceEnd, type TraceOptions } from '#glassbox/index.js'
import { program } from '../../support/programs.js'
import { temporaryDirectory } from '../../support/temporary.js'

export async function outputOf(
  context: TestContext,
  args: readonly string[],
  options: TraceOptions,
): Promise<{ readonly text: string; readonly end: TraceEnd; readonly born: number }> {
  const path = join(temporaryDirectory(context), 'output')
  const fd = openSync(path, 'a')
  try {
    const running = trace(
      { program: program('births'), args, stdio: [0, fd, 2] },
      { ...options, events: ['new-child'] },
    )
    let born = 0
    for await (const event of running) if (event.type === 'new-child') born++
    return { text: readFileSync(path, 'utf8'), end: await running, born }
  } finally {
    closeSync(fd)
  }
}
