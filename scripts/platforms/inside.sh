#!/usr/bin/env bash
# What `scripts/platforms.sh` runs inside its Debian. The repository is in /src, all that is built in /build.
#
# Debian has the standard library for its own processor only. For every other target it is built from source,
# which is a feature of nightly toolchains that RUSTC_BOOTSTRAP=1 allows. (Tests of the documentation are not run
# for another target: Rust 1.85 cannot.)
set -uo pipefail
cd /src
# No debug information and one job: several targets fit on a small disk and into little memory.
export CARGO_PROFILE_DEV_DEBUG=0 CARGO_INCREMENTAL=0 CARGO_TERM_COLOR=never
mkdir -p /build/logs
table="| system | how | result |
|---|---|---|"
failed=0

# row SYSTEM HOW RESULT
row() {
    table+=$'\n'"| $1 | $2 | $3 |"
    printf '== %s: %s\n' "$1" "$3"
}

# Adds up the lines `test result: …` of a log.
count() {
    awk '/^test result:/ { passed += $4; failed += $6; ignored += $8; programs++ }
        END { printf "%d passed, %d failed, %d not run, in %d programs", passed, failed, ignored, programs }' "$1"
}

# The tests of a file of `NAME REASON` lines, as flags that leave them out.
left_out() { sed -n 's/^\([^# ][^ ]*\).*/--skip \1/p' "$1" 2> /build/logs/left_out; }

