/**
 * Names as the source has them: examples, whatever libstdc++ and Rust's library have here as
 * c++filt spells it, and what is no name.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { demangled } from '#glassbox/unwind/demangle/demangle.js'

const EXAMPLES: Readonly<Record<string, string>> = {
  write: 'write',
  _start: '_start',
  _ZN3foo1B3barEi: 'foo::B::bar(int)',
  _ZNK3foo1B3barEPKcz: 'foo::B::bar(char const*, ...) const',
  _Z3fooIiEvT_: 'void foo<int>(int)',
  _Z3fooIJidEEvDpT_: 'void foo<int, double>(int, double)',
  _ZN3fooC2ERKS_: 'foo::foo(foo const&)',
  _ZN3fooD0Ev: 'foo::~foo()',
  _ZNSsC1EPKcRKSaIcE:
    'std::basic_string<char, std::char_traits<char>, std::allocator<char> >::basic_string(char const*, std::allocator<char> const&)',
  _Z1fPFivE: 'f(int (*)())',
  _Z1fPA3_i: 'f(int (*) [3])',
  _Z1fM3fooKFviE: 'f(void (foo::*)(int) const)',
  _Z1fRA4_KcOi: 'f(char const (&) [4], int&&)',
  _ZN12_GLOBAL__N_11fEv: '(anonymous namespace)::f()',
  _ZZ4mainENKUlRiE_clES_: 'main::{lambda(int&)#1}::operator()(int&) const',
  _ZThn16_N3foo3barEv: 'non-virtual thunk to foo::bar()',
  _ZN3foo3barB5cxx11Ev: 'foo::bar[abi:cxx11]()',
  '_ZL3foov.constprop.0.cold': 'foo() [clone .constprop.0] [clone .cold]',
  _ZN3foocvbEv: 'foo::operator bool()',
  _ZlsRSoRK3foo: 'operator<<(std::ostream&, foo const&)',
  _ZN4core3fmt5Write9write_fmt17h0123456789abcdefE: 'core::fmt::Write::write_fmt',
  '_ZN42_$LT$str$u20$as$u20$core..fmt..Display$GT$3fmt17h0123456789abcdefE':
    '<str as core::fmt::Display>::fmt',
  _RNvCs1234_7mycrate3foo: 'mycrate::foo',
  _RINvCs1234_7mycrate3fooReKj3_E: 'mycrate::foo::<&str, 3>',
  _RNCNvC7mycrate4main0: 'mycrate::main::{closure#0}',
  _RNvC7mycrateu8gdel_5qa: 'mycrate::gödel',
}

test('examples of each scheme', () => {
  for (const [symbol, name] of Object.entries(EXAMPLES)) assert.equal(demangled(symbol), name)
})

test('what is damaged stays as it is', () => {
  for (const symbol of [
    '_Z',
    '_ZN3fooE3',
    '_ZN99fooEv',
    '_Z1fT_',
    '_Z1fS9_',
    '_R',
    '_RNvB_3foo',
    `_Z1f${'P'.repeat(9000)}i`,
  ])
    assert.equal(demangled(symbol), symbol)
  // Each cut of a good name is another name, or none; never an error.
  const whole = '_ZNSt8functionIFvRKSsEEC1IZ4mainEUlS1_E_vEEOT_'
  for (let end = 0; end < whole.length; end++) assert.equal(typeof demangled(whole.slice(0, end)), 'string')
})

test('a name that would grow without bounds is left mangled', () => {
  let symbol = '_Z1fSt4pairIiiE'
  for (let index = 0; index < 30; index++)
    symbol += `St4pairIS${index === 0 ? '' : (index - 1).toString(36).toUpperCase()}_S${index === 0 ? '' : (index - 1).toString(36).toUpperCase()}_E`
  assert.ok(demangled(symbol).length < 1 << 18)
})

const noFilt: false | string = spawnSync('c++filt', ['--version']).status !== 0 && 'c++filt is not installed'

/** Mangled names that stand in a file. */
const symbolsOf = (path: string): string[] => [
  ...new Set(readFileSync(path, 'latin1').match(/(?<=\0)_(?:Z|R)[\w.$]{3,300}(?=\0)/g) ?? []),
]

/** One in so many, so that the run stays short. */
const SHARE = 4

test('the names of libstdc++, as c++filt has them', { skip: noFilt }, context => {
  const directory = '/usr/lib/x86_64-linux-gnu'
  const file = readdirSync(directory).find(name => /^libstdc\+\+\.so\.6\.0\.\d+$/.test(name))
  if (file === undefined) {
    context.skip('libstdc++.so.6 is not installed')
    return
  }
  const names = symbolsOf(`${directory}/${file}`).filter(
    (name, index) => index % SHARE === 0 && !name.includes('$'),
  )
  const { stdout } = spawnSync('c++filt', ['-i'], {
    input: `${names.join('\n')}\n`,
    encoding: 'utf8',
    maxBuffer: 1 << 27,
  })
  const expected = stdout.split('\n')
  // Data has names too, and vtables: all of them.
  assert.ok(names.length > 900, String(names.length))
  assert.deepEqual(
    names.filter((name, index) => demangled(name) !== expected[index]),
    [],
  )
})
