/** Tiers one and two: static and dynamic programs, of glibc and musl. */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { program } from '../../support/programs.js'
import { sameAsNative, type Row } from '../../support/kernel/tiers.js'

const source = fileURLToPath(new URL('../../../../test/programs/kernel/hello.c', import.meta.url))
const dynamic = program('kernel/hello')

/** The same with musl, if its compiler is installed. */
function withMusl(flags: readonly string[]): string {
  const output = `${dynamic}-musl${flags.join('')}`
  mkdirSync(dirname(output), { recursive: true })
  if (existsSync('/usr/bin/musl-gcc') && !existsSync(output))
    execFileSync('musl-gcc', ['-O1', '-o', output, source, ...flags])
  return output
}

const row = (name: string, path: string): Row => ({ name, program: path, args: ['one', 'two words', ''] })

sameAsNative(
  [
    row('a static program of glibc', program('kernel/hello', ['-static'])),
    row('a static program at any address', program('kernel/hello', ['-static-pie'])),
    row('a dynamic program of glibc', dynamic),
    row('a dynamic program at a fixed address', program('kernel/hello', ['-no-pie'])),
    { ...row('a dynamic program of musl', withMusl([])), madeBy: 'musl-gcc' },
    { ...row('a static program of musl', withMusl(['-static'])), madeBy: 'musl-gcc' },
  ],
  [dirname(dynamic)],
)
