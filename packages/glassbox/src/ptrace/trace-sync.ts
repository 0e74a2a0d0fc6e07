/**
 * A trace in the calling thread, for a process that does nothing else: it saves the start of a
 * worker (about 50 ms). The thread is blocked until the trace ends, so no signal listener of
 * Node's runs meanwhile. What signals do must be given in advance. It takes the ends of all
 * children of this thread, so no process of child_process may be running.
 */
import { InvalidOptionError } from '../errors.ts'
import { installWake, restoreSignal, signalAction, takeSignals } from '../gate/ptrace.ts'
import { type SignalName, signalName, signalNumber } from '../linux/signals.ts'
import { COMMAND, Control } from '../trace/control.ts'
import { endOf } from '../trace/end.ts'
import { sessionSpec } from './start/session-spec.ts'
import { selection } from '../trace/selection.ts'
import { Session } from './session.ts'
import type { SyncOptions, TraceEffect } from '../trace/source.ts'
import type { TraceCommand } from '../trace/options.ts'
import type { TraceEnd } from '../trace/trace.ts'

const COMMANDS: Readonly<Record<TraceEffect, number>> = {
  tell: 0,
  detach: COMMAND.detach,
  keep: COMMAND.detach | COMMAND.keep,
  kill: COMMAND.kill,
}

/**
 * Runs to the end of the trace. Throws what `trace()` would throw or reject with; an error of a
 * handler is thrown unchanged.
 */
export function traceSync(target: TraceCommand | number | readonly number[], options: SyncOptions): TraceEnd {
  const {
    handlers,
    signals = {},
    onSignal,
    onPid,
    onCommands,
    waiting,
    inherited,
    nameless,
    ...rest
  } = options
  const made = sessionSpec(target, rest)
  const { launch } = made
  const given = launch && {
    ...launch,
    ...(waiting && { waiting }),
    ...(inherited && { spec: { ...launch.spec, inherited } }),
  }
  const spec = given ? { ...made, launch: given } : made
  const control = new Control()
  onCommands?.(effect => control.command(COMMANDS[effect]))
  const effects = new Map(
    Object.entries(signals).map(([name, effect]) => [numberOf(name as SignalName), effect]),
  )
  const before = [...effects.keys()].map(signalAction)
  for (const signal of effects.keys()) installWake(signal)
  try {
    const session = new Session(spec, {
      handlers,
      control,
      ...(rest.syscalls && { isWanted: selection(rest.syscalls, nameless) }),
      onPid: pid => onPid?.(pid),
      onSignal(signal) {
        const effect = effects.get(signal)
        onSignal?.(signalName(signal))
        if (effect !== undefined && effect !== 'tell') control.command(COMMANDS[effect])
      },
    })
    const ended = session.run()
    return endOf(ended, handlers.end?.())
  } finally {
    for (const action of before) restoreSignal(action)
    takeSignals()
  }
}

function numberOf(name: SignalName): number {
  const number = signalNumber(name)
  if (number !== undefined && number < 32) return number
  throw new InvalidOptionError('signals', `${name} is not a signal that a trace can handle.`)
}
