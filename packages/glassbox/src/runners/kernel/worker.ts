/**
 * The entry of the worker that is a kernel thread. It only connects the service to its port, when
 * the first message has brought the words that both threads share.
 */
import { parentPort } from 'node:worker_threads'
import { listStubsIn } from '../../kernel/platform/ptrace/stub-list.ts'
import { KernelService } from './service.ts'
import type { SharedWords } from './wire.ts'

const port = parentPort
port?.once('message', ({ bell, stop, stubs }: SharedWords) => {
  listStubsIn(stubs)
  void new KernelService(port, bell, stop)
})
