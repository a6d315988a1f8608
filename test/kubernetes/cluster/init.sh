#!/usr/bin/env bash
# PID 1 of a cluster's namespaces of networks, mounts and processes. When it ends, all of them end: daemons, pods,
# mounts, interfaces, packet filter rules. Usage: init.sh BOOT_FOLDER, which holds `components.sh`.
set -u
boot=$1
# As the machine sees this process: /proc is still its own.
read -r pid _ </proc/self/stat
printf '%s\n' "$pid" >"$boot/pid.new" && mv "$boot/pid.new" "$boot/pid"

mount -t proc proc /proc
mount --make-rshared /
# What daemons keep at fixed places is to be seen and kept by nobody else.
for place in /run /var/log /var/lib/cni; do
  mkdir -p "$place" && mount -t tmpfs tmpfs "$place"
done

# The other end of the link comes from the machine.
until [ -e "$boot/linked" ]; do sleep 0.05; done
echo 1 >/proc/sys/net/ipv4/ip_forward

# Runs a daemon for as long as the cluster lives.
daemon() {
  local name=$1
  shift
  (
    while true; do
      "$@" >>"$boot/../logs/$name.log" 2>&1
      echo "--- $name ended with $?; it is started again" >>"$boot/../logs/$name.log"
      sleep 1
    done
  ) &
}
# Returns once the API server answers. Usage: api_ready KUBECTL KUBECONFIG
api_ready() {
  until "$1" --kubeconfig="$2" get --raw=/readyz >/dev/null 2>&1; do sleep 0.2; done
}
. "$boot/components.sh"
# Waiting also collects what died without a parent.
while true; do wait; sleep 1; done
