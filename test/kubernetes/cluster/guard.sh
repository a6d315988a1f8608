#!/usr/bin/env bash
# Holds a cluster: its namespaces live as long as this runs, and it runs no longer than its owner.
# Usage: guard.sh BOOT_FOLDER [OWNER_PID]
set -u
boot=$1 owner=${2:-}
here=$(dirname "$(readlink -f "$0")")
# Whatever ends unshare ends PID 1 of its namespaces, and with it every process in them.
unshare --net --mount --pid --fork --kill-child "$here/init.sh" "$boot" </dev/null &
held=$!
trap 'kill -KILL $held 2>/dev/null' EXIT
trap 'exit 0' TERM INT
if [ -z "$owner" ]; then
  wait $held
else
  while kill -0 $held 2>/dev/null && kill -0 "$owner" 2>/dev/null; do sleep 1; done
fi
