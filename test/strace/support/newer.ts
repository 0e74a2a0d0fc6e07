/**
 * What newer versions of strace than 6.1 have names for (scripts/linux/newer.txt): comparisons
 * with strace 6.1 leave it out.
 */
import { readFileSync } from 'node:fs'

/** Names that are newer than strace 6.1: it has numbers in their place. */
export const NEWER_NAMES = new Set(
  [
    ...readFileSync(new URL('../../../../scripts/linux/newer.txt', import.meta.url), 'utf8').matchAll(
      /(?<= )[A-Z]\w*(?==)/g,
    ),
  ].map(([name]) => name),
)

/** Fields, comments and structs that are newer. */
const NEWER_TEXTS = [
  ...['handled_access_net=', 'stx_subvol=', 'stx_atomic_write_unit_min=', 'stx_dio_read_offset_align='],
  ...[
    'PIDFD_SIGNAL_\\?',
    'LANDLOCK_RESTRICT_SELF_\\?',
    'LANDLOCK_ADD_RULE_\\?',
    'allowed_access=\\w+, port=',
    'landlock_create_ruleset\\(',
  ],
]
/** What only a newer strace has in a line. */
export const NEWER = new RegExp(`\\b(?:(?:${[...NEWER_NAMES].join('|')})\\b|${NEWER_TEXTS.join('|')})`)
