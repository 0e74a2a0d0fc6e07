/**
 * The worker of a kernel thread. A thread of Node takes longer to start than everything else of a
 * short run, so the command starts one while its own code loads (bin/glassbox.js), under a name
 * that both know. The first sandbox takes it; the others, and programs that use the library, start
 * theirs.
 *
 * Who takes a worker owns it.
 */
import type { Worker } from 'node:worker_threads'
import { KERNEL_WORKER } from '../kernel-worker.ts'

/** bin/glassbox.js writes it, and is not part of any bundle. */
const EARLY = Symbol.for('glassbox.kernelWorker')

const shared = globalThis as { [EARLY]?: Worker | undefined }

/** The worker that was started early, if it has not failed meanwhile. */
function takeEarly(): Worker | undefined {
  const worker = shared[EARLY]
  shared[EARLY] = undefined
  // A thread that has ended has no number.
  return worker === undefined || worker.threadId < 0 ? undefined : worker.removeAllListeners()
}

/** A worker that waits for its first message. */
export function kernelWorker(): Worker {
  const early = takeEarly()
  if (early !== undefined) return early
  // Loaded here because most programs do not use it.
  const { Worker } = process.getBuiltinModule('node:worker_threads')
  return new Worker(KERNEL_WORKER, {
    name: 'glassbox-kernel',
    // This command-line option is for the main script only.
    ...(process.execArgv.some(word => word.startsWith('--input-type')) ? { execArgv: [] } : {}),
  })
}
