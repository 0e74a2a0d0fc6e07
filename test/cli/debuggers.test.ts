/**
 * Sanitizers, debuggers and MPI trace processes of their own program. Each program runs natively
 * first; in a box, as root and as an ordinary user, it must end and print the same.
 */
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test, type TestContext } from 'node:test'
import { assertNoGroupsLeft, glassbox } from '../support/command.js'
import { temporaryDirectory } from '../support/temporary.js'

after(assertNoGroupsLeft)

/** With an argument it leaks its 40 bytes. No register or part of the stack keeps the pointer. */
const HEAP = `#include <stdio.h>
#include <stdlib.h>
int main(int c, char **v) {
  volatile int *a = malloc(40);
  a[3] = 7;
  printf("%d\\n", a[3]);
  if (c > 1) a = malloc(1);
  free((void *)a);
  char *b[64] = {0};
  return b[c] != 0;
}`
const RACE = `#include <pthread.h>
#include <stdio.h>
int n;
void *f(void *p) { n++; return p; }
int main(int c, char **v) {
  pthread_t t;
  pthread_create(&t, 0, f, 0);
  if (c > 1) n++;
  pthread_join(t, 0);
  return printf("ran\\n") != 4;
}`
const CRASH = `static int boom(int *p) { return *p; }
int main(void) { return boom(0); }`
const MESSAGE = `#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
int main(int c, char **v) {
  int rank;
  MPI_Init(&c, &v);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  char *b = calloc(1, 4 << 20);
  if (rank) MPI_Send(b, 4 << 20, MPI_CHAR, 0, 0, MPI_COMM_WORLD);
  else {
    MPI_Recv(b, 4 << 20, MPI_CHAR, 1, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    puts("got");
  }
  return MPI_Finalize();
}`

interface Case {
  readonly name: string
  /** A compiler with its flags, and what it compiles to `./program`. */
  readonly compile?: readonly [source: string, compiler: string, ...flags: string[]]
  /** What runs in the directory of the program. Its first word must be on this host. */
  readonly words: readonly string[]
  /** Of both outputs together. */
  readonly says: RegExp
  readonly never?: RegExp
  readonly code?: number
}

const ASAN = ['cc', '-g', '-fsanitize=address,undefined'] as const
const CASES: readonly Case[] = [
  {
    name: 'ASan and UBSan',
    compile: [HEAP, ...ASAN],
    words: ['./program'],
    says: /^7\n/,
    never: /Sanitizer/,
  },
  {
    name: 'the report of a leak',
    compile: [HEAP, ...ASAN],
    words: ['./program', 'leak'],
    says: /40 byte\(s\) leaked in 1 allocation/,
    code: 1,
  },
  {
    name: 'TSan',
    compile: [RACE, 'cc', '-g', '-fsanitize=thread'],
    words: ['./program'],
    says: /^ran\n/,
    never: /Sanitizer/,
  },
  {
    name: 'the report of a race',
    compile: [RACE, 'cc', '-g', '-fsanitize=thread'],
    words: ['./program', 'race'],
    says: /^ran\n[^]*data race/,
    code: 66,
  },
  {
    name: 'gdb',
    compile: [CRASH, 'cc', '-g'],
    words: ['gdb', '-batch', '-ex', 'run', '-ex', 'bt', './program'],
    says: /SIGSEGV[^]*boom[^]*main \(\) at /,
    never: /ptrace|randomization/i,
  },
  { name: 'setarch -R', words: ['setarch', '-R', 'cat', '/proc/self/personality'], says: /^00040000\n/ },
  {
    name: 'strace',
    words: ['strace', '-f', '-e', 'trace=execve', 'sh', '-c', '/bin/true'],
    says: /execve\("\/bin\/true"/,
  },
  {
    name: 'MPI',
    compile: [MESSAGE, 'mpicc'],
    words: ['mpirun', '--oversubscribe', '-np', '2', './program'],
    says: /^got\n/,
    never: /errno|hwloc|\/sys/,
  },
]

const isMissing = (program: string): boolean => spawnSync('sh', ['-c', `command -v ${program}`]).status !== 0
const missing = ({ compile, words }: Case): string | undefined =>
  [compile?.[1] ?? 'true', words[0] ?? ''].find(word => !word.startsWith('./') && isMissing(word))

function made({ compile }: Case, context: TestContext): string {
  const directory = temporaryDirectory(context)
  chmodSync(directory, 0o755) // for the ordinary user
  if (compile) {
    const [source, compiler, ...flags] = compile
    const file = join(directory, 'program.c')
    writeFileSync(file, source)
    execFileSync(compiler, ['-w', ...flags, '-o', join(directory, 'program'), file], { stdio: 'pipe' })
    chmodSync(join(directory, 'program'), 0o755)
  }
  return directory
}

for (const each of CASES) {
  const { name, words, says, never, code = 0, compile } = each
  const lacks = missing(each)
  test(`${name} in a box as outside`, { skip: lacks === undefined ? false : `needs ${lacks}` }, context => {
    const cwd = made(each, context)
    const check = (who: string, got: number | null, text: string): void => {
      assert.equal(got, code, `${who}: ${text}`)
      assert.match(text, says, who)
      if (never) assert.doesNotMatch(text, never, who)
    }
    const rootsConsent = { OMPI_ALLOW_RUN_AS_ROOT: '1', OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: '1' }
    const [program = '', ...args] = words
    const env = { ...process.env, ...rootsConsent }
    const native = spawnSync(program, args, { cwd, encoding: 'utf8', env })
    check('natively', native.status, native.stdout + native.stderr)
    const copies = compile ? ['--copy-in', 'program'] : []
    for (const ordinary of [false, true]) {
      const {
        code: got,
        out,
        err,
      } = glassbox(['run', '--quiet', ...copies, '--', ...words], { cwd, ordinary })
      check(ordinary ? 'as an ordinary user' : 'as this user', got, out + err)
    }
  })
}
