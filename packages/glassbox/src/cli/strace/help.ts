/** The help text of `glassbox strace -h`. It is laid out by hand for 100 columns. */

export function straceHelp(): string {
  return HELP
}

const HELP = `Usage: glassbox strace [OPTION ...] { -p PID | PROG [ARGS] }

Traces the system calls of a program, with the options and the output of strace.

Startup:
  -E VAR=VAL, --env=VAR=VAL     set VAR for the command; -E VAR removes it
  -p PID, --attach=PID          trace a running process; separate several by commas, or repeat -p
  -u USER, --user=USER          run the command as USER, which may be UID:GID
  --argv0=NAME                  pass NAME as argv[0] of the command

Where it runs:
  --runner kernel               run PROG in a kernel of TypeScript, which no call of it leaves; it sees
                                a box with its own files, variables and user, as in glassbox run
  --here                        with --runner: show the current directory, writable, and start in it
  --bind=SRC[:DST[:rw|copy]]    with --runner: show a file or directory of the host

Tracing:
  -b execve, --detach-on=execve stop tracing a process when it executes another program
  -f, --follow-forks            trace children and threads too
  -ff                           the same, with a separate file per thread (needs -o)
  -D, -DD, -DDD, --daemonize[=grandchild|pgroup|session]
                                run the tracer as a grandchild of the command; -DD in its own
                                process group, -DDD in its own session
  -I N, --interruptible=N       1, 2: ^C ends the trace; 3: ^C is ignored; 4: ^C and ^Z are ignored
  --kill-on-exit                kill the tracees when the tracer exits
  --syscall-limit=N             stop tracing after N calls
  --seccomp-bpf                 do not stop at calls that are not traced (needs -f)

Filtering:
  -e EXPR                       qualify NAME=SET, as below; each NAME is also a long option
  -e trace=SET, --trace=SET     trace only these calls: [!][?]ITEM{,ITEM}; an ITEM is a name,
                                number, %class or /regex, optionally with @64, @32 or @x32; or all, none
  -e signal=SET                 show only these signals
  -e status=SET                 show only calls with these outcomes: successful, failed, unfinished,
                                unavailable, detached
  -e trace-fds=FDS, --trace-fds=FDS
                                show only calls that use these descriptors
  -P PATH, --trace-path=PATH    show only calls that use PATH
  -z, --successful-only         show only calls that succeeded
  -Z, --failed-only             show only calls that failed

Output:
  -a COLUMN, --columns=COLUMN   column of the results; default 40
  -e abbrev=SET                 abbreviate the structs of these calls
  -v, --no-abbrev               do not abbreviate
  -e verbose=SET                show the structs of these calls
  -e raw=SET                    show the arguments of these calls as plain numbers
  -e read=FDS, -e write=FDS     dump all data read from or written to these descriptors
  -e quiet=SET, --quiet=SET     suppress messages: attach, exit, path-resolution, personality,
                                thread-execve
  -q, -qq, -qqq                 quiet=attach,personality; -qq adds exit; -qqq is quiet=all
  -i, --instruction-pointer     show the instruction pointer
  -k, --stack-traces, --stack-trace[=symbol]
                                show the stack of each call and signal
  --stack-trace-frame-limit=N   maximum number of frames per stack; default 256
  -n, --syscall-number          show the number of the call
  -N, --arg-names               show argument names
  -o FILE, --output=FILE        write to FILE; "|COMMAND" or "!COMMAND" pipes to a program
  -A, --output-append-mode      append to FILE
  --output-separately           write one file per thread: FILE.TID
  -r, --relative-timestamps[=PRECISION]
  -s N, --string-limit=N        maximum length of printed strings, in bytes; default 32
  -t, -tt, -ttt, --absolute-timestamps[=[[format:]time|unix|none][,[precision:]s|ms|us|ns]]
  -T, --syscall-times[=PRECISION]
                                show how long each call took
  -x, -xx, --strings-in-hex[=none|non-ascii-chars|non-ascii|all]
  -X raw|abbrev|verbose, --const-print-style=...
  -y, -yy, --decode-fds[=path,socket,dev,pidfd|all]
                                show what descriptors refer to
  -Y, --decode-pids=comm        show process names
  --decode-pids=pidns, --pidns-translation
                                also show process ids in the PID namespace of the tracer
  --always-show-pid             show the pid even if there is only one tracee

Statistics:
  -c, --summary-only            print no trace, only a table of calls, errors and times at the end
  -C, --summary                 print the table in addition to the trace
  -O TIME, --summary-syscall-overhead=TIME
                                subtract TIME from the time of each call
  -S time|min-time|max-time|avg-time|calls|errors|name|nothing, --summary-sort-by=...
  -U COLUMN,..., --summary-columns=...
                                time-percent, total-time, min-time, max-time, avg-time, calls,
                                errors, name
  -w, --summary-wall-clock      count the time from entry to exit, not the CPU time in the kernel

Tampering:
  -e inject=SET[:error=ERRNO|:retval=VALUE][:signal=SIG][:syscall=SYSCALL]
     [:delay_enter=TIME][:delay_exit=TIME][:poke_enter=@argN=HEX,...][:poke_exit=...]
     [:when=FIRST[..LAST][+[STEP]]]
  -e fault=SET[:error=ERRNO][:when=WHEN]

Options that strace lacks:
  --json                        one event per line; docs/tracing.md has the schema
  --perfetto=FILE               a timeline for Perfetto and chrome://tracing
  --tree                        print the process tree at the end
  --stats                       print a table by file and by peer address at the end

  -h, --help    -V, --version
`
