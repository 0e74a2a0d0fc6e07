/**
 * The systems that call isolate, with the command lines that they use and what they read of the
 * results. `{id}`, `{meta}` and `{dir}` stand for a box, a file and a directory.
 */
import type { Dialect } from '../types.ts'

export interface CallerLine {
  /** What the caller does with it. */
  readonly purpose: string
  readonly line: string
  /** Keys that the caller must find in the meta file. */
  readonly keys?: readonly string[]
}

export interface IsolateCaller {
  readonly title: string
  readonly dialect: Dialect
  /** Why it needs that dialect. */
  readonly because: string
  readonly lines: readonly CallerLine[]
}

const TIMES = ['time', 'time-wall']
const LANGUAGE = '-E HOME=/tmp -E PATH=/usr/local/bin:/usr/bin:/bin -E LANG -E LANGUAGE -E LC_ALL'
/** Of the runs of Judge0. */
const JUDGE0 = `-k 128000 -p120 --cg-timing --cg-mem=512000 -f 4096 ${LANGUAGE} -d /etc:noexec`
const CMS = '--cg --box-id={id} --chdir=/tmp --dir=/tmp={dir}:rw --dir=/dev/shm:tmp'
const PISTON = '-E HOME=/tmp -E PISTON_LANGUAGE=x --dir={dir} --dir=/etc:noexec --processes=64'

const init = (line: string): CallerLine => ({ purpose: 'make a box', line })
const cleanup = (line: string): CallerLine => ({ purpose: 'remove the box', line })

