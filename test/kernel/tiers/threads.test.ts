/** Tier three: threads. */
import { dirname } from 'node:path'
import { program } from '../../support/programs.js'
import { sameAsNative } from '../../support/kernel/tiers.js'

const threads = program('kernel/threads')

sameAsNative(
  [{ name: '32 threads with a mutex, a condition variable and a barrier', program: threads }],
  [dirname(threads)],
)
