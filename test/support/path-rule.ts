/** A rule about paths, as a policy has it once it is resolved. */
import { ACCESS, type PathRule } from '#glassbox/policy/resolved.js'

export type Access = keyof typeof ACCESS

/**
 * `ways`: one way to use the files, or several.
 *
 * @example
 * pathRule('read', '/usr') // everything below /usr
 * pathRule(['read', 'list'], '/etc/passwd', 'exact')
 */
export function pathRule(
  ways: Access | readonly Access[],
  path: string,
  kind: PathRule['kind'] = 'tree',
): PathRule {
  const all = [ways].flat()
  const access = all.reduce((sum, way) => sum | ACCESS[way], 0)
  return { text: `${all.join('+')}: ${path}`, kind, path, access }
}
