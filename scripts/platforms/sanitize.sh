# Part of `inside.sh`: what crosses threads, under ThreadSanitizer. It looks at each access to memory, so std is
# built with it too. Debian's rustc has no library of the sanitizer. clang's is the same; it has to come first in
# the linker's list, where no flag of rustc puts it.

sanitizer=/usr/lib/llvm-19/lib/clang/19/lib/linux/libclang_rt.tsan-x86_64.a
cat > /build/cc-tsan << END
#!/bin/sh
exec cc -Wl,--whole-archive,$sanitizer,--no-whole-archive -rdynamic "\$@" -lm -lc
END
chmod +x /build/cc-tsan
export CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_LINKER=/build/cc-tsan
export CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_RUSTFLAGS="-Zsanitizer=thread -Zexternal-clangrt"

# Queues, wakers, handles of other threads: all tests of the executor.
tested ThreadSanitizer "natively, std from source too" tsan \
    bash -c 'cargo_test x86_64-unknown-linux-gnu "$@"' bash -p pizzaiolo --lib --test core
row ThreadSanitizer "what it reports" "$(grep -c '^WARNING: ThreadSanitizer' /build/logs/tsan.log) races"
unset CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_LINKER CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_RUSTFLAGS
