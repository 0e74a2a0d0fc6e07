/** Tier four: busybox, its shell and its applets. */
import { type Row, sameAsNative } from '../../support/kernel/tiers.js'

const busybox = (name: string, line: string): Row => ({
  name: `busybox: ${name}`,
  program: '/bin/busybox',
  args: ['sh', '-c', line],
})

sameAsNative([
  busybox('a loop', 'for a in 1 2 3; do echo $a; done | wc -l; exit 4'),
  busybox('files', 'mkdir a; echo x > a/b; cp -r a c; mv c d; cat d/b; ls -R; rm -r a d; ls'),
  busybox(
    'text',
    'seq 20 | sed -n "/1/p" | tr 1 x | sort -r | head -n 3; echo a:b | cut -d: -f2; expr 3 + 4',
  ),
  busybox('sums', 'echo abc | sha256sum; echo abc | md5sum; echo abc | gzip | gunzip | od -c'),
  busybox(
    'find, xargs, awk',
    'touch p q; find . -type f | sort | xargs -n1 basename; awk "BEGIN { print 6 * 7 }"; rm p q',
  ),
  busybox('jobs and traps', 'trap "echo bye" EXIT; sleep 0.1 & wait; (exit 3); echo $?'),
])
