// Removes everything that a build makes.
import { rmSync } from 'node:fs'

for (const path of ['build', 'packages/glassbox/dist', 'packages/glassbox/prebuilds']) {
  rmSync(new URL(`../${path}`, import.meta.url), { recursive: true, force: true })
}
