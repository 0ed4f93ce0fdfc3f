#!/bin/sh
# Takes the same capacity at three farms, so that no single farmer can take a service down: all three or none.
#
#   MAX_TFT=1 sh three-nodes.sh site --cpu 1 --ssd 10 --for 24h
#
# Prints contract, node and farm of each. Run again after a break it goes on with the same order.
set -eu
name=$1
shift
3bot reserve --name "$name" --nodes 3 --spread farm "$@" --max-total "${MAX_TFT:-1}" --quiet > /dev/null
3bot contract list --order "$name" | cut -f1,3,4
