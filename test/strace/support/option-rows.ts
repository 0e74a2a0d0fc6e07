/**
 * Options in many forms, sound and unsound, for the test that compares what both tracers say of
 * them. Each row is the options of one run of a program.
 */

type Row = readonly string[]

const each = (before: Row, values: string, after: Row = []): Row[] =>
  values.split(' ').map(value => [...before, value.replaceAll('_', ' '), ...after])

/** `-e NAME=VALUE` for each value; an underscore stands for a blank. */
const qualified = (name: string, values: string): Row[] =>
  values.split(' ').map(value => ['-e', `${name}=${value.replaceAll('_', ' ')}`])

const injected = (token: string, values: string): Row[] =>
  values.split(' ').map(value => ['-e', `inject=getpid:${token}=${value.replaceAll('_', ' ')}`])

const long = (words: string): Row[] => words.split(' ').map(word => [`--${word}`])

const SETS =
  '! !! ? !? ?nosuch !?nosuch OPEN open, ,open open,nosuch 1 01 -1 0x1 511 600 4294967296 ALL all,none ' +
  'all,open % %% %FILE %nosuch File creds stat @ @64 open@ open@X32 nosuch@64 520 520@64 520@x32 waitpid'

const REGEXES =
  '/ /[ /( /) /* /+ /? /{ /{1} /a{2} /a{2,1} /a{ /a{x /a{32768} /a{1}{ /^{ /(* /|* /^* /\\ /a\\ /\\( /\\1 /(a)\\2 ' +
  '/(a)\\1 /[[:foo:]] /[b-a] /[[:alpha:]-z] /[a /[]a] /[a-] /[[.a.]] /[[.zz.]] /[[=a=]] /a+* /x*{3} /() /a|'

const SIGNALS = '0 1 64 65 255 256 -1 int SigInt RT_1 SIGRTMIN SIGRT_32 CLD POLL all none ! !INT int,nosuch ,'
const DESCRIPTORS = '00 -1 +1 _1 1_ 0x1 1,,2 , ! all none all,1 1-3 2147483647 2147483648 stdin'
const NUMBERS = '0 -0 -1 +1 _1 1_ 01 0x1 1x 1.5 99999999999'
const ERRORS = `${NUMBERS} 4095 4096 enoent ENOSUCH EWOULDBLOCK ERESTARTSYS`
const RESULTS =
  `${NUMBERS} -4095 -4096 08 2147483648 -2147483649 4294967295 4294967296 0xfffff001 0xfffff000 ` +
  '0x7fffffffffffffff 0x8000000000000000 0xffffffffffffffff 0x10000000000000000 -9223372036854775809'
const TIMES =
  `${NUMBERS} 1s 1S 1m 1_s . 1. 1e3 1E3ms 1e 0x1p3 inf nan -0.5 1e30 1e400 9223372036854775807 ` +
  '9223372036854775808 s'
const WHEN =
  '0 1 -1 +1 _1 1_ 01 65535 65536 1+ 1+1 1+0 1+65536 1++ 1+_1 + 1.. 1..1 2..1 1..65534 1..65535 1..2+ 1..2+0 ' +
  '..2 1...2 1..+ 1..+2 1+2..3'
const POKES =
  '@ @arg1 @arg1= @arg1=0 @arg1=00 @arg1=0g @arg1=g0 @arg1=0xff @arg1=-1 @arg0=00 @arg7=00 @arg8=00 @arg1=00, ' +
  ',@arg1=00 @arg1=00,@arg2=00 @arg1=00,@arg1=00 @ARG1=00 @arg01=00 @arg12=00'
const INJECTIONS =
  'getpid getpid: getpid:error getpid:nosuch=1 getpid::error=1 getpid:error=1:retval=1 getpid:error=1:error=1 ' +
  'getpid:signal=1:signal=1 getpid:when=1 getpid:error=1:when=0:when=1 getpid:syscall=getuid ' +
  'getpid:error=1:syscall=open getpid:ERROR=1 :error=1 !:error=1 nosuch:error=1 nosuch:nosuch=1 ?nosuch:error=1 ' +
  'nosuch /[:error=1 /[[:alpha:]]:error=1'

