/**
 * A service that is killed: `node victim.js MARK [exit]` runs a chain of processes under a
 * supervisor, says when the chain runs, and with `exit` ends then.
 */
import { program } from '../../support/programs.js'
import { supervise } from './supervise.js'

const [, , mark = '', how] = process.argv

await supervise(program('swarm'), ['comets', '3'], {
  env: { GLASSBOX_KILLING: mark },
  limits: { processes: 16, wallTimeMs: 60_000 },
  async running() {
    await new Promise(resolve => setTimeout(resolve, 50))
    process.stdout.write('running\n')
    if (how === 'exit') process.exit(0)
  },
})
