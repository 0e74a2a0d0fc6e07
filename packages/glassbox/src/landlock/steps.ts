/**
 * The plan steps by which a process enters a ruleset. They come after no_new_privs, after every
 * step that needs files, before the limits (RLIMIT_NOFILE could forbid the descriptors) and before
 * the filter and execve. What is open already stays usable.
 *
 * A ruleset is made by the parent (ruleset.ts) and given to the plan as an input, because only
 * the parent can tell a file from a directory before it adds the rule. Entering takes one call.
 */
import { AT_FDCWD, LANDLOCK_RULE_PATH_BENEATH, O_CLOEXEC, O_PATH } from '../linux/constants.ts'
import { ERRNO } from '../linux/errno.ts'
import { type PlanBuilder, text } from '../plan/builder.ts'
import type { Slot } from '../plan/types.ts'
import { ruleBytes } from './rule.ts'
import type { OwnGrant } from './types.ts'

export interface EnterSpec {
  /** The slot with the descriptor of the ruleset, which the plan leaves open. */
  readonly ruleset: Slot
  readonly own: readonly OwnGrant[]
  /** A number at which no descriptor is open. The plan uses it and closes it again. */
  readonly spare: number
}

/**
 * Adds the steps. The own grants of the process are added to the ruleset, so it must serve one
 * program only if there are any.
 */
export function addLandlockSteps(builder: PlanBuilder, { ruleset, own, spare }: EnterSpec): void {
  if (own.length > 0) addOwnGrants(builder, ruleset, own, spare)
  builder.call('landlock_restrict_self', [ruleset, 0], 'leave only the files of the policy')
}

/**
 * The number of a rule's file is part of a struct, so it is fixed before. If the entry does not
 * exist, the ruleset itself is at that number; it can have no rule (EBADFD).
 */
function addOwnGrants(builder: PlanBuilder, ruleset: Slot, own: readonly OwnGrant[], spare: number): void {
  const entry = builder.slot('entry of the process')
  for (const { path, access } of own) {
    const rule = { bytes: ruleBytes(access, spare) }
    builder
      .call('openat', [AT_FDCWD, text(path), O_PATH | O_CLOEXEC, 0], `open ${path}`, {
        result: entry,
        onError: 'ignore',
      })
      .call('dup3', [ruleset, spare, O_CLOEXEC], 'take a spare descriptor')
      .call('dup3', [entry, spare, O_CLOEXEC], `put ${path} into place`, { onError: [ERRNO.EBADF] })
      .call('landlock_add_rule', [ruleset, LANDLOCK_RULE_PATH_BENEATH, rule, 0], `grant ${path}`, {
        onError: [ERRNO.EBADFD],
      })
      .call('close', [entry], `close ${path}`, { onError: [ERRNO.EBADF] })
  }
  builder.call('close', [spare], 'close the spare descriptor')
}