# How many tests were left out with these flags.
say_left_out() { if [ $# -gt 0 ]; then printf ', %d left out' $(($# / 2)); fi; }

# tested SYSTEM HOW LOG COMMAND... : runs tests, and adds a row.
tested() {
    local system=$1 how=$2 name=$3 log=/build/logs/$3.log result
    shift 3
    if timeout 3600 "$@" > "$log" 2>&1; then
        result="$(count "$log")"
    elif grep -q '^test result:' "$log"; then
        result="$(count "$log"): see $name.log" failed=1
    else
        result="does not build: see $name.log" failed=1
    fi
    row "$system" "$how" "$result"
}

# checked SYSTEM TARGET [CARGO-FLAGS...] : type-checks without a warning, and adds a row. Nothing is linked.
checked() {
    local system=$1 target=$2 log=/build/logs/$2.log result=checked
    shift 2
    RUSTFLAGS="-D warnings" RUSTC_BOOTSTRAP=1 timeout 3600 cargo check --locked -Zbuild-std --target "$target" \
        --target-dir /build/check -p pizzaiolo --all-features "$@" > "$log" 2>&1 ||
        { result="refused: see $target.log" failed=1; }
    row "$system" "type check, ${*:-the library}, no warnings" "$result"
}

# The packages whose tests are run: the crate, the pizza server, the ladder.
packages=(-p pizzaiolo -p pizza-server -p ladder -p ladder-with-mio -p ladder-with-pizzaiolo)

# cargo_test TARGET [FLAGS...] : tests for another target, with its standard library from source.
cargo_test() {
    local target=$1
    shift
    RUSTC_BOOTSTRAP=1 cargo test --locked --no-fail-fast -Zbuild-std --target "$target" --target-dir "/build/$target" \
        --all-features "$@"
}
export -f cargo_test

job_msrv() {
    tested "Linux, x86-64, Rust $(rustc --version | cut -d ' ' -f 2)" "natively" msrv \
        cargo test --locked --no-fail-fast --target-dir /build/msrv "${packages[@]}" --all-features
}

job_i686() {
    # The processor runs it as it is, once its loader and libraries are found.
    ln -sf /usr/i686-linux-gnu/lib/ld-linux.so.2 /lib/ld-linux.so.2
    echo /usr/i686-linux-gnu/lib > /etc/ld.so.conf.d/i686.conf
    ldconfig
    export CARGO_TARGET_I686_UNKNOWN_LINUX_GNU_LINKER=i686-linux-gnu-gcc
    tested "Linux, i686 (32 bits)" "natively" i686 \
        bash -c 'cargo_test i686-unknown-linux-gnu "$@"' bash "${packages[@]}"
}

job_s390x() {
    export CARGO_TARGET_S390X_UNKNOWN_LINUX_GNU_LINKER=s390x-linux-gnu-gcc
    export CARGO_TARGET_S390X_UNKNOWN_LINUX_GNU_RUNNER="qemu-s390x -L /usr/s390x-linux-gnu"
    local out
    read -ra out <<< "$(left_out scripts/platforms/qemu.txt | xargs)"
    # The other test programs start programs of the target: the emulator runs one, and not those that it starts.
    local programs=(--lib --test core --test io --test observe --test pizza_parts)
    tested "Linux, s390x (big-endian)" "qemu, without the tests that start programs$(say_left_out "${out[@]}")" s390x \
        bash -c 'cargo_test s390x-unknown-linux-gnu "$@"' bash -p pizzaiolo "${programs[@]}" -- \
        --test-threads 2 "${out[@]}"
}

# The two objects at the beginning and the end of each program, which no crate has.
windows_startup() {
    local lib name
    lib=$(rustc --print sysroot)/lib/rustlib
    mkdir -p "$lib/x86_64-pc-windows-gnu/lib"
    for name in rsbegin rsend; do
        RUSTC_BOOTSTRAP=1 rustc --target x86_64-pc-windows-gnu --emit obj -O \
            -o "$lib/x86_64-pc-windows-gnu/lib/$name.o" "$lib/src/rust/library/rtstartup/$name.rs" || return
    done
}

job_windows() {
    windows_startup > /build/logs/startup.log 2>&1
    export CARGO_TARGET_X86_64_PC_WINDOWS_GNU_LINKER=x86_64-w64-mingw32-gcc
    export CARGO_TARGET_X86_64_PC_WINDOWS_GNU_RUNNER=wine WINEDEBUG=-all WINEPREFIX=/build/wine
    # One server for all tests, started once.
    wine wineboot --init > /build/logs/wine.log 2>&1
    wineserver --persistent=600
    local out
    read -ra out <<< "$(left_out scripts/platforms/wine.txt | xargs)"
    tested "Windows, x86-64" "wine$(say_left_out "${out[@]}")" windows \
        bash -c 'cargo_test x86_64-pc-windows-gnu "$@"' bash "${packages[@]}" -- --test-threads 2 "${out[@]}"
    wineserver --kill
}

job_check() {
    checked "Linux, aarch64" aarch64-unknown-linux-gnu
    checked "Linux, armv7" armv7-unknown-linux-gnueabihf
    checked "Linux, riscv64" riscv64gc-unknown-linux-gnu
    checked "Linux, powerpc (32 bits, big-endian)" powerpc-unknown-linux-gnu
    checked "macOS, aarch64" aarch64-apple-darwin --lib --tests --examples
    checked "FreeBSD, x86-64" x86_64-unknown-freebsd --lib --tests --examples
}

job_wasm() {
    local log=/build/logs/wasm.log result="refused, with an error that says why"
    RUSTC_BOOTSTRAP=1 cargo check --locked -Zbuild-std --target wasm32-unknown-unknown --target-dir /build/check \
        -p pizzaiolo > "$log" 2>&1
    # The first error; those after it follow from what is not there.
    grep '^error' "$log" | head -1 | grep -q "pizzaiolo does not build for this target" ||
        { result="another error: see wasm.log" failed=1; }
    row wasm "type check" "$result"
}

# Two jobs have scripts of their own.
job_tsan() { . scripts/platforms/sanitize.sh; }
job_coverage() { . scripts/platforms/coverage.sh; }

jobs=("$@")
[ ${#jobs[@]} -gt 0 ] || jobs=(msrv i686 s390x windows check wasm tsan coverage)
for job in "${jobs[@]}"; do "job_$job"; done
printf '\n%s\n' "$table" | tee /build/logs/table.md
exit $failed
