/** The entry of the worker that is a kernel thread. It only connects the service to its port. */
import { parentPort, workerData } from 'node:worker_threads'
import { listStubsIn } from '../../kernel/platform/ptrace/stub-list.ts'
import { KernelService } from './service.ts'
import type { KernelWorkerData } from './wire.ts'

const { bell, stop, stubs } = workerData as KernelWorkerData

listStubsIn(stubs)
if (parentPort) void new KernelService(parentPort, bell, stop)
