#!/bin/sh
# Runs one command on rented capacity and ends with its exit code. The contract is ended whatever happens, so that what
# is unused comes back.
#
#   IMAGE=docker.io/library/alpine:3.20 MAX_TFT=0.5 sh ci-job.sh uname -a
#
# JOB is the name of the order (default: this process); the same name goes on with the same contract after a break.
set -eu
job=${JOB:-job-$$}
if [ -n "${IMAGE:-}" ]; then set -- --image "$IMAGE" --command "$*"; else set -- --command "$*"; fi

trap '3bot contract cancel "$job" --yes --quiet > /dev/null 2>&1 || true' EXIT
trap 'exit 130' INT TERM

# Exit code 1: recorded, but the command failed, which is told below. 2 and more: nothing runs, and stderr says why.
3bot reserve --name "$job" --cpu 1 --memory 1 --ssd 1 --for 1h --max-total "${MAX_TFT:-1}" --restart never "$@" --quiet > /dev/null || {
  code=$?
  [ "$code" -eq 1 ] || exit "$code"
}

# A command that ends is found in the book: state and exit code of its workload.
tries=0
until shown=$(3bot contract show "$job" --json) && code=$(printf '%s' "$shown" | grep -o '"exit_code":[0-9]*' | cut -d: -f2); do
  tries=$((tries + 1))
  [ "$tries" -lt "${TRIES:-600}" ] || { echo "ci-job: $job has not ended" >&2; exit 8; }
  sleep 1
done
3bot logs "$job" --quiet
exit "$code"
