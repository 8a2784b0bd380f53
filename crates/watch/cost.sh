#!/usr/bin/env bash
#
# What an order costs the watched thread, in instructions of user space: without an observer; with the
# page served and no browser; with one browser; with a hundred. Each figure is a difference: a run with N
# orders is taken from one with 2 N. It needs valgrind.

set -euo pipefail
cd "$(dirname "$0")/../.."

cargo build --quiet --release --package pizzaiolo-watch --example cost
cost=${CARGO_TARGET_DIR:-target}/release/examples/cost
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
orders=2000

# count ORDERS [BROWSERS]: the instructions of the main thread.
count() {
    rm -f "$scratch"/*
    valgrind --quiet --tool=callgrind --separate-threads=yes --fair-sched=yes \
        "--callgrind-out-file=$scratch/callgrind" "$cost" "$@"
    awk '/^totals:/ { print $2 }' "$scratch/callgrind-01"
}

row() {
    local name=$1 once twice
    shift
    once=$(count "$orders" "$@")
    twice=$(count $((2 * orders)) "$@")
    echo "| $name | $(((twice - once) / orders)) |"
}

echo "| watched by | instructions of an order |"
echo "|---|---|"
row "none"
row "the page is served, no browser" 0
row "one browser" 1
row "100 browsers" 100
