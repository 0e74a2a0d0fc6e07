// Compiles the native code: the gate (a Node addon), init (the static program above every boxed
// program), the launcher (which becomes a traced program), the stub (in which the guests of the
// kernel run), the front (which starts Node for the command) and the client of isolate's server.
// None links a libc, so one file per CPU serves glibc and musl. Needs a C compiler and the
// kernel's headers.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, renameSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const native = fileURLToPath(new URL('../packages/glassbox/native/', import.meta.url))
const prebuilds = fileURLToPath(new URL('../packages/glassbox/prebuilds/', import.meta.url))
const napiHeaders = createRequire(import.meta.url)('node-api-headers').include_dir
const compiler = process.env.CC ?? 'cc'

const common = [
  ...['-std=gnu11', '-O2', '-Wall', '-Wextra', '-ffreestanding', '-fno-stack-protector'],
  // no-red-zone: a cloned child continues below the stack pointer of the function that cloned it.
  ...[
    '-fno-asynchronous-unwind-tables',
    '-mno-red-zone',
    '-fvisibility=hidden',
    `-ffile-prefix-map=${native}=`,
  ],
  ...['-nostdlib', '-Wl,--build-id=none', '-Wl,-z,noexecstack'],
]

/** The outputs, with their sources and additional flags. */
const targets = [
  {
    output: `gate-linux-${process.arch}.node`,
    sources: [
      ...[
        'gate.c',
        'arguments.c',
        'owned.c',
        'readable.c',
        'unchanged.c',
        'flags.c',
        'wake.c',
        'stop.c',
        'trace.c',
        'past.c',
        'captures.c',
        'put.c',
        'values.c',
        'steps.c',
        'lines.c',
        'events.c',
        'start.c',
        'supervise.c',
        'guest.c',
        'pass.c',
        'perform.c',
        'names.c',
        'plan.c',
      ],
      'memory.c',
    ],
    // nodelete: Node unloads an addon when the only worker that loaded it ends, but the signal
    // handler must stay in memory.
    flags: ['-fPIC', '-shared', '-Wl,-z,relro,-z,now,-z,nodelete', `-I${napiHeaders}`, '-DNAPI_VERSION=9'],
  },
  {
    output: `init-linux-${process.arch}`,
    sources: [
      'init.c',
      'fingerprint.c',
      'watch.c',
      'page-cache.c',
      'number.c',
      'notify.c',
      'plan.c',
      'memory.c',
    ],
    flags: ['-static', '-no-pie', '-fno-pie'],
  },
  {
    output: `launcher-linux-${process.arch}`,
    sources: ['launcher.c', 'plan.c', 'memory.c'],
    flags: ['-static', '-no-pie', '-fno-pie'],
  },
  {
    output: `stub-linux-${process.arch}`,
    sources: ['stub.c'],
    // It stands above all that a guest can map: STUB_CODE in guest.h.
    flags: ['-static', '-no-pie', '-fno-pie', '-Wl,-Ttext=0x7f0000000000', '-Wl,-z,max-page-size=4096'],
  },
  {
    output: `vdso-linux-${process.arch}.so`,
    sources: ['vdso.c'],
    flags: [
      ...['-fPIC', '-shared', '-Wl,-soname,linux-vdso.so.1', '-Wl,--hash-style=both', '-mgeneral-regs-only'],
      ...['-Wl,-z,max-page-size=4096', `-Wl,-T,${native}vdso.lds`],
    ],
  },
  {
    output: `front-linux-${process.arch}`,
    sources: ['front.c', 'memory.c'],
    flags: ['-static', '-no-pie', '-fno-pie'],
  },
  {
    output: `isolate-linux-${process.arch}`,
    sources: ['isolate.c', 'memory.c'],
    flags: ['-static', '-no-pie', '-fno-pie'],
  },
]

const changed = path => statSync(path).mtimeMs

function isFresh(output) {
  if (!existsSync(output)) return false
  const inputs = [fileURLToPath(import.meta.url), ...readdirSync(native).map(name => join(native, name))]
  return inputs.every(input => changed(input) <= changed(output))
}

mkdirSync(prebuilds, { recursive: true })
for (const { output, sources, flags } of targets) {
  const path = join(prebuilds, output)
  if (isFresh(path)) continue
  const temporary = `${path}.${process.pid}.tmp`
  try {
    execFileSync(
      compiler,
      [...common, ...flags, '-o', temporary, ...sources.map(name => join(native, name))],
      {
        stdio: 'inherit',
      },
    )
  } catch (error) {
    if (error.code !== 'ENOENT')
      throw new Error(`${compiler} could not build ${output} in ${dirname(path)}`, { cause: error })
    console.error(
      `glassbox: no C compiler: '${compiler}' was not found. Install one (Debian: apt-get install gcc), or set CC.`,
    )
    process.exit(1)
  }
  renameSync(temporary, path)
}
