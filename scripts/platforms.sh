#!/usr/bin/env bash
# Checks the library on other systems, and with the oldest toolchain and the oldest dependencies that it
# says it supports; at the end, a table. It needs rustup, which installs what is missing. Nothing is linked or
# run, so no other system and no cross compiler is needed.
#
#     scripts/platforms.sh [TARGET...]
set -uo pipefail
cd "$(dirname "$0")/.."

targets=("$@")
if [ ${#targets[@]} -eq 0 ]; then
    targets=(
        aarch64-apple-darwin
        aarch64-unknown-linux-gnu
        armv7-unknown-linux-gnueabihf
        i686-unknown-linux-gnu
        powerpc64le-unknown-linux-gnu
        riscv64gc-unknown-linux-gnu
        s390x-unknown-linux-gnu
        x86_64-pc-windows-gnu
        x86_64-unknown-freebsd
        x86_64-unknown-linux-musl
    )
fi
msrv=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
dir=target/platforms
mkdir -p "$dir"
table="| what | library | warnings |\n|---|---|---|\n"
failed=0

# Runs a command, and adds a row: what, whether it succeeds, and how many warnings it gives.
row() {
    local what=$1 log="$dir/$1.log" result warnings
    shift
    if "$@" > "$log" 2>&1; then result=builds; else result="fails, see $log" failed=1; fi
    # The sum of what cargo counts, for each target of the package.
    warnings=$(sed -n 's|.*generated \([0-9]*\) warning.*|\1|p' "$log" | awk '{ sum += $1 } END { print sum + 0 }')
    table+="| $what | $result | $warnings |\n"
}

for target in "${targets[@]}"; do
    if rustup target add "$target" > "$dir/$target.log" 2>&1; then
        row "$target" cargo check -p pizzaiolo --lib --all-features --target "$target" --target-dir "$dir"
    else
        table+="| $target | no std for it | |\n"
    fi
done
if rustup toolchain install "$msrv" --profile minimal > "$dir/msrv.log" 2>&1; then
    row "Rust $msrv" cargo "+$msrv" check -p pizzaiolo --lib --all-features --target-dir "$dir/msrv"
fi
printf "$table"
exit $failed
