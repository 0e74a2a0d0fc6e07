/** The table of options: parsing, suggestions, and the help for wide and narrow terminals. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { hasFlag, optionsHelp, parseOptions } from '#glassbox/cli/options.js'
import { help } from '#glassbox/cli/run.js'
import { RUN_OPTIONS } from '#glassbox/cli/run/options.js'
import { nearest } from '#glassbox/suggest.js'
import { glassbox } from '../support/command.js'

test('options end at -- or at the first word that is none', () => {
  const specs = [
    { name: '--a', value: 'X', help: '' },
    { name: '--flag', help: '' },
    { name: '--many', value: 'X', repeated: true, help: '' },
  ]
  const parsed = parseOptions('x', specs, [
    '--a=1',
    '--flag',
    '--many',
    '2',
    '--many',
    '3',
    'prog',
    '--a',
    '9',
  ])
  assert.deepEqual([...parsed.flags], ['--flag'])
  assert.deepEqual(
    [...parsed.values],
    [
      ['--a', ['1']],
      ['--many', ['2', '3']],
    ],
  )
  assert.deepEqual(parsed.rest, ['prog', '--a', '9'])
  assert.deepEqual(parseOptions('x', specs, ['--', '--flag']).rest, ['--flag'])
  assert.deepEqual(parseOptions('x', specs, ['-', 'y']).rest, ['-', 'y'])
})

test('of an option that was given twice the last one counts; a list keeps all', () => {
  const { lastOf, values } = parseOptions('run', RUN_OPTIONS, [
    ...['--memory', '1GiB', '--bind', '/a', '--memory=2GiB', '--bind=/b', '--quiet', '--quiet', 'true'],
  ])
  assert.equal(lastOf('--memory'), '2GiB')
  assert.deepEqual(values.get('--memory'), ['2GiB'])
  assert.deepEqual(values.get('--bind'), ['/a', '/b'])
})

test('a flag is found among options that are wrong, and never among the words of the program', () => {
  const has = (...words: readonly string[]): boolean => hasFlag(RUN_OPTIONS, words, '--json')
  assert.ok(
    has('--json') && has('--jso', '--json') && has('--memory', '5', '--json') && has('--memory', '--json'),
  )
  assert.equal(has('true', '--json') || has('--', '--json') || has('--cwd', '/x', 'true', '--json'), false)
  assert.equal(has('--cwd=--json') || has('-', '--json') || has(), false)
})

test('the words of other tools lead to ours, and none of them is an option here', () => {
  const elsewhere = RUN_OPTIONS.flatMap(({ elsewhere: words = [] }) => words)
  assert.equal(new Set(elsewhere).size, elsewhere.length, 'each leads to one')
  for (const word of elsewhere)
    assert.throws(
      () => parseOptions('run', RUN_OPTIONS, [word, 'x']),
      { option: word, hint: /^Did you mean --/ },
      word,
    )
})

test('a slip has a suggestion, another word has none', () => {
  assert.equal(nearest('--memry', ['--memory', '--processes']), '--memory')
  assert.equal(nearest('--something-else', ['--memory', '--processes']), undefined)
})

test('whatever follows the end of the options belongs to the program, untouched', () => {
  fc.assert(
    fc.property(fc.array(fc.string()), words => {
      assert.deepEqual(parseOptions('run', RUN_OPTIONS, ['--quiet', '--', ...words]).rest, words)
      assert.deepEqual(parseOptions('run', RUN_OPTIONS, ['program', ...words]).rest, ['program', ...words])
    }),
  )
})

test('any value can be given with =', () => {
  fc.assert(
    fc.property(fc.string(), value => {
      assert.deepEqual(parseOptions('run', RUN_OPTIONS, [`--cwd=${value}`]).values.get('--cwd'), [value])
    }),
  )
})

test('every option of the table has a suggestion for a letter that is missing', () => {
  for (const { name } of RUN_OPTIONS.filter(option => option.name.length > 5)) {
    const slip = name.slice(0, -1)
    assert.throws(
      () => parseOptions('run', RUN_OPTIONS, [slip]),
      { option: slip, hint: new RegExp(`^Did you mean ${name}\\?`) },
      slip,
    )
  }
})

test('the help has every option and its default, and no line above 80 columns', () => {
  const text = help(80)
  assert.deepEqual(
    text.split('\n').filter(line => line.length > 80),
    [],
  )
  for (const { name, default: standard } of RUN_OPTIONS) {
    assert.ok(text.includes(`\n  ${name}`), name)
    if (standard !== undefined)
      assert.ok(text.replaceAll(/\s+/g, ' ').includes(`Default: ${standard}.`), `default of ${name}`)
  }
})

test('a narrow terminal has narrow lines, and loses no word', () => {
  const words = (columns: number): string[] => optionsHelp(RUN_OPTIONS, columns).split(/\s+/)
  for (const width of [30, 40, 59, 60, 79, 200]) {
    const lines = optionsHelp(RUN_OPTIONS, width).split('\n')
    assert.deepEqual(
      lines.filter(line => line.length > width),
      [],
      `${width} columns`,
    )
    assert.deepEqual(words(width), words(80))
  }
})

test('COLUMNS is the width where there is no terminal', () => {
  const shown = (columns: string): string => glassbox(['run', '--help'], { env: { COLUMNS: columns } }).out
  assert.equal(shown('40'), help(40))
  assert.equal(shown('nonsense'), help(80))
})
