# Runs the tests once in each place that a service may find itself in under cgroup v2. The filters come with the kernel's
# command line. Prints a line a layout, and fails where one did.
filters=$(sed -n 's/.*glassbox\.filters=\([^ ]*\).*/\1/p' /proc/cmdline | tr , ' ')
tree=$(cat /tree)
cgroup=/sys/fs/cgroup
failed=0
cd "$tree" || exit 1

layout() {
  name=$1
  shift
  echo "== $name: $(cat /proc/self/cgroup)"
  # shellcheck disable=SC2086 -- a filter is a word
  "$@" node scripts/run-tests.mjs $filters || failed=1
}

# Everything in the root group, as in a container without an init system.
layout 'in the root group'

# As systemd starts a service: the controllers are on down to the service's own group, which has processes.
echo '+cpu +memory +pids' > $cgroup/cgroup.subtree_control
mkdir -p $cgroup/system.slice/glassbox.service
echo '+cpu +memory +pids' > $cgroup/system.slice/cgroup.subtree_control
echo $$ > $cgroup/system.slice/glassbox.service/cgroup.procs
layout 'in the group of a service'

# An ordinary user with a delegated subtree: Delegate=yes, User=, GLASSBOX_CGROUP.
mkdir -p $cgroup/system.slice/delegated.service/main
echo $$ > $cgroup/system.slice/delegated.service/main/cgroup.procs
echo '+cpu +memory +pids' > $cgroup/system.slice/delegated.service/cgroup.subtree_control
chown -R 65534:65534 $cgroup/system.slice/delegated.service
chown -R 65534:65534 "$tree/build"
layout 'as an ordinary user with a delegated group' setpriv --reuid 65534 --regid 65534 --clear-groups \
  env HOME=/tmp GLASSBOX_CGROUP=$cgroup/system.slice/delegated.service

exit $failed
