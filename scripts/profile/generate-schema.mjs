// Writes packages/glassbox/schema/profile.schema.json from the tables of kinds that check
// profiles. Needs the built package.
//
//   node scripts/profile/generate-schema.mjs      writes it; it is checked in
//
// test/job/profile.test.ts fails if the file is not what the tables say.
import { writeFileSync } from 'node:fs'
import { profileSchema } from '../../packages/glassbox/dist/job/profiles/kinds.js'

const output = new URL('../../packages/glassbox/schema/profile.schema.json', import.meta.url)
writeFileSync(output, `${JSON.stringify(profileSchema(), undefined, 2)}\n`)
