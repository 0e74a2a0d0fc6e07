/** Tier five: bash with coreutils, findutils, sed, awk, grep, tar and gzip. */
import { sameAsNative, sh } from '../../support/kernel/tiers.js'

sameAsNative([
  sh('a pipeline', 'seq 100 | grep 7 | sort -rn | head -3; echo ${PIPESTATUS[@]}'),
  sh('a here-document', 'cat <<E; cat <<< word\nx $((1 + 2))\nE\n'),
  sh('a trap', 'trap "echo term" TERM; kill -TERM $$; echo after; (exit 5); echo $?'),
  sh('job control', 'set -m; sleep 5 & kill %1; wait %1; echo $?; sleep 0.1 & wait; echo $?'),
  sh(
    'substitution',
    'a=$(echo b; echo c); echo "$a" ${a//b/d} {1..3} $((2 ** 10)); diff <(echo 1) <(echo 2)',
  ),
  sh(
    'awk and sed',
    'seq 10 | awk "{ s += \\$1 } END { print s }"; echo abc | sed s/b/X/; printf "%s\\n" b a | sort',
  ),
  sh(
    'find and xargs',
    'find /usr/share/perl -name "B*" | sort | head -5; find /usr/bin -name "b*" | xargs ls -d | wc -l',
  ),
  sh(
    'tar and gzip',
    'mkdir d; echo hi > d/f; tar czf d.tgz d; rm -r d; tar xzf d.tgz; cat d/f; gzip -l d.tgz | wc -l; rm -r d d.tgz',
  ),
  sh(
    'dd and sums',
    'dd if=/dev/zero bs=64k count=50 2>/dev/null | md5sum; head -c 10 /dev/urandom | wc -c; yes | head -2',
  ),
  sh(
    'an exit code and a signal',
    'bash -c "exit 9"; echo $?; (bash -c "kill -KILL \\$\\$"; echo $?) 2>/dev/null; exit 12',
  ),
  sh('what is not there', 'cat nothing; nosuchcommand; cd /nowhere; echo $?'),
  sh(
    'links and modes',
    'echo x > a; ln -s a b; ln a c; chmod 600 a; stat -c "%a %h %F" a b; readlink b; rm a b c; umask',
  ),
  sh(
    'read from a pipe in time',
    'read -t 0.05 x < <(sleep 0.5); echo $?; p=$(mktemp -u); mkfifo $p; (echo in > $p) & read y < $p; echo $y; rm $p',
  ),
])
