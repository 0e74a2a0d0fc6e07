/**
 * The entry of the worker that runs a trace by ptrace. It only connects the session to its
 * carrier.
 */
import { parentPort, workerData } from 'node:worker_threads'
import { carry } from '../trace/carrier.ts'
import type { WorkerData } from '../trace/wire.ts'
import { Session, type SessionSpec } from './session.ts'

if (parentPort)
  await carry(parentPort, workerData as WorkerData<SessionSpec>, (spec, hooks) => new Session(spec, hooks))
