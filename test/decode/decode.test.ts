/** Calls as text, beside what strace prints for the same call. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { contextOf } from '#glassbox/decode/arguments.js'
import { StructView } from '#glassbox/codec/struct-view.js'
import { structText } from '#glassbox/decode/shapes/struct-text.js'
import { callText, siginfoText } from '#glassbox/decode/decode.js'
import { valueText } from '#glassbox/decode/kinds.js'
import type { MemoryReader } from '#glassbox/decode/memory.js'
import { socketAddressText } from '#glassbox/decode/network/socket.js'
import { fileModeText, modeText } from '#glassbox/decode/basic/modes.js'
import { quote } from '#glassbox/decode/text.js'
import { LAYOUTS } from '#glassbox/linux/generated/layouts.js'
import { shapeOf } from '#glassbox/linux/shapes.js'
import { syscallNumber } from '#glassbox/linux/syscalls.js'

/** Memory in which each piece stands at an address of its own. */
class Memory implements MemoryReader {
  readonly #pieces: { readonly start: bigint; readonly bytes: Uint8Array }[] = []

  put(bytes: Uint8Array | string): bigint {
    const start = 0x1000n * BigInt(this.#pieces.length + 1)
    this.#pieces.push({ start, bytes: typeof bytes === 'string' ? Buffer.from(`${bytes}\0`) : bytes })
    return start
  }

  words(...values: readonly bigint[]): bigint {
    return this.put(
      new Uint8Array(BigUint64Array.from(values.map(value => BigInt.asUintN(64, value))).buffer),
    )
  }

  read(address: bigint, length: number): Uint8Array {
    const piece = this.#pieces.find(
      ({ start, bytes }) => address >= start && address < start + BigInt(bytes.length),
    )
    const offset = Number(address - (piece?.start ?? 0n))
    return piece ? piece.bytes.subarray(offset, offset + length) : new Uint8Array(0)
  }
}

const memory = new Memory()
const path = memory.put('/etc/passwd')
const inet = memory.put(Uint8Array.of(2, 0, 0, 80, 127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0))
const at = -100n

const CASES: readonly (readonly [name: string, args: readonly bigint[], text: string])[] = [
  ['openat', [at, path, 0o2000000n, 0o644n], 'openat(AT_FDCWD, "/etc/passwd", O_RDONLY|O_CLOEXEC)'],
  ['openat', [at, path, 0o1101n, 0o644n], 'openat(AT_FDCWD, "/etc/passwd", O_WRONLY|O_CREAT|O_TRUNC, 0644)'],
  ['openat', [at, path, 0o20200002n, 0o600n], 'openat(AT_FDCWD, "/etc/passwd", O_RDWR|O_TMPFILE, 0600)'],
  ['open', [0n, 0n, 0n], 'open(NULL, O_RDONLY)'],
  ['read', [3n, 0x7f00n, 100n], 'read(3, 0x7f00, 100)'],
  ['write', [1n, memory.put('hi\n'), 3n], 'write(1, "hi\\n", 3)'],
  ['write', [1n, memory.put('x'.repeat(50)), 50n], `write(1, "${'x'.repeat(32)}"..., 50)`],
  ['close', [0xffffffffn], 'close(-1)'],
  ['kill', [0xffffffffn, 9n], 'kill(-1, SIGKILL)'],
  ['socket', [2n, 0o2000001n, 0n], 'socket(AF_INET, SOCK_STREAM|SOCK_CLOEXEC, IPPROTO_IP)'],
  [
    'connect',
    [3n, inet, 16n],
    'connect(3, {sa_family=AF_INET, sin_port=htons(80), sin_addr=inet_addr("127.0.0.1")}, 16)',
  ],
  [
    'mmap',
    [0n, 4096n, 3n, 0x22n, 0xffffffffn, 0n],
    'mmap(NULL, 4096, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)',
  ],
  ['unlinkat', [at, path, 0x200n], 'unlinkat(AT_FDCWD, "/etc/passwd", AT_REMOVEDIR)'],
  ['mkdirat', [at, path, 0o755n], 'mkdirat(AT_FDCWD, "/etc/passwd", 0755)'],
  ['umask', [0o22n], 'umask(022)'],
  ['nanosleep', [memory.words(1n, 500n), 0n], 'nanosleep({tv_sec=1, tv_nsec=500}, NULL)'],
  [
    'clone',
    [0x01200011n, 0n, 0n, 0n, 0n],
    'clone(child_stack=NULL, flags=CLONE_CHILD_CLEARTID|CLONE_CHILD_SETTID|SIGCHLD, child_tidptr=NULL)',
  ],
  ['execve', [path, memory.words(path, 0n), 0x7f00n], 'execve("/etc/passwd", ["/etc/passwd"], 0x7f00)'],
  ['prctl', [38n, 1n, 0n, 0n, 0n], 'prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)'],
  ['prctl', [1n, 9n, 0n, 0n, 0n], 'prctl(PR_SET_PDEATHSIG, SIGKILL)'],
  ['rt_sigprocmask', [2n, memory.words(1n << 16n), 0n, 8n], 'rt_sigprocmask(SIG_SETMASK, [CHLD], NULL, 8)'],
  ['setgroups', [2n, memory.put(new Uint8Array(Uint32Array.of(1, 2).buffer))], 'setgroups(2, [1, 2])'],
  ['getpid', [], 'getpid()'],
]