/** Names that may be cut, alone and with a value. */
const NAMES =
  'a d da daemoniz daemonis daemonise=x f fail r re read reads s st sta stac se sig sign=int sil=all t dec w ' +
  'summary-o abs=unix time=unix quiet=exit silent=none failing-only successful-only=1 no-abbrev raw=all'

/** Options that exclude each other, have no effect, or say something. */
const COMBINED: readonly Row[] = [
  ...[
    ['-D', '--daemonize'],
    ['-DDDD'],
    ['-t', '--timestamps'],
    ['-x', '--strings-in-hex'],
    ['-y', '--decode-fds'],
  ],
  ...[
    ['-q', '--quiet'],
    ['-f', '--follow-forks'],
    ['-ff', '--output-separately'],
    ['-c', '-C'],
    ['-c', '-ff'],
  ],
  ...[['-c', '--output-separately'], ['-w'], ['-U', 'name'], ['-S', 'name'], ['-A'], ['--output-separately']],
  ...[['-f', '--output-separately'], ['-zZ'], ['-F'], ['-FF'], ['-fF'], ['-F', '--follow-forks']],
  ...[['--seccomp-bpf'], ['--seccomp-bpf', '-F'], ['--seccomp-bpf', '-f'], ['-o', '|cat', '-ff']],
  ['--seccomp-bpf', '-f', '-b', 'execve', '-e', 'trace=openat'],
  ['-P', '/etc/../etc'],
  ['-P', '/etc/../etc', '-qqq'],
  ['-P', '/etc/../etc', '-e', 'quiet=path-resolution'],
  ['-xx', '-P', '/etc/../etc'],
  ['-c', '-i', '-k', '-n', '-r', '-t', '-T', '-y'],
  // What comes first is said first, and an error ends it.
  ['-e', 'inject=getpid:retval=4294967296', '-w'],
  ['-e', 'inject=getpid:retval=4294967296', '-F', '-S', 'name', '-A', '-zZ', '--seccomp-bpf'],
  ['-w', '-DDDD', '-t', '--timestamps'],
  ['-F', '--output-separately', '-c'],
  ['-e', 'foo', '--nosuch'],
]

export const ROWS: readonly Row[] = [
  ...qualified('trace', SETS),
  ...qualified('trace', REGEXES),
  ...qualified('signal', SIGNALS),
  ...[...qualified('read', DESCRIPTORS), ...qualified('write', '+1 , nosuch')],
  ...qualified('status', 'FAILED successful,failed ,failed failed, !failed all,failed nosuch !'),
  ...qualified('quiet', 'attach attaching EXITS path-resolution path-resolve superseded nosuch'),
  ...qualified('decode-fds', 'path DEV path,nosuch !all ,'),
  ...[...injected('error', ERRORS), ...injected('retval', RESULTS), ...injected('error=1:when', WHEN)],
  ...[...injected('delay_enter', TIMES), ...injected('poke_exit', POKES), ...injected('signal', SIGNALS)],
  ...[...qualified('inject', INJECTIONS), ...qualified('fault', INJECTIONS)],
  ...[...each(['-s'], NUMBERS), ...each(['-a'], NUMBERS), ...each(['-c', '-O'], TIMES)],
  ...each(['-I'], 'anywhere ANY Waiting never never_tstp always block 0 5 +1'),
  ...each(['-X'], 'raw RAW'),
  ...each(['-b'], 'execve EXECVE open execve@64'),
  ...each(['-c', '-S'], 'time time-min syscall_name avg NAME none time,calls'),
  ...each(['-c', '-U'], 'time-max time_avg,name name,,calls nothing syscall,name calls,count Time'),
  ...each(['-p'], ', ,1 0 -1 abc 1abc 1,abc'),
  ...long(NAMES),
  ...long('timestamps=UNIX timestamps=FORMAT:unix,us timestamps=format:s timestamps=unix,, syscall-times=MS'),
  ...long('relative-timestamps=x strings-in-hex=ALL daemonize=x interruptible=Anywhere summary-sort-by=x'),
  ...COMBINED,
]
