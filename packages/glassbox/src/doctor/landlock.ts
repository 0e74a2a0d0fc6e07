/** The row about Landlock, which keeps the rules of policies about paths. It is tried for real. */
import { close } from '../gate/descriptors.ts'
import { runPlan } from '../gate/gate.ts'
import { type Landlock, landlock, landlockRemedy } from '../landlock/abi.ts'
import { rightsOfAbi } from '../landlock/rights.ts'
import { makeRuleset } from '../landlock/ruleset.ts'
import { addLandlockSteps } from '../landlock/steps.ts'
import {
  AT_FDCWD,
  CLONE_VFORK,
  CLONE_VM,
  O_CLOEXEC,
  O_DIRECTORY,
  O_RDONLY,
  PR_SET_NO_NEW_PRIVS,
  __WALL,
} from '../linux/constants.ts'
import { ERRNO, errnoName } from '../linux/errno.ts'
import { PlanBuilder, text } from '../plan/builder.ts'
import { encodePlan } from '../plan/encode.ts'
import type { Row } from './row.ts'

/** What a version lacks that a later one has; the first that applies is the gravest. */
const LACKS: readonly (readonly [since: number, kernel: string, what: string])[] = [
  [3, '6.2', 'truncate(2) is refused for every file'],
  [5, '6.10', 'devices that may be read also answer requests (ioctl)'],
  [6, '6.12', 'signals and abstract sockets are not kept inside'],
]

/** `tried`: gives the errno with which opening `/` failed behind a wall; see `tryLandlock()`. */
export function landlockRow(
  found: Landlock = landlock(),
  tried: () => number = () => tryLandlock(found),
): Row {
  const subject = 'landlock'
  if (!('abi' in found)) {
    return {
      ...{ subject, found: errnoName(found.errno), state: 'no' },
      meaning: 'policies with paths are refused',
      fix: landlockRemedy(found.errno),
    }
  }
  const errno = tried()
  if (errno !== ERRNO.EACCES) {
    const what = errno === 0 ? 'it does not keep a file closed' : errnoName(errno)
    return {
      ...{ subject, found: `ABI ${found.abi}, but ${what}`, state: 'no' },
      meaning: 'policies with paths do not work',
      fix: 'start this process outside of what restricts it: a seccomp profile, or 16 other rulesets',
    }
  }
  const lack = LACKS.find(([since]) => found.abi < since)
  return {
    ...{ subject, found: `ABI ${found.abi}`, state: lack ? 'partly' : 'yes' },
    meaning: lack
      ? `policies with paths work, in boxes too; ${lack[2]}`
      : 'policies with paths work, in boxes too',
    ...(lack ? { fix: `use Linux ${lack[1]} or later` } : {}),
  }
}

/**
 * Has a child enter a ruleset that grants nothing and open `/`. Returns the errno of the step that
 * failed: EACCES if the wall stands; 0 if no step failed.
 */
function tryLandlock(found: Landlock): number {
  const abi = 'abi' in found ? found.abi : 0
  const { fd } = makeRuleset({ abi, handled: rightsOfAbi(abi), scoped: 0, grants: [] })
  try {
    const builder = new PlanBuilder('try Landlock')
    const ruleset = builder.input('ruleset')
    const pid = builder.slot('pid')
    const flags = BigInt(CLONE_VM | CLONE_VFORK)
    builder.clone({ flags, exitSignal: 0, result: pid, label: 'clone a child' }, () => {
      builder.call('prctl', [PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0], 'gain no privileges')
      addLandlockSteps(builder, { ruleset, own: [], spare: -1 })
      builder
        .call('openat', [AT_FDCWD, text('/'), O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0], 'open /')
        .call('exit_group', [0], 'end')
    })
    builder.call('wait4', [pid, 0, __WALL, 0], 'wait for it')
    return runPlan(encodePlan(builder.build()).bytes, [fd]).failure?.errno ?? 0
  } finally {
    close(fd)
  }
}
