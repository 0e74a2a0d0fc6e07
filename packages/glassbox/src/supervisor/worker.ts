/** The entry of the worker that is a supervisor. It only connects the service to its port. */
import { parentPort, workerData } from 'node:worker_threads'
import { makeJudge } from './paths/path-judge.ts'
import { Service } from './service.ts'

const { shared } = workerData as { readonly shared: SharedArrayBuffer }

if (parentPort) void new Service(parentPort, shared, makeJudge)
