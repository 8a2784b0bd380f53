# Part of `inside.sh`: which lines and branches of `src` the tests reach. (The tests of the documentation are not
# counted.) The report of each file is in /build/coverage, of each line too, as HTML.

dir=/build/coverage
rm -rf "$dir"
mkdir -p "$dir"
cover() {
    RUSTC_BOOTSTRAP=1 RUSTFLAGS="-C instrument-coverage -Z coverage-options=branch" \
        LLVM_PROFILE_FILE="$dir/%p-%4m.profraw" cargo test --locked --no-fail-fast --all-features "${packages[@]}" \
        --target-dir /build/covered --lib --bins --tests "$@"
}
# The programs of the examples too, as tests start them.
RUSTC_BOOTSTRAP=1 RUSTFLAGS="-C instrument-coverage -Z coverage-options=branch" cargo build --locked --all-features \
    "${packages[@]}" --target-dir /build/covered --examples > /build/logs/coverage-build.log 2>&1
cover > /build/logs/coverage.log 2>&1
llvm-profdata-19 merge --sparse "$dir"/*.profraw -o "$dir/all.profdata"
objects=()
while read -r program; do
    objects+=(--object "$program")
done < <(cover --no-run --message-format=json 2> "$dir/errors" | sed -n 's/.*"executable":"\([^"]*\)".*/\1/p')
of_src=(--instr-profile "$dir/all.profdata" --ignore-filename-regex '(registry|rustc-|/tests/|/examples/|/crates/)')
llvm-cov-19 report "${objects[@]}" "${of_src[@]}" > "$dir/report.txt"
llvm-cov-19 show "${objects[@]}" "${of_src[@]}" --format html --output-dir "$dir/html" > "$dir/show.log" 2>&1
# The columns of the last line: regions, functions, lines and branches, each as count, missed, share.
read -r lines branches < <(awk '/^TOTAL/ { print $10, $13 }' "$dir/report.txt")
row "Coverage" "$(count /build/logs/coverage.log)" "$lines of the lines, $branches of the branches"
