# Runs the tests once in each layout of cgroup v2 in which a service may run. The filters come from
# the kernel's command line. Prints one line per layout, and fails if one failed.
filters=$(sed -n 's/.*glassbox\.filters=\([^ ]*\).*/\1/p' /proc/cmdline | tr , ' ')
# Leaves out the slowest tests, which are the same in every layout with groups.
few=$(echo "$filters" | sed 's,pool/,,; s,run/soak,,; s,container/,,; s,hostile/,,; s,honesty/,,')
tree=$(cat /tree)
cgroup=/sys/fs/cgroup
slice=$cgroup/system.slice
doctor="node $tree/packages/glassbox/bin/glassbox.js doctor"
failed=0
cd "$tree" || exit 1

# layout NAME FILTERS [WORD ...]: the words start what follows them in the place that is meant
layout() {
  name=$1 chosen=$2
  shift 2
  [ -n "${chosen// /}" ] || return
  echo "== $name: $("$@" cat /proc/self/cgroup)"
  # shellcheck disable=SC2086 -- a filter is a word
  "$@" node scripts/run-tests.mjs --built --seconds 1500 $chosen || failed=1
}

# What `glassbox doctor` reports about a controller.
says() {
  name=$1 text=$2
  shift 2
  "$@" > /tmp/doctor
  if grep -q "$text" /tmp/doctor; then echo "ok   doctor, $name: $(grep "$text" /tmp/doctor)"; else
    echo "FAIL doctor, $name: nothing of '$text'"
    grep cgroup /tmp/doctor
    failed=1
  fi
}

# Starts "$@" from a copy of the shell in a new group.
in_group() {
  mkdir -p "$1"
  sh -c 'echo $$ > "$0/cgroup.procs" && exec "$@"' "$@"
}

user() { in_group "$1" setpriv --reuid 65534 --regid 65534 --clear-groups env HOME=/tmp "${@:2}"; }

# A container: its first process joins the group, then sees it as the root, and mounts its own file
# systems. No process outside is in the group.
container() {
  mkdir -p "$1"
  unshare --mount --pid --fork sh -c 'echo 0 > "$0/cgroup.procs" && exec unshare --cgroup sh -c "$@"' "$1" \
    'mount -t proc proc /proc && umount /sys/fs/cgroup && mount -t cgroup2 cgroup2 /sys/fs/cgroup && exec "$@"' sh "${@:2}"
}

# Everything in the root group, as in a container without an init system.
layout 'in the root group' "$filters"

# As systemd starts a service: the controllers are enabled down to the service's own group, which
# has processes.
echo '+cpu +memory +pids' > $cgroup/cgroup.subtree_control
mkdir -p $slice/glassbox.service
echo '+cpu +memory +pids' > $slice/cgroup.subtree_control
echo $$ > $slice/glassbox.service/cgroup.procs
layout 'in the group of a service' "$few"

# Delegate=yes: systemd's mark is on the service's own group.
mkdir $slice/marked.service
python3 -c 'import os, sys; os.setxattr(sys.argv[1], "user.delegate", b"1")' $slice/marked.service
layout 'in the delegated group of a service' "$few" in_group $slice/marked.service
says 'in a delegated group' "v2, $slice/marked.service" in_group $slice/marked.service/glassbox.self $doctor

# The same for an ordinary user: User=, and an older systemd, whose mark only root may read.
mkdir $slice/owned.service
chown 65534:65534 $slice/owned.service $slice/owned.service/cgroup.{procs,threads,subtree_control}
chown -R 65534:65534 "$tree/build"
layout 'as an ordinary user in a delegated group' "$filters" user $slice/owned.service

# The user has delegated groups, but the user's process is in another one and cannot be moved.
says 'in a group of root' 'by which it would get to' \
  user $slice/elsewhere.service GLASSBOX_CGROUP=$slice/owned.service $doctor

# GLASSBOX_CGROUP names a group that the administrator made.
mkdir -p $slice/delegated.service/main
chown -R 65534:65534 $slice/delegated.service
layout 'as an ordinary user with a directory that is named' "$few" \
  user $slice/delegated.service/main GLASSBOX_CGROUP=$slice/delegated.service

# A container whose cgroup namespace begins at its own group, with limits around it.
mkdir $slice/container.scope
echo 3G > $slice/container.scope/memory.max
layout 'in a container' "$filters" container $slice/container.scope

# A container without a memory controller, and one with read-only cgroups.
mkdir -p $slice/poor.slice
echo '+pids' > $slice/poor.slice/cgroup.subtree_control
says 'in a container without controllers' 'at /sys/fs/cgroup does not offer memory' \
  container $slice/poor.slice/poor.scope $doctor
says 'in a container that may only look' 'is mounted read-only' \
  container $slice/container.scope/glassbox.self sh -c "mount -o remount,bind,ro /sys/fs/cgroup; $doctor"

exit $failed
