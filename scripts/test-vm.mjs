// Runs tests in a small virtual machine whose kernel has cgroup v2 and nothing else.
//
//   npm run test:vm [-- FILTER ...]     a filter: a part of a file's path
//
// Installs qemu and busybox by apt-get, as root, and unpacks a kernel without installing it. The
// machine is emulated in software, which works everywhere. GLASSBOX_VM_ACCEL=kvm is about twenty
// times faster if /dev/kvm works fully.
import { execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { layOut, pack } from './vm/image.mjs'
import { kernelImage } from './vm/kernel.mjs'

const DEFAULT_FILTERS = [
  'cgroup/',
  'run/verdicts',
  'run/box',
  'run/outside',
  'run/soak',
  'pool/',
  'container/',
  'isolate/keeper/',
]
const TIMEOUT_MS = 120 * 60_000
const accel = process.env.GLASSBOX_VM_ACCEL ?? 'tcg,thread=multi'
const root = fileURLToPath(new URL('../', import.meta.url))

const exists = program => {
  try {
    execFileSync('sh', ['-c', 'command -v "$1"', 'sh', program], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

function install() {
  const packages = { 'qemu-system-x86_64': 'qemu-system-x86', busybox: 'busybox-static' }
  const missing = Object.entries(packages).flatMap(([program, name]) => (exists(program) ? [] : [name]))
  if (missing.length > 0)
    execFileSync('apt-get', ['install', '-y', '--no-install-recommends', ...missing], {
      stdio: ['ignore', 'ignore', 'inherit'],
    })
}

/**
 * Compiles the guest programs of test/programs, because the machine has no compiler. Those that
 * their tests compile with flags of their own are left out.
 */
async function compilePrograms() {
  const { program } = await import(join(root, 'build/test/support/programs.js'))
  for (const file of readdirSync(join(root, 'test/programs')).filter(name => name.endsWith('.c')))
    try {
      program(file.slice(0, -2))
    } catch {
      console.log(`${file} is left out: it does not compile without further flags`)
    }
}

/** Starts the machine, shows its console, and resolves with the exit code of its tests. */
function boot(kernel, image, filters) {
  const machine = spawn(
    'qemu-system-x86_64',
    [
      ...['-accel', accel, '-cpu', 'max,-arch-capabilities', '-smp', '2', '-m', '4096'],
      ...['-kernel', kernel, '-initrd', image, '-nographic', '-no-reboot', '-nic', 'none'],
      ...['-append', `console=ttyS0 quiet panic=-1 rdinit=/init glassbox.filters=${filters.join(',')}`],
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  const timer = setTimeout(() => machine.kill('SIGKILL'), TIMEOUT_MS)
  let console = ''
  machine.stdout.on('data', chunk => {
    console += chunk
    process.stdout.write(chunk)
  })
  return new Promise((resolve, reject) => {
    machine.on('error', reject)
    machine.on('close', () => {
      clearTimeout(timer)
      resolve(Number(/^glassbox-vm: exit (\d+)/m.exec(console)?.[1] ?? 1))
    })
  })
}

const filters = process.argv.length > 2 ? process.argv.slice(2) : DEFAULT_FILTERS
install()
await compilePrograms()
const directory = mkdtempSync(join(tmpdir(), 'glassbox-vm-'))
try {
  const files = join(directory, 'root')
  const image = join(directory, 'initramfs')
  layOut(files, process.execPath)
  pack(files, image)
  rmSync(files, { recursive: true })
  process.exitCode = await boot(kernelImage(), image, filters)
} finally {
  rmSync(directory, { recursive: true, force: true })
}
