// docs/languages.md, from the outcomes of scripts/languages.mjs.

const INTRODUCTION = `# Languages

Each row is a small program, written and run as a course or a judge would: natively, and in a box
with the default limits. It passes if both exit with 0, print the same, and the box prints nothing
on stderr that the native run does not. \`node scripts/languages.mjs\` makes this table on any Debian;
\`--install\` installs the packages first. The programs are in
[scripts/languages/table.mjs](../scripts/languages/table.mjs).

A box has no terminal, and runs no 32-bit programs (SML/NJ of Debian is one).
`

const RESULTS = {
  passes: () => 'passes',
  boxed: () => 'passes (refuses to run as root outside)',
  noise: ({ text }) => `works, and prints: ${text}`,
  fails: ({ text }) => `**fails**: ${text}`,
  native: ({ text }) => `not tried: fails natively, ${text}`,
  missing: ({ text }) => `not tried: ${text} is not installed`,
}

const duration = ms => (ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`)
const MiB = 2 ** 20

/** Text in a cell of a table. */
const cell = text => text.replaceAll('\n', ' ').replaceAll('|', '\\|')

function limitsOf({ limits = {}, why }) {
  const { cpuTimeMs, memoryBytes } = limits
  const parts = [
    ...(cpuTimeMs ? [`--cpu-time ${cpuTimeMs / 1000}s`] : []),
    ...(memoryBytes ? [`--memory ${memoryBytes / MiB}MiB`] : []),
  ]
  return parts.length === 0 ? '' : `\`${parts.join(' ')}\`: ${why}`
}

function line({ row, outcome }) {
  const { box } = outcome
  const figures = box ? [duration(box.cpuTimeMs), `${Math.ceil(box.memoryBytes / MiB)} MiB`] : ['', '']
  const cells = [row.name, row.packages.join(', '), RESULTS[outcome.kind](outcome), ...figures, limitsOf(row)]
  return `| ${cells.map(cell).join(' | ')} |`
}

export function documentOf(outcomes, release) {
  return `${INTRODUCTION}
Made on ${release}. CPU time and memory are those of the whole row in the box, compiling
included.

| language | packages of Debian | in a box | CPU | memory | other limits |
|---|---|---|---|---|---|
${outcomes.map(line).join('\n')}
`
}
