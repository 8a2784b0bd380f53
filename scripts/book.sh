#!/usr/bin/env bash
# Makes the guide as a book for the browser, in each language there is: target/book/LANGUAGE/html/index.html.
#
#     cargo install mdbook --version 0.4.52 --locked --root target/tools
#     scripts/book.sh
#
# mdBook is a program of more than 200 crates, so it is installed only where the HTML is wanted. What CI checks is what it is
# made of: `cargo test -p pizzaiolo-book` looks for dead links in the sources that are written here.
set -euo pipefail
cd "$(dirname "$0")/.."

mdbook=target/tools/bin/mdbook
command -v "$mdbook" > /dev/null || mdbook=$(command -v mdbook) || {
    echo "There is no mdbook. To install it:" >&2
    echo "    cargo install mdbook --version 0.4.52 --locked --root target/tools" >&2
    exit 1
}

book=target/book
rm -rf "$book"
languages=$(cargo run --quiet -p pizzaiolo-book -- "$book")
cargo run --quiet -p pizzaiolo-watch --example replays -- "$book/replays"
for language in $languages; do
    cp -r "$book/replays" "$book/$language/src/"
    "$mdbook" build "$book/$language"
    cargo run --quiet -p pizzaiolo-book -- check "$book/$language/html"
    echo "Open $book/$language/html/index.html"
done
