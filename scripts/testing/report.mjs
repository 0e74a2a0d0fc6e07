// What the test runner prints: a line for each file, the output of failed files, and the summary.

export const isFailed = ({ failed }) => failed > 0

/** A line for a file, one for each test that it skipped, and its output if it failed. */
export function report({ name, passed, failed, output, seconds }) {
  console.log(`${failed === 0 ? 'ok  ' : 'FAIL'} ${name} (${passed} passed, ${seconds.toFixed(1)} s)`)
  for (const line of output.match(/^ *ok .*# SKIP.*$/gm) ?? []) console.log(`     skipped: ${line.trim()}`)
  if (failed > 0) console.log(output)
}

/** Files that failed and then passed, with the output of the failure. */
export function reportFlaky(results) {
  if (results.length === 0) return
  console.log('\nFLAKY')
  for (const { name, failed, output } of results) {
    console.log(`${name}: ${failed} failed in the first run, none in the second. Output of the first:`)
    console.log(output)
  }
}

/** What the tests left on this host, one line each. */
export function reportLeftovers(left) {
  if (left.length === 0) return
  console.log('\nLEFT BEHIND')
  for (const { kind, name } of left) console.log(`${kind}: ${name}`)
}

/** The line that CI reads. Leftovers count as one failure. */
export function closingLine(results, left) {
  const sum = key => results.reduce((total, result) => total + result[key], 0)
  const failed = sum('failed') + (left.length > 0 ? 1 : 0)
  const skipped = sum('skipped')
  return `${sum('passed')} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`
}
