/** The entry of the worker that is a kernel thread. It only connects the service to its port. */
import { parentPort, workerData } from 'node:worker_threads'
import { KernelService } from './service.ts'

const { bell, stop } = workerData as { readonly bell: SharedArrayBuffer; readonly stop: SharedArrayBuffer }

if (parentPort) void new KernelService(parentPort, bell, stop)
