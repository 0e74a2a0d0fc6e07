/** `glassbox policy explain`: prints which way each call goes under a policy, and why. */
import { resolvePolicy } from '../../policy/resolve.ts'
import { supervisedChains } from '../../supervisor/filter.ts'
import { InvalidOptionError } from '../../errors.ts'
import { parseOptions } from '../options.ts'
import { stdout } from '../output.ts'
import { columns } from '../terminal.ts'
import { callWays, waysText } from './explain.ts'
import { policyNamed } from './named.ts'
import { EXPLAIN_OPTIONS } from './options.ts'
import { onePolicy, type Subcommand } from './subcommand.ts'

function netOf(text: string): 'none' | 'host' {
  if (text === 'none' || text === 'host') return text
  throw new InvalidOptionError('--net', `--net: expected none or host, got ${text}.`)
}

async function main(words: readonly string[]): Promise<number> {
  const parsed = parseOptions('policy explain', EXPLAIN_OPTIONS, words)
  const name = onePolicy('explain', parsed)
  const net = netOf(parsed.lastOf('--net') ?? 'none')
  const policy = resolvePolicy(await policyNamed(name, 'POLICY'))
  const tier = policy.paths?.tier ?? 'named'
  const chains = supervisedChains(policy, { tier, countsProcesses: true, net })
  const ways = callWays(chains, policy.paths !== undefined && tier === 'silent')
  if (parsed.flags.has('--json')) {
    stdout.write(`${JSON.stringify({ policy: name, tier, net, calls: ways })}\n`)
    return 0
  }
  const files = policy.paths ? `files in the tier ${tier}` : 'files not restricted'
  stdout.write(
    `Policy ${name} with the ptrace runner: ${files}, network ${net}\n${waysText(ways, columns())}`,
  )
  return 0
}

export const EXPLAIN: Subcommand = {
  usage: '[--net none|host] [--json] NAME|FILE',
  summary: 'Print which way each call goes with the ptrace runner, and why.',
  examples: ['glassbox policy explain default'],
  options: EXPLAIN_OPTIONS,
  main,
}
