/** The rows about runners that need ptrace: a program is really started by each, as this user. */
import { GlassboxError, MissingFeatureError } from '../errors.ts'
import type { MeasuredBy } from '../job/ending.ts'
import { run } from '../run/run.ts'
import type { Row } from './row.ts'

const limitsOf = ({ memory }: MeasuredBy): string =>
  memory === 'tracer' ? '; its tracer samples memory' : '; a cgroup limits memory and processes'

export const tracedProgramRow = (): Promise<Row> =>
  triedRow(
    'ptrace',
    'a traced program, tried now',
    measured => `the ptrace runner works${limitsOf(measured)}`,
  )

export const kernelProgramRow = (): Promise<Row> =>
  triedRow(
    'kernel',
    'a program on the kernel, tried now',
    () => 'the kernel runner works; it needs no privilege',
  )

/** Runs `true`, which shows more than the settings can. */
async function triedRow(
  runner: 'ptrace' | 'kernel',
  subject: string,
  works: (measured: MeasuredBy) => string,
): Promise<Row> {
  try {
    const { status, exitCode, setupTimeMs, measuredBy } = await run('true', [], { runner })
    const ok = status === 'exited' && exitCode === 0
    return {
      subject,
      found: `${status}, ${setupTimeMs.toFixed(1)} ms of set-up`,
      state: ok ? 'yes' : 'no',
      meaning: ok ? works(measuredBy) : `the ${runner} runner does not work`,
    }
  } catch (error) {
    const hint = error instanceof GlassboxError ? error.hint : undefined
    const lacks = error instanceof MissingFeatureError ? ` for lack of ${error.feature}` : ''
    return {
      subject,
      found: error instanceof Error ? error.message : String(error),
      state: 'no',
      meaning: `the ${runner} runner does not work${lacks}`,
      ...(hint === undefined || hint.includes('glassbox doctor') ? {} : { fix: hint }),
    }
  }
}
