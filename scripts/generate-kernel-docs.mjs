// Writes docs/kernel-syscalls.md from the table by which the kernel dispatches calls. Needs the
// built package.
//
//   node scripts/generate-kernel-docs.mjs            writes it
//   node scripts/generate-kernel-docs.mjs --print    prints it (the test compares them)
import { writeFileSync } from 'node:fs'
import { kernelCalls } from '../packages/glassbox/dist/kernel/world/kernel-calls.js'

const calls = kernelCalls().calls()
const of = support => calls.filter(call => call.support === support)
/** Names in lines that end before column 100. */
function names(list) {
  const lines = ['']
  for (const { name } of list) {
    const last = lines.at(-1)
    const word = `\`${name}\``
    if (last.length + word.length > 97) lines.push(word)
    else lines[lines.length - 1] = last === '' ? word : `${last} ${word}`
  }
  return lines.join('\n')
}
const cell = text => text.replaceAll('|', '\\|')

const text = `# The system calls of the kernel runner

Generated from the table of calls by \`node scripts/generate-kernel-docs.mjs\`; the same as
\`glassbox kernel syscalls\`. Of ${calls.length} calls of x86-64, ${of('full').length} are served, ${of('partial').length} in
part, and ${of('none').length} are not.

## Served

${names(of('full'))}

## Served in part

| call | what is missing |
|---|---|
${of('partial')
  .map(({ name, missing }) => `| \`${name}\` | ${cell(missing)} |`)
  .join('\n')}

## Not served

They answer ENOSYS, and are counted.

${names(of('none'))}
`

if (process.argv.includes('--print')) process.stdout.write(text)
else writeFileSync(new URL('../docs/kernel-syscalls.md', import.meta.url), text)
