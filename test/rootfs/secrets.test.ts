/** What of /etc and /var is secret or of the host, by its name and by what is in it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hasPrivateKey, isSecret } from '#glassbox/rootfs/configuration/secrets.js'

const SECRET = [
  ...[
    'passwd',
    'passwd-',
    'group',
    'shadow',
    'gshadow',
    'subuid',
    'sudoers',
    'sudoers.d',
    'pam.d',
    'security',
  ],
  ...['ssh', 'ssh/ssh_config', 'ssl/private', 'ssl/private/a.pem', 'letsencrypt', 'krb5.keytab', 'wireguard'],
  ...['hosts', 'hostname', 'machine-id', 'resolv.conf', 'fstab', 'NetworkManager', 'netplan', 'iptables'],
  ...[
    'systemd',
    'init.d',
    'rc2.d',
    'default',
    'cron.d',
    'crontab',
    'sysctl.d',
    'apt',
    'apt/auth.conf',
    'docker',
  ],
  ...['environment', 'profile', 'profile.d', 'gitconfig', 'npmrc', 'pip.conf', '.pwd.lock', 'java/.secret'],
  ...[
    'app/credentials',
    'app/api_token',
    'app/server.key',
    'app/db-password.txt',
    'app/.netrc',
    'app/id_rsa',
  ],
].map(name => `/etc/${name}`)

const STATE = [
  '/var/lib/dpkg',
  '/var/lib/dpkg/status',
  '/var/lib/systemd',
  '/var/lib/docker',
  '/var/cache/apt',
]

const SHOWN = [
  ...['ld.so.cache', 'localtime', 'services', 'alternatives', 'fonts/fonts.conf', 'java-17-openjdk', 'groff'],
  ...[
    'ssl/certs/ca-certificates.crt',
    'ssl/openssl.cnf',
    'ssl/cert.pem',
    'php/8.2/mods-available/tokenizer.ini',
  ],
  ...[
    'ca-certificates/update.d/jks-keystore',
    'R/Renviron',
    'texmf/web2c/texmf.cnf',
    'ImageMagick-6/policy.xml',
  ],
  ...['perl/Net/libnet.cfg', 'maven/settings.xml', 'gnucobol/default.conf', 'ocamlfind.conf', 'ldc2.conf'],
].map(name => `/etc/${name}`)

test('accounts, keys, the host’s own configuration and files named after secrets are secret', () => {
  for (const path of [...SECRET, ...STATE]) assert.equal(isSecret(path), true, path)
})

test('the configuration of programs is not', () => {
  for (const path of [...SHOWN, '/var/lib/texmf', '/var/lib/ghc', '/var/cache/fontconfig'])
    assert.equal(isSecret(path), false, path)
})

test('a private key is one whatever its file is called', () => {
  for (const kind of ['', 'RSA ', 'EC ', 'ENCRYPTED ', 'OPENSSH '])
    assert.equal(hasPrivateKey(Buffer.from(`x\n-----BEGIN ${kind}PRIVATE KEY-----\n`)), true, kind)
  assert.equal(hasPrivateKey(Buffer.from('-----BEGIN PUBLIC KEY-----\n-----BEGIN CERTIFICATE-----\n')), false)
})
