// An agent's session: several commands in one box, which keeps the files between them. After each
// command, whatever it did, an answer is printed that a model can read.
//
//   node examples/agent-session.mjs
import { openBox } from 'glassbox'

const CONVERSATION = [
  "printf 'def add(a, b):\\n    return a - b\\n' > calc.py",
  "python3 -B -c 'from calc import add; assert add(2, 3) == 5'",
  "sed -i 's/a - b/a + b/' calc.py",
  "python3 -B -c 'from calc import add; assert add(2, 3) == 5; print(add(2, 3))'",
  'while true; do :; done',
  'cat /etc/shadow',
  'ls',
]

/** One answer: the command's output, and how it ended. */
function answer({ status, exitCode, signal, stdout, stderr, limit }) {
  const printed = [stdout, stderr].filter(text => text !== '').join('')
  const end = limit
    ? `ended by ${limit.kind} ${limit.limit}`
    : signal
      ? `ended by ${signal}`
      : `exit code ${exitCode}`
  return `${printed.split('\n').slice(-4).join('\n')}[${status === 'exited' ? end : `${status}: ${end}`}]`
}

const box = await openBox()
try {
  for (const command of CONVERSATION) {
    const result = await box.run('bash', ['-c', command], {
      limits: { cpuTimeMs: 1000, wallTimeMs: 30_000, memoryBytes: 256 * 2 ** 20, outputBytes: 100_000 },
    })
    console.log(`$ ${command}\n${answer(result)}`)
  }
} finally {
  await box.close()
}
