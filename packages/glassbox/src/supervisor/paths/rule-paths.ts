/**
 * Where the paths of the rules of a policy lead to. See real-path.ts for the links that are not
 * followed.
 */
import { ACCESS, type PathRule } from '../../policy/resolved.ts'
import { writtenPath } from './judge.ts'
import { realPathsNow } from './plain-paths.ts'

const isBelow = (path: string, directory: string): boolean =>
  path.startsWith(directory === '/' ? '/' : `${directory}/`)

/**
 * Finds where the paths of these rules lead to. `work`: the working directory, in which programs
 * may have made links.
 */
export function rulePaths(rules: readonly PathRule[], work: string | undefined): (path: string) => string {
  const written = rules
    .filter(({ kind, access }) => kind === 'tree' && (access & ACCESS.write) !== 0)
    .map(({ path }) => path)
  // If everything is written, links of the host lead where they lead for everyone.
  const trees = [...(work === undefined ? [] : [work]), ...written].filter(
    path => path !== '/' && path !== '',
  )
  const outermost = trees.filter(path => !trees.some(other => isBelow(path, other)))
  const paths = rules.map(writtenPath).filter(path => !outermost.some(each => isBelow(path, each)))
  const realPath = realPathsNow([...outermost, ...paths])
  return path => {
    const tree = outermost.find(each => isBelow(path, each))
    return tree === undefined ? realPath(path) : `${realPath(tree)}${path.slice(tree.length)}`
  }
}
