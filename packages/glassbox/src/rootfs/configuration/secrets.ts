/**
 * What of /etc and /var is never shown to a box, even if everyone on the host may read it:
 * secrets, accounts, and the configuration of the host itself. Programs do not need it, and
 * administrators put passwords and addresses there.
 *
 * The lists are of kinds of files, not of programs: what a program's own package installs is
 * shown, see packages.ts.
 */

/** Names of /etc that are of the host: its users, its network, its services, its start. */
const HOST_NAMES: readonly RegExp[] = [
  // Accounts, and what they may do.
  /^(passwd|group|g?shadow|sub[ug]id|sudoers|doas\.conf|netgroup|securetty|login\.defs|nologin)([-~.].*)?$/,
  /^(sudoers|pam|security|polkit-1|dbus-1|selinux|apparmor|audit|firejail|credstore.*)(\.(d|conf))?$/,
  // Keys, and programs that keep them.
  /^(ssh|krb5.*|letsencrypt|openvpn|wireguard|ipsec.*|strongswan.*|ppp|wpa_supplicant|cryptsetup.*|crypttab)$/,
  // The host's name, network and disks.
  /^(host(s|name)(\..*)?|machine-(id|info)|resolv\.conf.*|fstab|mtab|exports(\.d)?|auto\..*|issue(\.net)?|motd)$/,
  /^(network.*|NetworkManager|netplan|iproute2|dhcp.*|ufw|iptables|nftables.*|firewalld|samba|cups|bluetooth)$/,
  // How the host starts, and what it runs.
  /^(systemd|udev|init(\.d|ramfs-tools)?|rc[\dS]?\.d|default|cron.*|anacrontab|at\.(allow|deny)|tmpfiles\.d)$/,
  /^(grub.*|kernel|modprobe\.d|modules.*|sysctl.*|binfmt\.d|logrotate.*|rsyslog.*|update-motd\.d|adjtime)$/,
  // Packages, containers and the administrator's tools: proxies with passwords, tokens.
  /^(apt|dpkg|yum.*|dnf|pacman.*|apk|docker|containerd|containers|kubernetes|rancher|cni|cloud|libvirt)$/,
  /^(salt|puppet|chef|ansible|zabbix|telegraf|needrestart|ldap|opt|skel)$/,
  // Read by shells and tools of every user, and so a common place of tokens.
  /^(environment(\.d)?|profile(\.d)?|gitconfig|npmrc|pip\.conf|wgetrc|curlrc|netrc|msmtprc|.*\.(bak|old|orig))$/,
  /^\./,
]

/** Names of /var/lib and /var/cache that are the state of the host and of its services. */
const HOST_STATE: readonly RegExp[] = [
  /^(dpkg|apt|ucf|rpm|dnf|pacman|debconf|adduser|PackageKit|man-db|man|ldconfig|misc|private)$/,
  /^(systemd|dbus|pam|polkit-1|AccountsService|NetworkManager|bluetooth|udisks2|sudo|portables|machines)$/,
  /^(docker|containerd|containers|kubelet|etcd|cloud|libvirt|lxc|lxd)$/,
  /^\./,
]

/** Names that say that a file has a secret, wherever it is. */
const SECRET_NAMES: readonly RegExp[] = [
  /(^|[-._])(passwords?|passwd|secrets?|credentials?|tokens?|shadow|htpasswd|keytab|pgpass|netrc)([-._~]|$)/i,
  /\.(key|keytab|ppk|kdbx?|p12|pfx|jks|keystore|pgpass)$/i,
  /^(id_(rsa|dsa|ecdsa|ed25519)|private|auth\.conf(\.d)?)$/i,
]

const matches = (patterns: readonly RegExp[], text: string): boolean =>
  patterns.some(pattern => pattern.test(text))

/**
 * Whether a path must not be shown. `path`: absolute, below /etc, /var/lib or /var/cache.
 *
 * @example
 * isSecret('/etc/ssl/private') // true
 */
export function isSecret(path: string): boolean {
  const [, top, ...names] = path.split('/')
  const own = top === 'etc' ? names : names.slice(1)
  const [first = ''] = own
  return (
    matches(top === 'etc' ? HOST_NAMES : HOST_STATE, first) || own.some(name => matches(SECRET_NAMES, name))
  )
}

const PRIVATE_KEY = /-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----/

/** Whether a file has a private key in it, whatever its name is. */
export const hasPrivateKey = (contents: Buffer): boolean => PRIVATE_KEY.test(contents.toString('latin1'))
