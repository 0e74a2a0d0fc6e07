/** strace's notation read back into values. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readNames, parseText } from '#glassbox/decode/parse-text.js'

const NOTATIONS: readonly (readonly [notation: string, value: unknown])[] = [
  ['NULL', null],
  ['0', 0],
  ['-1', -1],
  ['0x7f', 127],
  ['18446744073709551614', 18446744073709551614n],
  ['8192*1024', 8388608],
  ['RLIM64_INFINITY', Infinity],
  ['S_IFREG|0644', 0o100644],
  ['S_IFDIR|S_ISVTX|0777', 0o041777],
  ['makedev(0x8, 0x1)', { major: 8, minor: 1 }],
  ['"\\x68\\x69"', 'hi'],
  ['"\\xc3\\xbc"...', 'ü'],
  ['""', ''],
  ['[3 4]', [3, 4]],
  ['[INT RT_3]', ['SIGINT', 'SIGRT_3']],
  ['[5 => 7]', [7]],
  ['[5] => [7]', [7]],
  [
    '{c_iflag=, c_oflag=NL0|OPOST|, c_cflag=B75|B50<<IBSHIFT|CS5|, c_cc=[[VINTR]=0x3, [17]=0]}',
    { c_iflag: [], c_oflag: ['NL0', 'OPOST'], c_cflag: ['B75', 'B50<<IBSHIFT', 'CS5'], c_cc: [3, 0] },
  ],
  ['EPOLLIN', ['EPOLLIN']],
  ['AF_INET', 'AF_INET'],
  ['{tv_sec=1, tv_nsec=5}', { tv_sec: 1, tv_nsec: 5 }],
  ['{st_mtime=1 /* 1970-01-01T00:00:01+0000 */, st_size=0}', { st_mtime: 1, st_size: 0 }],
  ['{sa_flags=0, sa_mask=[]}', { sa_flags: [], sa_mask: [] }],
  ['{sin_port=htons(80), sin_addr=inet_addr("127.0.0.1")}', { sin_port: 80, sin_addr: '127.0.0.1' }],
  [
    '{sa_family=AF_INET6, inet_pton(AF_INET6, "::1", &sin6_addr)}',
    { sa_family: 'AF_INET6', sin6_addr: '::1' },
  ],
  ['[{iov_base="\\x61", iov_len=1}, ...]', [{ iov_base: new Uint8Array(Buffer.from('a')), iov_len: 1 }]],
  // What is no notation stays text.
  ['[{WIFEXITED(s) && WEXITSTATUS(s) == 0}]', '[{WIFEXITED(s) && WEXITSTATUS(s) == 0}]'],
  ['{a=1', '{a=1'],
]

for (const [notation, value] of NOTATIONS)
  test(`${notation} is read`, () => {
    assert.deepEqual(parseText(notation), value)
  })

test('all signals but some', () => {
  const others = parseText('~[INT RTMIN]') as string[]
  assert.equal(others.length, 62)
  assert.ok(!others.includes('SIGINT') && !others.includes('SIGRTMIN') && others.includes('SIGKILL'))
})

test('bytes where bytes are asked for', () => {
  assert.deepEqual(parseText('"\\xff\\x00"', true), new Uint8Array([255, 0]))
})

test('names of flags, and what has none', () => {
  assert.deepEqual(readNames('O_RDONLY|O_CLOEXEC'), ['O_RDONLY', 'O_CLOEXEC'])
  assert.deepEqual(readNames('O_RDONLY|0x40000000'), ['O_RDONLY', '0x40000000'])
  assert.deepEqual(readNames('0x8 /* O_??? */'), ['0x8'])
  assert.deepEqual(readNames('0'), [])
})
