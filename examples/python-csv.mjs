// Runs an untrusted Python script: a CSV file is copied in, a result file is copied out.
//
//   node examples/python-csv.mjs
import { run } from 'glassbox'

const SCRIPT = `
import csv
from collections import defaultdict
totals = defaultdict(float)
with open('sales.csv') as file:
    for row in csv.DictReader(file):
        totals[row['city']] += float(row['amount'])
with open('totals.csv', 'w') as file:
    for city, total in sorted(totals.items()):
        file.write(f'{city},{total:.2f}\\n')
print(len(totals), 'cities')
`

const SALES = 'city,amount\nUlm,10.5\nBonn,4\nUlm,1.25\n'

const result = await run('python3', ['script.py'], {
  files: { 'script.py': SCRIPT, 'sales.csv': SALES },
  collect: ['totals.csv'],
  limits: { cpuTimeMs: 5000, memoryBytes: 256 * 2 ** 20 },
})

if (!result.ok) {
  console.error(`the script failed: ${result.status}\n${result.stderr}`)
  process.exitCode = 1
} else {
  console.log(result.stdout.trim())
  console.log(Buffer.from(result.files['totals.csv'].contents).toString().trim())
}
