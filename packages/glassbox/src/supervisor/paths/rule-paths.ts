/**
 * Where the paths of the rules of a policy lead to. See real-path.ts for the links that are not
 * followed.
 */
import { ACCESS, type PathRule } from '../../policy/resolved.ts'
import { writtenPath } from './judge.ts'
import { RealPaths } from './plain-paths.ts'

const isBelow = (path: string, directory: string): boolean =>
  path.startsWith(directory === '/' ? '/' : `${directory}/`)

/** Where the paths of these rules lead to. */
export class RulePaths {
  /** The outermost directories in which programs may have made links. */
  readonly #written: readonly string[]
  readonly #real: RealPaths

  /**
   * `work`: the working directory, in which programs may have made links. `asked`: the rules whose
   * paths are asked for; the others say only where programs write.
   */
  constructor(rules: readonly PathRule[], work: string | undefined, asked: readonly PathRule[] = rules) {
    const trees = rules
      .filter(({ kind, access }) => kind === 'tree' && (access & ACCESS.write) !== 0)
      .map(({ path }) => path)
    // If everything is written, links of the host lead where they lead for everyone.
    const all = [...(work === undefined ? [] : [work]), ...trees].filter(path => path !== '/' && path !== '')
    const outermost = all.filter(path => !all.some(other => isBelow(path, other)))
    const paths = asked.map(writtenPath).filter(path => !outermost.some(each => isBelow(path, each)))
    this.#written = outermost
    this.#real = new RealPaths([...outermost, ...paths])
  }

  /** Looks again. Returns whether a path leads elsewhere now. */
  look(): boolean {
    return this.#real.look()
  }

  /** Where a path led to at the last look. */
  of(path: string): string {
    const tree = this.#written.find(each => isBelow(path, each))
    return tree === undefined ? this.#real.of(path) : `${this.#real.of(tree)}${path.slice(tree.length)}`
  }
}
