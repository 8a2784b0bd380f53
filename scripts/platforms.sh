#!/usr/bin/env bash
# Builds this crate for other systems and runs its tests there as far as one Debian machine can: with the
# oldest toolchain, on 32 bits, on a big-endian machine (under qemu), on Windows (under wine), under
# ThreadSanitizer, and with a count of the lines that the tests reach. At the end, a table.
#
#     sudo scripts/platforms.sh [JOB...]
#
# The jobs are the functions `job_…` of `platforms/inside.sh`; without any, all of them. It needs Debian's
# debootstrap, which makes a Debian of its own in `target/platforms` (about 6 GB, once), with Rust 1.85 and all
# compilers and emulators. Nothing of the machine itself is changed: the mounts belong to this process and go with
# it. PLATFORMS_ROOT puts it elsewhere.
set -euo pipefail
cd "$(dirname "$0")/.."
repository=$PWD root=${PLATFORMS_ROOT:-$PWD/target/platforms}

packages=(
    ca-certificates gcc libc6-dev procps
    rustc cargo rust-src
    # i686.
    gcc-i686-linux-gnu libc6-dev-i386-cross
    # s390x, and the emulator of the processor.
    gcc-s390x-linux-gnu libc6-dev-s390x-cross qemu-user
    # Windows.
    gcc-mingw-w64-x86-64 wine wine64
    # The sanitizer's library; coverage.
    libclang-rt-19-dev llvm-19
)

in_debian() { chroot "$root" env -i HOME=/root LANG=C.UTF-8 PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"; }

# Makes the Debian, once.
make_debian() {
    mkdir -p "$root"
    debootstrap --variant=minbase trixie "$root"
    # A machine behind a proxy may trust a certificate of its own.
    if compgen -G "/usr/local/share/ca-certificates/*.crt"; then
        mkdir -p "$root/usr/local/share/ca-certificates"
        cp /usr/local/share/ca-certificates/*.crt "$root/usr/local/share/ca-certificates"
    fi
    in_debian apt-get update
    in_debian DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends "${packages[@]}"
    in_debian update-ca-certificates
    mkdir -p "$root/src" "$root/build"
    touch "$root/made"
}

if [ "${PLATFORMS_MOUNTED:-}" != yes ]; then
    # A view of the mounts of its own, so that they go with this process.
    exec env PLATFORMS_MOUNTED=yes unshare --mount --propagation private "$repository/scripts/platforms.sh" "$@"
fi
mkdir -p "$root"/{proc,dev,src}
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
[ -e "$root/made" ] || make_debian
cp /etc/resolv.conf "$root/etc/resolv.conf"
mount --bind "$repository" "$root/src"
mount -o remount,ro,bind "$root/src"
in_debian /src/scripts/platforms/inside.sh "$@"
