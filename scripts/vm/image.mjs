// The file system of the virtual machine, as an initramfs: Node, the programs that tests start,
// and the built tree.
import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, realpathSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const tree = fileURLToPath(new URL('../../', import.meta.url))
const output = (file, args, options = {}) => execFileSync(file, args, { encoding: 'utf8', ...options })

/** The programs that tests and their guests start. */
const PROGRAMS = (
  'awk bash busybox cat chmod chown chroot cmp cp cut date dd echo env false find getfattr grep head hostname id ipcmk ipcrm kill ln ls mkdir ' +
  'mkfifo mount mv nice nproc printf prlimit ps pwd python3 readlink script rm rmdir sed seq setfattr setpriv setsid sh sleep sort stat tail taskset tee ' +
  'test timeout touch tr true truncate umount uname uniq unshare wc yes'
).split(' ')
const DIRECTORIES = [
  'dev',
  'etc',
  'proc',
  'sys',
  'tmp',
  'var/tmp',
  'root',
  'run',
  'var',
  'usr/bin',
  'usr/lib',
  'usr/lib64',
  'usr/sbin',
]
const TREE = [
  'package.json',
  'packages/glassbox',
  'build',
  'test',
  'scripts',
  'node_modules/fast-check',
  'node_modules/pure-rand',
]
const ETC = [
  'hostname',
  'passwd',
  'group',
  'hosts',
  'nsswitch.conf',
  'ld.so.cache',
  'ld.so.conf',
  'ld.so.conf.d',
  'ssl/openssl.cnf',
]

/**
 * The system's file of a program, which is not a builtin of the shell or a program of the user.
 */
const find = name =>
  ['/usr/bin', '/usr/sbin', '/bin', '/sbin']
    .map(directory => join(directory, name))
    .find(path => existsSync(path))

/** The libraries that a dynamic program needs; a static one needs none. */
function librariesOf(program) {
  try {
    return [
      ...output('ldd', [program], { stdio: ['ignore', 'pipe', 'ignore'] }).matchAll(/(\/\S+) \(0x/g),
    ].map(([, path]) => path)
  } catch {
    return []
  }
}

/** Copies a program to its own path, and to the name by which it is called. */
function copyProgram(root, path) {
  for (const file of new Set([
    path,
    realpathSync(path),
    ...librariesOf(path).flatMap(library => [library, realpathSync(library)]),
  ])) {
    const target = join(root, file.replace(/^\/(bin|sbin|lib|lib64)\//, '/usr/$1/'))
    mkdirSync(dirname(target), { recursive: true })
    if (!existsSync(target)) cpSync(file, target, { dereference: true })
  }
}

function copyPython(root) {
  const library = output('/usr/bin/python3', ['-c', 'import os; print(os.path.dirname(os.__file__))']).trim()
  cpSync(library, join(root, library), {
    recursive: true,
    filter: path => !/\/(test|idlelib|tkinter|ensurepip|dist-packages|config-[^/]*|__pycache__)$/.test(path),
  })
  for (const name of readdirSync(join(library, 'lib-dynload'))) {
    for (const file of librariesOf(join(library, 'lib-dynload', name))) copyProgram(root, file)
  }
}

/** Makes the file system in the empty directory `root`. */
export function layOut(root, nodePath) {
  for (const directory of DIRECTORIES) mkdirSync(join(root, directory), { recursive: true })
  for (const name of ['bin', 'sbin', 'lib', 'lib64']) symlinkSync(`usr/${name}`, join(root, name))
  for (const name of PROGRAMS) {
    const path = find(name)
    if (path) copyProgram(root, path)
  }
  copyProgram(root, nodePath)
  if (nodePath !== '/usr/bin/node') symlinkSync(nodePath, join(root, 'usr/bin/node'))
  copyPython(root)
  for (const name of ETC)
    if (existsSync(join('/etc', name)))
      cpSync(join('/etc', name), join(root, 'etc', name), { recursive: true })
  for (const name of TREE)
    if (existsSync(join(tree, name)))
      cpSync(join(tree, name), join(root, tree, name), { recursive: true, preserveTimestamps: true })
  writeFileSync(join(root, 'tree'), tree)
  cpSync(fileURLToPath(new URL('init.sh', import.meta.url)), join(root, 'init'))
  cpSync(fileURLToPath(new URL('layouts.sh', import.meta.url)), join(root, 'layouts'))
  output('chmod', ['755', join(root, 'init'), join(root, 'layouts')])
}

/** Packs `root` into the initramfs `target`. */
export function pack(root, target) {
  execFileSync('sh', [
    '-c',
    'cd "$1" && find . | busybox cpio -o -H newc > "$2" 2>/dev/null',
    'sh',
    root,
    target,
  ])
}