export const CALLERS: Readonly<Record<string, IsolateCaller>> = {
  judge0: {
    title: 'Judge0',
    dialect: '1',
    because: 'it looks for execve(…) in the message of status XX if a program cannot be executed',
    lines: [
      init('--cg -b {id} --init'),
      {
        purpose: 'unzip files',
        line: '--cg -s -b {id} --stderr-to-stdout -t 2 -x 1 -w 4 -k 128000 -p120 --cg-timing --cg-mem=512000 -f 10240 --run -- /bin/true',
      },
      {
        purpose: 'compile',
        line: `--cg -s -b {id} -M {meta} --stderr-to-stdout -i /dev/null -t 15.0 -x 0 -w 20.0 ${JUDGE0} --run -- /bin/true`,
        keys: [...TIMES, 'cg-mem', 'exitcode'],
      },
      {
        purpose: 'run',
        line: `--cg -s -b {id} -M {meta} -t 5.0 -x 1.0 -w 10.0 ${JUDGE0} --run -- /bin/true`,
        keys: [...TIMES, 'cg-mem', 'exitcode'],
      },
      {
        purpose: 'run with the network',
        line: `--cg -s -b {id} -M {meta} -t 5.0 -w 10.0 ${JUDGE0} --share-net --run -- /bin/true`,
      },
      {
        purpose: 'run with limits of each process',
        line: `--cg -s -b {id} -M {meta} -t 5.0 -w 10.0 --no-cg-timing -m 512000 ${LANGUAGE} --run -- /bin/true`,
        keys: [...TIMES, 'max-rss'],
      },
      cleanup('--cg -b {id} --cleanup'),
    ],
  },
  piston: {
    title: 'Piston',
    dialect: '2',
    because: 'it is made for a fork of 2.0',
    lines: [
      init('--init --cg -b{id}'),
      {
        purpose: 'run',
        line: `--run -b{id} --meta={meta} --cg -s -c /box ${PISTON} --open-files=2048 --fsize=10000 --wall-time=3 --time=3 --extra-time=0 --cg-mem=262144 -- /bin/true`,
        keys: [...TIMES, 'cg-mem', 'exitcode'],
      },
      {
        purpose: 'run with the network',
        line: `--run -b{id} --meta={meta} --cg -s -c /box ${PISTON} --wall-time=3 --time=3 --share-net -- /bin/true`,
      },
      cleanup('--cleanup --cg -b{id}'),
    ],
  },
  cms: {
    title: 'CMS',
    dialect: '2',
    because: 'it needs 2.0 or newer',
    lines: [
      { purpose: 'remove a box that may not exist', line: '--box-id={id} --cg --cleanup' },
      init('--box-id={id} --cg --init'),
      {
        purpose: 'compile',
        line: `${CMS} --dir=/etc/alternatives=/etc/alternatives:maybe --full-env --env=HOME=/tmp --processes=1000 --time=10 --wall-time=20 --cg-mem=524288 --meta={meta} --run -- /bin/true`,
        keys: [...TIMES, 'cg-mem'],
      },
      {
        purpose: 'run',
        line: `${CMS} --env=HOME=/tmp --fsize=1048576 --cg-mem=262144 --stdout=/tmp/stdout --processes=1 --stderr=/tmp/stderr --time=1.5 --wall-time=4 --meta={meta} --run -- /bin/true`,
        keys: [...TIMES, 'cg-mem', 'exitcode'],
      },
      {
        purpose: 'open the files of the program to others',
        line: '--cg --box-id={id} --dir=/tmp={dir}:rw --run -- /bin/true',
      },
      cleanup('--box-id={id} --cg --cleanup'),
    ],
  },
  recodex: {
    title: 'ReCodEx',
    dialect: '2',
    because: 'either works; --cg-timing is accepted in both',
    lines: [
      { purpose: 'make a box with a quota', line: '--cg --box-id={id} --quota=100000,1000 --init' },
      init('--cg --box-id={id} --init'),
      {
        purpose: 'run',
        line: '--cg --cg-timing --box-id={id} --cg-mem=262144 --time=1.000000 --wall-time=2.000000 --extra-time=0.500000 --stack=65536 --fsize=1024 --stdout=out --stderr-to-stdout --processes=10 --env=A=1 --dir={dir} --dir=etc/alternatives=/etc/alternatives:maybe --meta={meta} --run -- /bin/true',
        keys: [...TIMES, 'max-rss', 'csw-voluntary', 'csw-forced', 'cg-mem', 'exitcode'],
      },
      {
        purpose: 'run with the network',
        line: '--cg --cg-timing --box-id={id} --time=1.000000 --processes --share-net --dir=/etc --meta={meta} --run -- /bin/true',
      },
      cleanup('--cg --box-id={id} --cleanup'),
    ],
  },
  activepieces: {
    title: 'Activepieces',
    dialect: '2',
    because: 'either works',
    lines: [
      { purpose: 'remove a box that may not exist', line: '--box-id={id} --cleanup' },
      init('--box-id={id} --init'),
      {
        purpose: 'run',
        line: '--dir=/usr/bin/ --dir=/usr/local/ --dir=/etc/={dir} --dir=/root/common={dir}:maybe --share-net --box-id={id} --processes --chdir=/root --env=HOME=/tmp --run /bin/true',
      },
      {
        purpose: 'run, as older releases do',
        line: '--box-id={id} --processes --wall-time=60 --meta={meta} --stdout=_standardOutput.txt --stderr=_standardError.txt --run --env=A=1 /bin/true main.js OP',
        keys: [...TIMES, 'exitcode'],
      },
      cleanup('--box-id={id} --cleanup'),
    ],
  },
  judgels: {
    title: 'Judgels',
    dialect: '1',
    because: 'it expects the words "Box already exists" for a box that it has not removed',
    lines: [
      init('-b{id} --cg --init'),
      {
        purpose: 'run',
        line: '-b{id} --dir=/etc --dir={dir}:rw -e --cg --cg-timing -p50 -t1.0 -x0.5 -w9.0 --cg-mem=262144 -k65536 -f102400 -oout -rerr -M{meta} --run -- /bin/true',
        keys: [...TIMES, 'cg-mem'],
      },
      cleanup('-b{id} --cleanup'),
    ],
  },
  kilonova: {
    title: 'Kilonova',
    dialect: '2',
    because: 'it looks for execve in the output of a program with exit code 127',
    lines: [
      { purpose: 'ask for the version', line: '--version' },
      init('--box-id={id} --cg --init'),
      {
        purpose: 'run',
        line: '--box-id={id} --cg --processes --cg-timing --dir={dir} --full-env --env=A=1 --time=1.5 --wall-time=4 --cg-mem=262144 --stdin=/dev/null --stdout=/dev/null --stderr=/dev/null --meta={meta} --silent --run -- /bin/true',
        keys: [...TIMES, 'cg-mem', 'exitcode'],
      },
      cleanup('--box-id={id} --cg --cleanup'),
    ],
  },
  'cafe-grader': {
    title: 'cafe-grader',
    dialect: '2',
    because: 'either works',
    lines: [
      init('--init --cg -b {id}'),
      {
        purpose: 'run',
        line: '--cg --run -b {id} --meta={meta} -t 1 -x 1.5 -w 1.5 --cg-mem 262144 -d /in={dir} -d /output={dir}:rw -E PATH -o /output/stdout --stderr-to-stdout -f 50000 /bin/true',
        keys: [...TIMES, 'exitcode'],
      },
      {
        purpose: 'compile with a cache',
        line: '--cg --run -b {id} -p -d /gocache:tmp --env=GOCACHE=/gocache -- /bin/true',
      },
      cleanup('--cleanup --cg -b {id}'),
    ],
  },
  kjudge: {
    title: 'kjudge',
    dialect: '2',
    because: 'either works',
    lines: [
      { purpose: 'ask for the version', line: '--version' },
      init('--cg -b {id} --init'),
      {
        purpose: 'run',
        line: '--cg -b {id} --run -M {meta} -t 1.0 -w 3.0 -x 1.0 -f 262144 -p -s --env=A=1 --cg-mem=262144 -- /bin/true',
        keys: [...TIMES, 'cg-mem', 'exitcode'],
      },
      cleanup('--cg -b {id} --cleanup'),
    ],
  },
  camisole: {
    title: 'camisole',
    dialect: '1',
    because: 'a box that exists must be refused: it takes the next number then',
    lines: [
      init('--box-id {id} --cg --init'),
      {
        purpose: 'run',
        line: '--box-id {id} --cg --cg-mem 262144 --time 1 --wall-time 3 -d /etc:maybe --env A=1 --meta={meta} --stdout=._stdout --stderr=._stderr --run -- /bin/true',
        keys: [...TIMES, 'cg-mem', 'exitcode'],
      },
      cleanup('--box-id {id} --cg --cleanup'),
    ],
  },
  'france-ioi': {
    title: 'France-IOI taskgrader',
    dialect: '1',
    because: 'it removes a box with groups without --cg after an error',
    lines: [
      init('--box-id={id} --cg --init'),
      {
        purpose: 'run',
        line: '--processes --env=HOME=/tmp --env=PATH --meta={meta} --dir=/etc/alternatives:maybe --box-id={id} --time=1.5 --wall-time=4 --cg-mem=262144 --cg --cg-timing --stdout=isolated.stdout --stderr=isolated.stderr --run -- /bin/true',
        keys: [...TIMES, 'cg-mem', 'exitcode'],
      },
      { purpose: 'remove the box after an error', line: '--box-id={id} --cleanup' },
      init('--box-id={id} --cg --init'),
      cleanup('--box-id={id} --cg --cleanup'),
    ],
  },
}
