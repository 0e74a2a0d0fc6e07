/**
 * The plans of the standard forms. The build has compiled them, so most traces need no more than
 * their form, and the compiler is loaded for the others (call-plans.ts). Pure.
 */
import { DEFAULT_LIMIT, DEFAULT_STRING_LIMIT } from '../context.ts'
import { planOf, type PlanOptions } from './call-plans.ts'
import type { CompiledPlan, LaneForm, LineStyle, StandardPlan } from './plan.ts'

const STANDARD_STYLE: LineStyle = {
  limit: DEFAULT_STRING_LIMIT,
  full: false,
  strings: 'none',
  names: false,
  raw: false,
}

/** strace's default for -s, and the bytes and elements that an event reads. */
const STANDARD: Readonly<Record<LaneForm, PlanOptions>> = {
  text: { bytes: DEFAULT_STRING_LIMIT, items: DEFAULT_STRING_LIMIT, line: STANDARD_STYLE },
  json: { bytes: DEFAULT_LIMIT, items: DEFAULT_LIMIT, line: STANDARD_STYLE, isJson: true },
}

/** The plan of a call for the standard form of lines. */
export function standardPlan(nr: number, form: LaneForm): StandardPlan {
  let made: CompiledPlan | undefined
  let isMade = false
  return {
    form,
    compile: () => {
      if (!isMade) made = planOf(nr, STANDARD[form])
      isMade = true
      return made
    },
  }
}
