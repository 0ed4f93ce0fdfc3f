#!/bin/sh
# For cron: says what runs and what it costs, and fails where it is more than wanted.
#
#   MAX_TFT_PER_HOUR=0.5 MIN_BALANCE=20 sh watch-spending.sh || mail -s 'spending' me@example.org
#
# Exit codes: 0 all right, 1 too much an hour or too little left, else those of 3bot (3bot help exit-codes).
set -eu
contracts=$(3bot contract list --state active)
balance=$(3bot wallet show | awk -F '\t' '$1 == "balance" { print $2 }')
printf '%s\n' "$contracts" | awk -F '\t' -v most="${MAX_TFT_PER_HOUR:-1}" -v least="${MIN_BALANCE:-10}" -v balance="$balance" '
  NF > 4 { hour += $5; count += 1; printf "%s  %-20s %s TFT an hour, %s in escrow until %s\n", substr($1, 1, 12), $3, $5, $7, $8 }
  END {
    printf "%d contracts, %.7f TFT an hour; balance %s TFT\n", count, hour, balance
    if (hour > most) { printf "above %s TFT an hour\n", most; bad = 1 }
    if (balance + 0 < least) { printf "below %s TFT\n", least; bad = 1 }
    exit bad
  }'
