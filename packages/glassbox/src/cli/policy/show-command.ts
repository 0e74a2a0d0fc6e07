/** `glassbox policy show`: prints a policy, for people or as a policy file. */
import { PRESETS } from '../../policy/presets/presets.ts'
import { policyJson } from '../../policy/files/to-json.ts'
import { resolvePolicy } from '../../policy/resolve.ts'
import { parseOptions } from '../options.ts'
import { stdout } from '../output.ts'
import { columns } from '../terminal.ts'
import { policyFileText } from './json.ts'
import { policyNamed } from './named.ts'
import { policyText } from './show.ts'
import { SHOW_OPTIONS } from './options.ts'
import { onePolicy, type Subcommand } from './subcommand.ts'

async function main(words: readonly string[]): Promise<number> {
  const parsed = parseOptions('policy show', SHOW_OPTIONS, words)
  const name = onePolicy('show', parsed)
  const policy = resolvePolicy(await policyNamed(name, 'POLICY'))
  stdout.write(
    parsed.flags.has('--json') ? policyFileText(policyJson(policy)) : policyText(policy, name, columns()),
  )
  return 0
}

export const SHOW: Subcommand = {
  usage: '[--json] NAME|FILE',
  summary: `Print a policy: a preset (${Object.keys(PRESETS).join(', ')}) or a file.`,
  examples: ['glassbox policy show python3', 'glassbox policy show --json python3 > mine.json'],
  options: SHOW_OPTIONS,
  main,
}
