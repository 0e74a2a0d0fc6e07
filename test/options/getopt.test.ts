/**
 * The grammar of getopt_long(3): every row is a command line, and what glibc makes of it. The
 * letters and names are those of a small program with one option of each kind.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { getopt, type GetoptSpec } from '#glassbox/options/getopt.js'

const spec = (permute: boolean): GetoptSpec => ({
  letters: { v: 'nothing', b: 'value', p: 'optional' },
  long: [
    { name: 'verbose', takes: 'nothing' },
    { name: 'box-id', takes: 'value' },
    { name: 'box-name', takes: 'value' },
    { name: 'processes', takes: 'optional' },
  ],
  permute,
  fail: message => new Error(message),
})

/** As the C program below prints it. */
function ours(words: readonly string[], permute: boolean): string {
  try {
    const { options, rest } = getopt(words, spec(permute))
    const lines = options.map(({ name, value }) => `${name}=${value ?? '(none)'}`)
    return [...lines, `rest ${rest.join(' ')}`].join('\n')
  } catch (error) {
    return (error as Error).message
  }
}

const PROGRAM = `#include <getopt.h>
#include <stdio.h>
#include <string.h>
static const struct option longs[] = {{"verbose", 0, 0, 256}, {"box-id", 1, 0, 257},
  {"box-name", 1, 0, 258}, {"processes", 2, 0, 259}, {0, 0, 0, 0}};
int main(int argc, char **argv) {
  static char out[65536];
  int c;
  while ((c = getopt_long(argc, argv, "vb:p::", longs, 0)) != -1) {
    if (c == '?') return 2;
    char *at = out + strlen(out);
    if (c >= 256) at += sprintf(at, "--%s", longs[c - 256].name);
    else at += sprintf(at, "%c", c);
    sprintf(at, "=%s\\n", optarg ? optarg : "(none)");
  }
  printf("%srest", out);
  if (optind == argc) printf(" ");
  for (; optind < argc; optind++) printf(" %s", argv[optind]);
  return 0;
}
`

const ROWS: readonly (readonly string[])[] = [
  [],
  ['-v', '-b5', '-b', '6', '--box-id=7', '--box-id', '8', '--box-id='],
  ['-vvb5', '-vp4', '-p', '4', '-p4v', '-p'],
  ['--processes', '4', '--processes=4', '--processes=', '--proc=3'],
  ['x', '-v', 'y', '--verb', 'z'],
  ['x', '--', '-v', '--', 'y'],
  ['-', '-v'],
  ['--box-id', '--', '-v'],
  ['-b', '--', '-v'],
  ['--box-i=1', '--ver', '--v'],
  ...['--box=1', '--b', '--verbose=3', '--nothing', '--nothing=4', '-z', '-vz', '--box-id', '-b'].map(
    word => ['-v', word],
  ),
  ['--=', 'x'],
  ['---v'],
]

test('words are read as the C library reads them, permuted or not', t => {
  const directory = mkdtempSync(join(tmpdir(), 'glassbox-getopt-'))
  t.after(() => rmSync(directory, { recursive: true }))
  const binary = join(directory, 'getopt')
  writeFileSync(`${binary}.c`, PROGRAM)
  const { status, stderr } = spawnSync('cc', ['-o', binary, `${binary}.c`], { encoding: 'utf8' })
  assert.equal(status, 0, stderr)
  for (const words of ROWS) {
    for (const permute of [true, false]) {
      const env = permute ? {} : { POSIXLY_CORRECT: '1' }
      const native = spawnSync(binary, words, { encoding: 'utf8', env, argv0: 'isolate' })
      const said = native.status === 0 ? native.stdout : native.stderr.trimEnd().replace(/^isolate: /, '')
      assert.equal(ours(words, permute), said, `${permute ? 'permuted' : 'in order'}: ${words.join(' ')}`)
    }
  }
})

test('an exact name cannot be shortened, and makes no other name ambiguous', () => {
  const long = [
    { name: 'processes', takes: 'optional' as const },
    { name: 'plan', takes: 'nothing' as const, exact: true },
  ]
  const read = (word: string): unknown => getopt([word], { ...spec(true), long }).options[0]?.name
  assert.equal(read('--p'), '--processes')
  assert.equal(read('--plan'), '--plan')
  assert.throws(() => read('--pl'), /unrecognized option '--pl'/)
})
