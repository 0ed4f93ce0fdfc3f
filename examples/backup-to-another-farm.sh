#!/bin/sh
# Copies a folder of a running workload to a workload at another farm: read out by 3bot exec, sealed on its way, and
# written there by 3bot exec. Both contracts allow that (reserve --exec), on nodes whose farmers do.
#
#   sh backup-to-another-farm.sh FROM TO [FOLDER]
#
# FROM and TO are contracts; FOLDER is what is copied (default: /data, the volume).
set -eu
from=$1 to=$2 folder=${3:-/data}

farm() { 3bot contract show "$1" --json | grep -o '"farm":"[0-9a-f]*"'; }
[ "$(farm "$from")" != "$(farm "$to")" ] || { echo "backup: both contracts are at one farm" >&2; exit 2; }

file=$(mktemp)
trap 'rm -f "$file"' EXIT
3bot exec "$from" -- tar -C "$folder" -cf - . > "$file"
3bot exec -i "$to" -- tar -C "$folder" -xf - < "$file"
echo "copied $(wc -c < "$file") bytes from $from to $to"
