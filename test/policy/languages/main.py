"""Threads, files, children, databases and time zones: what ordinary programs of Python do."""
import asyncio, concurrent.futures, datetime, decimal, hashlib, json, locale, os, random, re
import shutil, socket, sqlite3, ssl, subprocess, sys, tempfile, threading, time, uuid, zoneinfo

threads = [threading.Thread(target=time.sleep, args=(0.001,)) for _ in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
with open("py.txt", "w") as file:
    file.write("text")
assert open("py.txt").read() == "text" and "py.txt" in os.listdir(".")
os.remove("py.txt")
asyncio.run(asyncio.sleep(0.001))
with concurrent.futures.ThreadPoolExecutor(2) as pool:
    assert list(pool.map(abs, [1, -2])) == [1, 2]
child = os.fork()
if child == 0:
    os._exit(3)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 3
database = sqlite3.connect("py.db")
database.execute("create table t (a)")
database.commit()
database.close()
os.remove("py.db")
with tempfile.TemporaryDirectory(dir=".") as directory:
    shutil.copy(__file__, directory)
datetime.datetime.now(zoneinfo.ZoneInfo("Europe/Berlin"))
locale.setlocale(locale.LC_ALL, "")
uuid.uuid4()
assert subprocess.run([sys.executable, "-c", "print(1)"], capture_output=True).stdout == b"1\n"
print("ok")
