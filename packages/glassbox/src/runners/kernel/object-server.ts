/**
 * Serves the caller's objects in the caller's thread. The kernel thread asks over a line of its
 * own; each answer is checked, sent, and the bell is rung. Several requests are served at a time,
 * but nothing of a mount is asked for before its writes that came first have ended.
 *
 * Owns the line. It does not keep the process alive: a program that runs does that.
 */
import type { MessagePort } from 'node:worker_threads'
import { glassboxWarning } from './object-warning.ts'
import type { MountedObject, Mounts } from '../../job/mounts/mounts.ts'
import type { ObjectAnswer, ObjectRequest } from '../../kernel/fs/object/answers.ts'
import type { ObjectMountDescription } from '../../kernel/fs/object/file-system.ts'
import { EIO } from '../../linux/errno-numbers.ts'
import { errnoOf, readAnswer } from './object-answer.ts'
import type { ObjectQuestion, ObjectReply } from './wire.ts'

/** In the order of requests. */
export const describeMounts = (mounts: Mounts): ObjectMountDescription[] =>
  Object.entries(mounts).map(([target, { write, stat }]) => ({
    ...{ target, writable: write !== undefined, stats: stat !== undefined },
  }))

interface Served {
  readonly target: string
  readonly object: MountedObject
  /** Settles when every write so far has ended. */
  written: Promise<unknown>
}

export class ObjectServer {
  /** The kernel thread's end of the line. */
  readonly port: MessagePort
  readonly #own: MessagePort
  readonly #ring: () => void
  readonly #served: readonly Served[]

  constructor(mounts: Mounts, ring: () => void) {
    // Loaded here because most programs do not use it.
    const { MessageChannel } = process.getBuiltinModule('node:worker_threads')
    const { port1, port2 } = new MessageChannel()
    this.port = port2
    this.#own = port1
    this.#ring = ring
    this.#served = Object.entries(mounts).map(([target, object]) => ({
      ...{ target, object, written: Promise.resolve() },
    }))
    port1.on('message', (question: ObjectQuestion) => void this.#take(question))
    port1.unref()
  }

  async #take({ id, request }: ObjectQuestion): Promise<void> {
    const served = this.#served[request.mount]
    const answer = served ? await this.#inTurn(served, request) : { error: EIO }
    const port = this.#own
    port.postMessage({ id, answer } satisfies ObjectReply)
    this.#ring()
  }

  async #inTurn(served: Served, request: ObjectRequest): Promise<ObjectAnswer> {
    const answer = served.written.then(async () => ask(served, request))
    if (request.operation === 'write') served.written = answer
    return answer
  }

  close(): void {
    this.#own.close()
  }
}

/** Calls the handler. Never rejects. */
async function ask({ target, object }: Served, request: ObjectRequest): Promise<ObjectAnswer> {
  const { operation, path, bytes } = request
  try {
    const value: unknown = await (operation === 'write'
      ? object.write?.(path, bytes ?? new Uint8Array())
      : object[operation]?.(path))
    return readAnswer(operation, path, value)
  } catch (error) {
    const errno = errnoOf(error)
    if (errno === undefined) tell(target, object, request, error)
    return { error: errno ?? EIO }
  }
}

function tell(
  target: string,
  { onError }: MountedObject,
  { operation, path }: ObjectRequest,
  error: unknown,
): void {
  if (!onError) return glassboxWarning(target, operation, path, error)
  try {
    onError(error, { operation, path })
  } catch (thrown) {
    glassboxWarning(target, operation, path, thrown)
  }
}
