// The kernel of the virtual machine: Debian's cloud kernel, unpacked into a cache and never
// installed.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'glassbox-vm')
const output = (file, args, options = {}) => execFileSync(file, args, { encoding: 'utf8', ...options })

function newestPackage() {
  const name = /Depends: (linux-image-\S+)/.exec(
    output('apt-cache', ['depends', 'linux-image-cloud-amd64']),
  )?.[1]
  if (!name)
    throw new Error('apt knows no linux-image-cloud-amd64: run apt-get update, or use Debian on x86-64')
  return name
}

/** The path of a kernel image. */
export function kernelImage() {
  const name = newestPackage()
  const directory = join(cache, name)
  const boot = join(directory, 'boot')
  if (!existsSync(boot)) {
    mkdirSync(directory, { recursive: true })
    output('apt-get', ['download', name], { cwd: directory, stdio: ['ignore', 'ignore', 'inherit'] })
    const [archive] = readdirSync(directory).filter(file => file.endsWith('.deb'))
    output('dpkg-deb', ['--extract', archive, '.'], { cwd: directory })
  }
  return join(boot, readdirSync(boot).find(file => file.startsWith('vmlinuz')) ?? 'vmlinuz')
}
