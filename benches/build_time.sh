#!/usr/bin/env bash
#
# How long does a cold release build take of a crate that depends on pizzaiolo and on nothing else,
# against one that depends on tokio with rt, net, time and io-util?
#
# Each crate is empty but for its dependency, has a scratch target directory of its own, and its
# crates are fetched before the clock starts. Two jobs; the two take turns, so that both meet the same
# machine; five rounds, the median of each.

set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# empty_crate NAME DEPENDENCY
empty_crate() {
    mkdir -p "$scratch/$1/src"
    cat > "$scratch/$1/Cargo.toml" << END
[package]
name = "$1"
edition = "2024"
[dependencies]
$2
[workspace]
END
    echo "fn main() {}" > "$scratch/$1/src/main.rs"
    cargo fetch --quiet --manifest-path "$scratch/$1/Cargo.toml"
}

# seconds NAME: one build, from nothing
seconds() {
    rm -rf "$scratch/target"
    local start end
    start=$(date +%s%N)
    cargo build --quiet --release --offline --jobs 2 \
        --manifest-path "$scratch/$1/Cargo.toml" --target-dir "$scratch/target"
    end=$(date +%s%N)
    awk -v start="$start" -v end="$end" 'BEGIN { printf "%.2f\n", (end - start) / 1e9 }'
}

empty_crate on-pizzaiolo "pizzaiolo = { path = \"$root\" }"
empty_crate on-tokio 'tokio = { version = "1.54", features = ["rt", "net", "time", "io-util"] }'

for _ in 1 2 3 4 5; do
    seconds on-pizzaiolo >> "$scratch/ours"
    seconds on-tokio >> "$scratch/tokios"
done
ours=$(sort -n "$scratch/ours" | sed -n 3p)
tokios=$(sort -n "$scratch/tokios" | sed -n 3p)
echo "| a crate on | cold release build, s | against tokio |"
echo "|---|---|---|"
echo "| pizzaiolo | $ours | $(awk -v a="$ours" -v b="$tokios" 'BEGIN { printf "%.2f", a / b }') |"
echo "| tokio | $tokios | 1 |"
