// Compiles a C++ solution once, and judges it against several cases at a time in a pool: each with
// its own verdict.
//
//   node examples/judge-cpp.mjs
//
// The task: read n, print the sum of 1 to n. The solution is right, wrong, slow, greedy or
// crashing, by its case.
import { createPool, run } from 'glassbox'

const SOLUTION = `
#include <iostream>
#include <vector>
int main() {
  long n; std::cin >> n;
  if (n == 13) { std::cout << 42 << "\\n"; return 0; }         // wrong
  if (n == 666) for (volatile long i = 0;; i++) {}              // slow
  if (n == 1000)                                                 // greedy
    for (std::vector<char *> v;;) {
      char *p = new char[1 << 20];
      for (int i = 0; i < 1 << 20; i += 4096) p[i] = 1;
      v.push_back(p);
    }
  if (n == 0) *(volatile int *)0 = 1;                            // crashing
  std::cout << n * (n + 1) / 2 << "\\n";
}
`

const CASES = [
  { input: '4\n', answer: '10\n' },
  { input: '13\n', answer: '91\n' },
  { input: '666\n', answer: '222111\n' },
  { input: '1000\n', answer: '500500\n' },
  { input: '0\n', answer: '0\n' },
]

const VERDICTS = {
  'cpu-time-limit': 'time limit exceeded',
  'wall-time-limit': 'time limit exceeded',
  'memory-limit': 'memory limit exceeded',
  'output-limit': 'output limit exceeded',
  signaled: 'runtime error',
}

/** What a contestant is told about one run. */
function judge(result, answer) {
  if (result.status !== 'exited') return VERDICTS[result.status] ?? result.status
  if (result.exitCode !== 0) return `runtime error (exit code ${result.exitCode})`
  return result.stdout === answer ? 'accepted' : 'wrong answer'
}

const compiled = await run('g++', ['-O2', '-o', 'solution', 'solution.cpp'], {
  files: { 'solution.cpp': SOLUTION },
  collect: ['solution'],
  limits: { cpuTimeMs: 30_000, memoryBytes: 1024 * 2 ** 20 },
})

if (!compiled.ok) {
  console.error(`compile error (${compiled.status})\n${compiled.stderr}`)
  process.exitCode = 1
} else {
  const pool = await createPool({ size: 2 })
  try {
    // What was collected goes in as it came out: its contents and its mode.
    const runs = CASES.map(({ input }) =>
      pool.run('./solution', [], {
        files: compiled.files,
        stdin: input,
        limits: { cpuTimeMs: 500, wallTimeMs: 3000, memoryBytes: 64 * 2 ** 20, outputBytes: 10_000 },
      }),
    )
    console.log('case  verdict                   CPU ms  MiB')
    for (const [index, result] of (await Promise.all(runs)).entries()) {
      const verdict = judge(result, CASES[index].answer).padEnd(25)
      const cpu = result.cpuTimeMs.toFixed(0).padStart(6)
      const memory = (result.memoryBytes / 2 ** 20).toFixed(1).padStart(5)
      console.log(`${String(index + 1).padEnd(5)} ${verdict} ${cpu} ${memory}`)
    }
  } finally {
    await pool.close()
  }
}
