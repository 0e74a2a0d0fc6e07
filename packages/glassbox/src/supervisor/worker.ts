/** The entry of the worker that is a supervisor. It only connects the service to its port. */
import { parentPort, workerData } from 'node:worker_threads'
import { GlassboxError } from '../errors.ts'
import { Service } from './service.ts'

const { shared } = workerData as { readonly shared: SharedArrayBuffer }

if (parentPort)
  void new Service(parentPort, shared, () => {
    throw new GlassboxError('ERR_GLASSBOX_INTERNAL', 'This supervisor cannot judge paths.')
  })
