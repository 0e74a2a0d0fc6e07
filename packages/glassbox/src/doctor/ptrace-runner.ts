/** The row about the ptrace runner: a program that is really started by it, as this user. */
import { GlassboxError, MissingFeatureError } from '../errors.ts'
import type { MeasuredBy } from '../job/ending.ts'
import { run } from '../run/run.ts'
import type { Row } from './row.ts'

const limitsOf = ({ memory }: MeasuredBy): string =>
  memory === 'tracer' ? '; its tracer samples memory' : '; a cgroup limits memory and processes'

/** Runs `true`, which shows more than the settings can. */
export async function tracedProgramRow(): Promise<Row> {
  const subject = 'a traced program, tried now'
  try {
    const { status, exitCode, setupTimeMs, measuredBy } = await run('true', [], { runner: 'ptrace' })
    const ok = status === 'exited' && exitCode === 0
    return {
      subject,
      found: `${status}, ${setupTimeMs.toFixed(1)} ms of set-up`,
      state: ok ? 'yes' : 'no',
      meaning: ok ? `the ptrace runner works${limitsOf(measuredBy)}` : 'the ptrace runner does not work',
    }
  } catch (error) {
    const hint = error instanceof GlassboxError ? error.hint : undefined
    const lacks = error instanceof MissingFeatureError ? ` for lack of ${error.feature}` : ''
    return {
      subject,
      found: error instanceof Error ? error.message : String(error),
      state: 'no',
      meaning: `the ptrace runner does not work${lacks}`,
      ...(hint === undefined || hint.includes('glassbox doctor') ? {} : { fix: hint }),
    }
  }
}
