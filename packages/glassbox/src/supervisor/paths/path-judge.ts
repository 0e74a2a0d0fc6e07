/** The judge of one program, as the supervisor asks it. */
import { AT_FDCWD } from '../../linux/constants.ts'
import type { PathDecisions, ProgramSpec } from '../contract.ts'
import type { MakeJudge, PathJudge } from '../decision.ts'
import { deny, NO_RULE, PathDecider } from './decide-call.ts'
import { closeObject, nameOf, openThrough, pathBytes } from './object.ts'
import type { Judge } from './judge.ts'
import { judgeWhenAsked, ruleNames } from './rule-names.ts'

/**
 * Makes a judge. It holds no descriptors between two questions.
 *
 * @example
 * const judge = makeJudge({ rules, work, statAll: true, denied: { kind: 'kill' } }, undefined)
 * judge.decide(call)
 */
export const makeJudge: MakeJudge = (paths, user) =>
  paths.isSilent ? silentJudge(paths, user) : namedJudge(paths, user)

const deciderOf = ({ statAll }: PathDecisions, judge: Judge, user: ProgramSpec['user']): PathDecider =>
  new PathDecider({ judge, statAll, ...(user ? { identity: user } : {}) })

/**
 * Few programs make a call that stops in the tier `silent`, so where the rules lead to is looked
 * at for the first one, and only for the rules that could grant it. The program cannot have
 * changed that: no link in a directory that it writes to is followed. Landlock alone judges what
 * is executed.
 */
function silentJudge(paths: PathDecisions, user: ProgramSpec['user']): PathJudge {
  let decider: PathDecider | undefined
  let first: number | undefined
  return {
    prefixes: undefined,
    decide: call => {
      if (!decider) {
        decider = deciderOf(paths, judgeWhenAsked(paths), user)
        if (first !== undefined) decider.executed(first)
      }
      return decider.decide(call)
    },
    executed: pid => {
      first ??= pid
      return undefined
    },
    close: () => {},
  }
}

function namedJudge(paths: PathDecisions, user: ProgramSpec['user']): PathJudge {
  const { judge, prefixes } = ruleNames(paths)
  const decider = deciderOf(paths, judge, user)
  return {
    prefixes,
    decide: call => decider.decide(call),
    executed: tid => {
      // Only the leader of a process is left after an execve.
      decider.executed(tid)
      // The file that was executed cannot be changed any more, nor can the name of another.
      const fd = decider.look(() => openThrough(AT_FDCWD, pathBytes(`/proc/${tid}/exe`)))
      if (fd < 0) return deny('', NO_RULE.unseen)
      try {
        return decider.judgeProgram(fd, nameOf(fd))
      } finally {
        closeObject(fd)
      }
    },
    close: () => {},
  }
}
