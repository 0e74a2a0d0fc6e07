/** Descriptors of other processes, which another argument names: kcmp(2), pidfd_getfd(2). */
import { argument, type Context, type Printer, signed32 } from '../context.ts'

function descriptorText(pid: number | undefined, value: bigint, { options }: Context): string {
  const fd = signed32(value)
  const isKnown = pid !== undefined && pid > 0 && fd >= 0
  return `${fd}${isKnown ? (options.descriptorOf?.(pid, fd) ?? '') : ''}`
}

const ofArgument =
  (index: number): Printer =>
  (value, context) =>
    descriptorText(signed32(argument(context, index)), value, context)

export const OTHERS_DESCRIPTORS: Readonly<Record<string, Printer>> = {
  fdof0: ofArgument(0),
  fdof1: ofArgument(1),
  fdofpidfd: (value, context) =>
    descriptorText(context.options.processOf?.(signed32(argument(context, 0))), value, context),
}