for (const [name, args, text] of CASES) {
  test(text, () => assert.equal(callText({ nr: syscallNumber(name), args }, memory), text))
}

test('a number that the table does not have', () => {
  assert.equal(callText({ nr: 999, args: [1n, 0n] }, memory), 'syscall_0x3e7(0x1, 0)')
})

test('quoting can be undone: nothing is lost or made up', () => {
  const unquote = (text: string): number[] =>
    [...text.slice(1, -1).matchAll(/\\([0-7]{1,3}|.)|([^\\])/g)].map(([, escape, plain]) => {
      if (plain !== undefined) return plain.charCodeAt(0)
      const named = { t: 9, n: 10, v: 11, f: 12, r: 13, '"': 34, '\\': 92 }[escape ?? '']
      return named ?? Number.parseInt(escape ?? '', 8)
    })
  fc.assert(fc.property(fc.uint8Array(), bytes => assert.deepEqual(unquote(quote(bytes)), [...bytes])))
  assert.equal(quote(Uint8Array.of(1, 56)), '"\\18"')
  assert.equal(quote(Uint8Array.of(1, 55)), '"\\0017"')
})

test('modes: in octal, and of a file with its type', () => {
  const modes = [0n, 7n, 0o22n, 0o644n, 0o4755n, 0o100644n, 0o20666n]
  assert.deepEqual(modes.map(modeText), ['000', '007', '022', '0644', '04755', '0100644', '020666'])
  assert.deepEqual(
    modes.slice(-2).map(mode => fileModeText(mode, {})),
    ['S_IFREG|0644', 'S_IFCHR|0666'],
  )
})

test('socket addresses', () => {
  assert.equal(socketAddressText(Uint8Array.of(1, 0)), '{sa_family=AF_UNIX}')
  assert.equal(socketAddressText(Buffer.from('\u0001\0/tmp/s\0')), '{sa_family=AF_UNIX, sun_path="/tmp/s"}')
  assert.equal(
    socketAddressText(Buffer.from('\u0001\0\0abstract')),
    '{sa_family=AF_UNIX, sun_path=@"abstract"}',
  )
  const six = new Uint8Array(28)
  six.set([10, 0, 0, 80])
  six[23] = 1
  assert.match(socketAddressText(six) ?? '', /inet_pton\(AF_INET6, "::1", &sin6_addr\)/)
})

test('clock_t of a child is unsigned, as strace has it', () => {
  const info = new Uint8Array(128)
  const view = new DataView(info.buffer)
  view.setInt32(0, 17, true) // SIGCHLD
  view.setInt32(8, 1, true) // CLD_EXITED
  view.setInt32(16, 42, true)
  view.setBigUint64(32, 2n ** 64n - 1n, true)
  view.setBigUint64(40, 105n, true)
  assert.match(
    siginfoText(info),
    /si_utime=18446744073709551615 \/\* 184467440737095516\.15 s \*\/, si_stime=105 \/\* 1\.05 s \*\/\}$/,
  )
})

test('a struct is read where its view begins, not where the buffer of the view does', () => {
  const nothing: MemoryReader = { read: () => new Uint8Array(0) }
  const context = contextOf({ nr: -1, args: [] }, nothing, { full: true })
  for (const name of Object.keys(LAYOUTS)) {
    const shape = shapeOf(name)
    if (!shape) continue
    const bytes = Uint8Array.from({ length: shape.size }, (_, index) => (index * 7) % 251)
    const apart = new Uint8Array(shape.size + 24)
    apart.set(bytes, 16)
    const text = (view: DataView): string =>
      structText(new StructView(shape.layout, view, 16n, context), shape, context, valueText)
    assert.equal(text(new DataView(apart.buffer, 16, shape.size)), text(new DataView(bytes.buffer)), name)
  }
})

test('a netlink message that says to have 2^31 bytes or more ends the list', () => {
  for (const length of [0x8000_0000, 0x8000_0004, 0xffff_fffd, 0xffff_ffff]) {
    const pieces = new Memory()
    const bytes = new Uint8Array(64)
    new DataView(bytes.buffer).setUint32(0, length, true)
    const call = {
      nr: syscallNumber('sendto') ?? -1,
      args: [3n, pieces.put(bytes), 2n ** 40n, 0n, 0n, 0n],
    }
    const reads = { count: 0 }
    const counted: MemoryReader = {
      read: (address, count) => {
        assert.ok(++reads.count < 1000, 'the walk does not end')
        return pieces.read(address, count)
      },
    }
    const text = callText(call, counted, { full: true, netlink: () => 0 })
    assert.match(text, new RegExp(`nlmsg_len=${length}`))
  }
})
