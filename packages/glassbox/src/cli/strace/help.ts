/** What `-h` prints. */

export function straceHelp(): string {
  return HELP
}

const HELP = `Usage: glassbox strace [OPTION ...] { -p PID | PROG [ARGS] }

Shows the system calls of a program, with the options and in the words of strace.

Startup:
  -E VAR=VAL, --env=VAR=VAL     set VAR for the command; -E VAR removes it
  -p PID, --attach=PID          trace a running process; several with commas or more -p
  -u USER, --user=USER          run the command as that user, or as UID:GID
  --argv0=NAME                  what the command is called

Tracing:
  -b execve, --detach-on=execve let a process go when it executes another program
  -f, --follow-forks            trace children and threads too
  -ff                           the same, each thread in a file of its own (with -o)
  -D, -DD, -DDD, --daemonize[=grandchild|pgroup|session]
                                the tracer is a grandchild of the command; in a group, a session of its own
  -I N, --interruptible=N       1, 2: ^C ends the trace; 3: it does not; 4: nor ^Z
  --kill-on-exit                tracees die with the tracer
  --syscall-limit=N             let all go after N calls
  --seccomp-bpf                 calls that were not asked for do not stop (with -f)

Filtering:
  -e EXPR                       NAME=SET, as below; each NAME is a long option too
  -e trace=SET, --trace=SET     only these calls: [!][?]ITEM{,ITEM}; an item is a name, a number,
                                %class, /regex, with @64, @32, @x32; or all, none
  -e signal=SET                 only these signals
  -e status=SET                 only calls that end so: successful, failed, unfinished,
                                unavailable, detached
  -P PATH, --trace-path=PATH    only calls that touch PATH
  -z, --successful-only         only calls that did not fail
  -Z, --failed-only             only calls that failed

Output:
  -a COLUMN, --columns=COLUMN   where results stand; 40
  -e abbrev=SET                 of which calls structs are abbreviated
  -v, --no-abbrev               of none
  -e verbose=SET                of which calls structs are shown at all
  -e raw=SET                    of which calls arguments are shown as plain numbers
  -e read=FDS, -e write=FDS     show all that is read from, written to these descriptors
  -e quiet=SET, --quiet=SET     leave out messages: attach, exit, path-resolution, personality,
                                thread-execve
  -q, -qq, -qqq                 quiet=attach,personality; and exit; and all
  -i, --instruction-pointer     show the instruction pointer
  -k, --stack-traces, --stack-trace[=symbol]
                                show the stack of each call and signal
  --stack-trace-frame-limit=N   frames of a stack; 256
  -n, --syscall-number          show the number of the call
  -N, --arg-names               show the names of arguments
  -o FILE, --output=FILE        where to; '|COMMAND' and '!COMMAND' are programs that read it
  -A, --output-append-mode      append to FILE
  --output-separately           a file for each thread: FILE.TID
  -r, --relative-timestamps[=PRECISION]
  -s N, --string-limit=N        bytes of a string; 32
  -t, -tt, -ttt, --absolute-timestamps[=[[format:]time|unix|none][,[precision:]s|ms|us|ns]]
  -T, --syscall-times[=PRECISION]
                                show how long each call took
  -x, -xx, --strings-in-hex[=none|non-ascii-chars|non-ascii|all]
  -X raw|abbrev|verbose, --const-print-style=...
  -y, -yy, --decode-fds[=path,socket,dev,pidfd|all]
                                show what descriptors are
  -Y, --decode-pids=comm        show the names of processes
  --decode-pids=pidns, --pidns-translation
                                show their ids in the PID namespace of the tracer too
  --always-show-pid             show the pid of a single tracee too

Statistics:
  -c, --summary-only            only count calls, errors and time, and show a table at the end
  -C, --summary                 the table besides the trace
  -O TIME, --summary-syscall-overhead=TIME
                                to be taken off each call
  -S time|min-time|max-time|avg-time|calls|errors|name|nothing, --summary-sort-by=...
  -U COLUMN,..., --summary-columns=...
                                time-percent, total-time, min-time, max-time, avg-time, calls,
                                errors, name
  -w, --summary-wall-clock      count from entry to exit, not CPU time in the kernel

Tampering:
  -e inject=SET[:error=ERRNO|:retval=VALUE][:signal=SIG][:syscall=SYSCALL]
     [:delay_enter=TIME][:delay_exit=TIME][:poke_enter=@argN=HEX,...][:poke_exit=...]
     [:when=FIRST[..LAST][+[STEP]]]
  -e fault=SET[:error=ERRNO][:when=WHEN]

What strace has not:
  --json                        one event a line; docs/tracing.md has the schema
  --perfetto=FILE               a timeline for Perfetto and chrome://tracing
  --tree                        at the end, the tree of processes
  --stats                       at the end, a table by file and by peer address

  -h, --help    -V, --version
`
