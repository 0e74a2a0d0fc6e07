/** Handlers that post every stop, with strings and bytes that were asked for. */
import { SYSCALLS_WITH_PATH } from './path-calls.js'
import type { HandlersModule } from '#glassbox/index.js'

/** The bytes at an address up to a NUL, page by page, as a decoder reads them. */
const recorder: HandlersModule = (_data, post) => ({
  enter(call, tracee) {
    const at = SYSCALLS_WITH_PATH.get(call.nr)
    const address = at === undefined ? undefined : call.args[at]
    const path = address === undefined ? undefined : Buffer.from(tracee.read(address, 64))
    const end = path?.indexOf(0) ?? -1
    post({
      type: 'enter',
      ...call,
      length: path?.length,
      path: path && end >= 0 ? path.toString('latin1', 0, end) : undefined,
    })
  },
  exit: call => post({ type: 'exit', ...call }),
  signal: stop => post({ type: 'signal', ...stop }),
  groupStop: stop => post({ type: 'groupStop', ...stop }),
  newChild: stop => post({ type: 'newChild', ...stop }),
  attached: stop => post({ type: 'attached', ...stop }),
  notAttached: ({ pid, error }) => post({ type: 'notAttached', pid, message: error.message }),
  exec: stop => post({ type: 'exec', ...stop }),
  exiting: stop => post({ type: 'exiting', ...stop }),
  exited: stop => post({ type: 'exited', ...stop }),
  killed: stop => post({ type: 'killed', ...stop }),
  detached: stop => post({ type: 'detached', ...stop }),
  end() {
    post({ type: 'end' })
    return 'the data of the end'
  },
})
export default recorder
