# Part of `inside.sh`: what crosses threads, under ThreadSanitizer. It looks at each access to memory, so std is
# built with it too. Debian's rustc has no library of the sanitizer; clang's is the same.

sanitizer=/usr/lib/llvm-19/lib/clang/19/lib/linux/libclang_rt.tsan-x86_64.a
export CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_RUSTFLAGS="-Zsanitizer=thread -Zexternal-clangrt \
    -Clink-arg=-Wl,--whole-archive,$sanitizer,--no-whole-archive -Clink-arg=-lm -Clink-arg=-rdynamic"
# A report is a failure of the test program, also if no test fails.
export TSAN_OPTIONS="halt_on_error=0 exitcode=66 second_deadlock_stack=1"

# Queues, wakers, handles of other threads.
tested "ThreadSanitizer" "natively, std from source" tsan \
    bash -c 'cargo_test x86_64-unknown-linux-gnu "$@"' bash -p pizzaiolo --lib --test wakers --test handles --test executor
reports=$(grep -c '^WARNING: ThreadSanitizer' /build/logs/tsan.log)
row "ThreadSanitizer" "its reports" "$reports"
unset CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_RUSTFLAGS
