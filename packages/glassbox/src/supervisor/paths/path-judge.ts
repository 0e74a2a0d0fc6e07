/** The judge of one program, as the supervisor asks it. */
import { AT_FDCWD } from '../../linux/constants.ts'
import type { MakeJudge } from '../decision.ts'
import { deny, NO_RULE, PathDecider } from './decide-call.ts'
import { closeObject, nameOf, openThrough, pathBytes } from './object.ts'
import { ruleNames } from './rule-names.ts'

/**
 * Makes a judge. It holds no descriptors between two questions.
 *
 * @example
 * const judge = makeJudge({ rules, work, statAll: true, denied: { kind: 'kill' } }, undefined)
 * judge.decide(call)
 */
export const makeJudge: MakeJudge = (paths, user) => {
  const { judge, prefixes } = ruleNames(paths)
  const { statAll } = paths
  const decider = new PathDecider({ judge, statAll, ...(user ? { identity: user } : {}) })
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
