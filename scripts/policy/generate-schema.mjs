// Writes packages/glassbox/schema/policy.schema.json from the tables of kinds that check policies.
// Needs the built package.
//
//   node scripts/policy/generate-schema.mjs      writes it; it is checked in
//
// test/policy/schema.test.ts fails if the file is not what the tables say.
import { writeFileSync } from 'node:fs'
import { policySchema } from '../../packages/glassbox/dist/policy/files/schema.js'

const output = new URL('../../packages/glassbox/schema/policy.schema.json', import.meta.url)
writeFileSync(output, `${JSON.stringify(policySchema(), undefined, 2)}\n`)
