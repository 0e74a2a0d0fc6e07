/** The line discipline of terminals: what is typed, what is shown, and what can be read. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LineDiscipline } from '#glassbox/kernel/fs/terminal/line-discipline.js'
import { FIRST_SETTINGS, settingsBytes, settingsFrom } from '#glassbox/kernel/fs/terminal/settings.js'
import { ECHO, ICANON, ISIG, OPOST, VMIN, VTIME, VWERASE, XTABS } from '#glassbox/linux/constants.js'

interface Row {
  readonly about: string
  readonly typed: string
  readonly shown?: string
  /** What reads of 80 bytes give, one after another. */
  readonly read?: readonly string[]
  readonly signals?: readonly number[]
  /** Flags of c_lflag that are off. */
  readonly without?: number
}

const ROWS: readonly Row[] = [
  { about: 'a line ends at return', typed: 'ab\r', shown: 'ab\r\n', read: ['ab\n'] },
  { about: 'an unfinished line cannot be read', typed: 'ab', shown: 'ab', read: [] },
  { about: 'lines are read one by one', typed: 'a\nb\n', shown: 'a\r\nb\r\n', read: ['a\n', 'b\n'] },
  { about: 'a character is erased', typed: 'ax\x7fb\n', shown: 'ax\b \bb\r\n', read: ['ab\n'] },
  { about: 'nothing is erased before the line', typed: '\x7f\n', shown: '\r\n', read: ['\n'] },
  {
    about: 'a control character has two columns',
    typed: '\x01\x7f\n',
    shown: '^A\b \b\b \b\r\n',
    read: ['\n'],
  },
  {
    about: 'a tab goes back to its beginning',
    typed: 'ab\t\x7f\n',
    shown: `ab\t${'\b'.repeat(6)}\r\n`,
    read: ['ab\n'],
  },
  { about: 'a line is killed', typed: 'abc\x15d\n', shown: `abc${'\b \b'.repeat(3)}d\r\n`, read: ['d\n'] },
  {
    about: 'a word is erased',
    typed: 'a bc \x17d\n',
    shown: `a bc ${'\b \b'.repeat(3)}d\r\n`,
    read: ['a d\n'],
  },
  { about: 'the end of file is an empty read', typed: '\x04', shown: '', read: [''] },
  {
    about: 'the end of file sends a part of a line',
    typed: 'ab\x04c\n',
    shown: 'abc\r\n',
    read: ['ab', 'c\n'],
  },
  {
    about: 'a literal byte is none that controls',
    typed: '\x16\x03\n',
    shown: '^\b^C\r\n',
    read: ['\x03\n'],
  },
  {
    about: 'an interrupt throws the line away',
    typed: 'ab\x03c\n',
    shown: 'ab^Cc\r\n',
    read: ['c\n'],
    signals: [2],
  },
  { about: 'quit and suspend', typed: '\x1c\x1a', shown: '^\\^Z', signals: [3, 20] },
  { about: 'no signals without ISIG', typed: '\x03\n', shown: '^C\r\n', read: ['\x03\n'], without: ISIG },
  { about: 'no echo without ECHO', typed: 'ab\x7f\n', shown: '', read: ['a\n'], without: ECHO },
  {
    about: 'bytes at once without ICANON',
    typed: 'a\x7f\x04',
    shown: 'a^?^D',
    read: ['a\x7f\x04'],
    without: ICANON,
  },
]

function terminal(): { line: LineDiscipline; shown: () => string; signals: number[] } {
  let shown = ''
  const signals: number[] = []
  const line = new LineDiscipline({
    show: bytes => (shown += String.fromCharCode(...bytes)),
    signal: signal => void signals.push(signal),
    tell: () => {},
  })
  return { line, shown: () => shown, signals }
}

const type = (line: LineDiscipline, text: string): void => {
  for (const byte of Buffer.from(text, 'latin1')) line.type(byte)
}

for (const { about, typed, shown, read = [], signals = [], without = 0 } of ROWS) {
  test(about, () => {
    const made = terminal()
    made.line.settings = { ...FIRST_SETTINGS, local: FIRST_SETTINGS.local & ~without }
    type(made.line, typed)
    if (shown !== undefined) assert.equal(made.shown(), shown)
    assert.deepEqual(made.signals, signals)
    const reads: string[] = []
    while (made.line.readable()) reads.push(Buffer.from(made.line.read(80)).toString('latin1'))
    assert.deepEqual(reads, read)
  })
}

const raw = (least: number, tenths: number): typeof FIRST_SETTINGS => ({
  ...FIRST_SETTINGS,
  local: 0,
  characters: FIRST_SETTINGS.characters.map((value, at) =>
    at === VMIN ? least : at === VTIME ? tenths : value,
  ),
})

test('a read waits for VMIN bytes, or for as many as it wants', () => {
  const { line } = terminal()
  line.settings = raw(3, 0)
  type(line, 'ab')
  assert.equal(line.readable(80), false)
  assert.equal(line.readable(2), true)
  type(line, 'c')
  assert.equal(line.readable(80), true)
  assert.equal(line.timeoutNs, Infinity)
})

test('VTIME without VMIN limits how long a read waits', () => {
  const { line } = terminal()
  line.settings = raw(0, 5)
  assert.equal(line.timeoutNs, 500_000_000)
  line.settings = raw(0, 0)
  assert.equal(line.timeoutNs, 0)
})

test('what was typed of a line can be read when there are no lines any more', () => {
  const { line } = terminal()
  type(line, 'ab')
  line.settings = raw(1, 0)
  assert.equal(Buffer.from(line.read(80)).toString(), 'ab')
})

test('output stops and goes on', () => {
  const { line } = terminal()
  type(line, '\x13')
  assert.equal(line.stopped, true)
  type(line, '\x11')
  assert.equal(line.stopped, false)
})

test('output gets returns, and tabs become spaces if asked', () => {
  const { line } = terminal()
  const write = (text: string): string => String.fromCharCode(...line.write(Buffer.from(text)))
  assert.equal(write('a\nb'), 'a\r\nb')
  line.settings = { ...FIRST_SETTINGS, output: FIRST_SETTINGS.output | XTABS }
  assert.equal(write('\tc'), '       c')
  line.settings = { ...FIRST_SETTINGS, output: FIRST_SETTINGS.output & ~OPOST }
  assert.equal(write('\n'), '\n')
})

test('a line of more than 4095 bytes rings the bell, and its end still counts', () => {
  const { line, shown } = terminal()
  type(line, 'x'.repeat(5000))
  assert.equal(shown().length, 4095)
  type(line, '\n')
  assert.equal(line.available, 4096)
  assert.equal(line.room, 0)
})

test('settings survive their structs', () => {
  for (const form of ['termio', 'termios', 'termios2'] as const)
    assert.deepEqual(settingsFrom(settingsBytes(FIRST_SETTINGS, form), form, FIRST_SETTINGS), FIRST_SETTINGS)
  assert.equal(FIRST_SETTINGS.characters[VWERASE], 23)
})
