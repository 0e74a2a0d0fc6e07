/** Tier six: python3 with the everyday parts of its library. */
import { type Row, sameAsNative } from '../../support/kernel/tiers.js'

const python = (name: string, ...lines: readonly string[]): Row => ({
  name: `python3: ${name}`,
  program: '/usr/bin/python3',
  args: ['-c', lines.join('\n')],
})

sameAsNative([
  python('one line', 'print(1)'),
  python(
    'files, json, hashes, expressions',
    'import json, os, re, hashlib, tempfile, shutil, datetime, collections, itertools',
    'print(json.dumps({"a": [1, 2]}), hashlib.sha256(b"x").hexdigest(), re.findall(r"\\d+", "a1b22"))',
    'with tempfile.TemporaryDirectory() as d:',
    '  open(d + "/x", "w").write("y"); os.mkdir(d + "/s"); shutil.copy(d + "/x", d + "/s"); print(sorted(os.listdir(d)))',
    'print(datetime.date(2020, 2, 29), collections.Counter("aab"), list(itertools.islice(itertools.count(), 3)))',
  ),
  python(
    'threads and queues',
    'import threading, queue',
    'q = queue.Queue()',
    'ts = [threading.Thread(target=q.put, args=(i,)) for i in range(8)]',
    '[t.start() for t in ts]; [t.join() for t in ts]; print(sorted(q.get() for _ in ts))',
  ),
  python(
    'processes',
    'import subprocess, os, signal',
    'print(subprocess.run(["sort"], input="b\\na\\n", capture_output=True, text=True).stdout)',
    'p = subprocess.Popen(["sleep", "9"]); p.send_signal(signal.SIGTERM); print(p.wait())',
    'pid = os.fork()',
    'if pid == 0: os._exit(7)',
    'print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))',
  ),
  python(
    'asyncio',
    'import asyncio',
    'async def main():',
    '  await asyncio.sleep(0.01); p = await asyncio.create_subprocess_exec("echo", "as", stdout=-1); print(await p.communicate())',
    'asyncio.run(main())',
  ),
  python(
    'a pool of processes',
    'from multiprocessing import Pool',
    'with Pool(2) as p: print(p.map(abs, [-1, -2]))',
  ),
  python('an exception', 'import sys', 'sys.stderr.write("err\\n")', 'sys.exit(5)'),
])
