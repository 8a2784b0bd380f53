#!/usr/bin/env bash
#
# What one order costs a server, in figures that repeat from run to run: instructions in user space
# (callgrind) and system calls (strace), of the whole process.
#
# Every figure is a difference: a run with N orders is taken from one with 2 N, so that what happens
# once, at the start and at the end, is in neither.
#
#   benches/instructions.sh            every server and runtime
#   benches/instructions.sh KIND...    these only (of the runtimes, those of the same name)

set -euo pipefail
cd "$(dirname "$0")/.."

cargo build --quiet --profile bench --package pizzaiolo-benches
programs=${CARGO_TARGET_DIR:-target}/release/programs
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
ulimit -n "$(ulimit -Hn)"

kinds=("$@") crowded=("$@") webs=("$@") runtimes=()
# The loops by hand have no tasks.
for kind; do [[ $kind == mio* ]] || runtimes+=("$kind"); done
if ((!$#)); then
    runtimes=(pizzaiolo tokio tokio-local tokio-localset smol localpool monoio)
    kinds=(mio mio-drain pizzaiolo tokio tokio-local tokio-localset smol localpool monoio)
    # Enough to see whether ours grows faster than the floor: this takes minutes a server.
    crowded=(mio pizzaiolo tokio)
    webs=(pizzaiolo tokio tokio-local tokio-localset smol)
fi
# What a session runs of the programs, and the server's limit if that is not the count.
server=server load=load last=

have() { command -v "$1" > "$scratch/path"; }
have valgrind || echo "valgrind is missing: no instructions are counted."
have strace || echo "strace is missing: no system calls are counted."

# session LIMIT KIND COUNT CLIENTS LOAD-FLAGS... -- SERVER-FLAGS...
#
# Lets CLIENTS clients make COUNT orders from a server of that KIND, which runs under the command in
# `counter`, and waits for its end. LIMIT says what the server counts: orders or connections.
session() {
    local limit=$1 kind=$2 count=$3 clients=$4 flags=() address
    shift 4
    while [[ $1 != -- ]]; do
        flags+=("$1")
        shift
    done
    shift
    exec 3< <("${counter[@]}" "$programs" "$server" "$kind" 127.0.0.1:0 "--$limit" "${last:-$count}" "$@")
    read -r -u 3 _ _ address
    "$programs" "$load" "$address" --clients "$clients" --orders "$count" "${flags[@]}"
    cat <&3 > "$scratch/server"
    exec 3<&-
}

# The three things that can be counted in a session.

instructions() {
    have valgrind || return 0
    local counter=(valgrind --quiet --tool=callgrind "--callgrind-out-file=$scratch/callgrind")
    session "$@"
    awk '/^totals:/ { print $2 }' "$scratch/callgrind"
}

system_calls() {
    have strace || return 0
    local counter=(strace -f -c -U calls,name -o "$scratch/strace")
    session "$@"
    awk '$NF == "total" { print $1 }' "$scratch/strace"
}

nanoseconds() {
    local counter=()
    session "$@"
    awk '/^processor time:/ { print $3 }' "$scratch/server"
}

# per_order WHAT DIGITS LIMIT KIND COUNT CLIENTS FLAGS...
per_order() {
    local what=$1 digits=$2 limit=$3 kind=$4 count=$5 once twice
    shift 5
    once=$("$what" "$limit" "$kind" "$count" "$@")
    twice=$("$what" "$limit" "$kind" "$((2 * count))" "$@")
    awk -v once="$once" -v twice="$twice" -v count="$count" -v digits="$digits" 'BEGIN {
        if (once == "") print "-"; else printf "%.*f\n", digits, (twice - once) / count
    }'
}

# The median of the numbers in a file.
median() { sort -n "$1" | awk '{ all[NR] = $1 } END { print all[int((NR + 1) / 2)] }'; }

# The median of three: how often a server tries to read and finds nothing depends on the moment.
thrice() {
    for _ in 1 2 3; do "$@"; done > "$scratch/three"
    median "$scratch/three"
}

# row CELL...
row() { printf '|%s\n' "$(printf ' %s |' "$@")"; }

# step CASE RUNTIME COUNT: instructions of the executor's own step.
step() {
    local once twice counts=()
    have valgrind || { echo -; return 0; }
    for count in "$3" "$((2 * $3))"; do
        valgrind --quiet --tool=callgrind "--callgrind-out-file=$scratch/callgrind" \
            "$programs" steps "$1" "$2" "$count"
        counts+=("$(awk '/^totals:/ { print $2 }' "$scratch/callgrind")")
    done
    once=${counts[0]} twice=${counts[1]}
    awk -v once="$once" -v twice="$twice" -v count="$3" 'BEGIN { printf "%.0f\n", (twice - once) / count }'
}

echo
echo "Instructions of the executor's own steps."
echo
row runtime "yield of block_on's future" "yield of a task" "spawn + join of an empty task" \
    "timer made, armed, cancelled"
row --- --- --- --- ---
for runtime in "${runtimes[@]}"; do
    row "$runtime" "$(step yield "$runtime" 20000)" "$(step task-yield "$runtime" 20000)" \
        "$(step spawn "$runtime" 20000)" "$(step timer "$runtime" 20000)"
done

echo
echo "One order, 64 connections in a closed loop; with slow clients, who think for 20 ms before"
echo "they order again; and over a connection that makes one order and leaves, set_nodelay included."
echo
row server instructions "system calls" "instructions, slow" "system calls, slow" \
    "instructions, one-shot" "system calls, one-shot"
row --- --- --- --- --- --- ---
for kind in "${kinds[@]}"; do
    row "$kind" \
        "$(per_order instructions 0 orders "$kind" 20000 64 --)" \
        "$(thrice per_order system_calls 2 orders "$kind" 10000 64 --)" \
        "$(per_order instructions 0 orders "$kind" 3200 64 --slow --)" \
        "$(thrice per_order system_calls 2 orders "$kind" 3200 64 --slow --)" \
        "$(per_order instructions 0 connections "$kind" 5000 64 --one-shot -- --nodelay)" \
        "$(thrice per_order system_calls 2 connections "$kind" 5000 64 --one-shot -- --nodelay)"
done

# per_request KIND: instructions of one request. The server ends with its connections, as many in both runs.
per_request() {
    local server=web load=web-load last=32
    per_order instructions 0 connections "$1" 10000 32 --
}

echo
echo "One request to hyper's hello world, 32 connections in a closed loop."
echo
row server instructions
row --- ---
for kind in "${webs[@]}"; do
    row "$kind" "$(per_request "$kind")"
done

echo
if (($(ulimit -n) < 10100)); then
    echo "10,000 connections are left out: only $(ulimit -n) descriptors are allowed."
    exit
fi
# Processor time is the one figure here that a busy machine moves: so the servers take turns, and of
# seven rounds the median counts.
for _ in 1 2 3 4 5 6 7; do
    for kind in "${crowded[@]}"; do
        for clients in 64 10000; do
            per_order nanoseconds 0 orders "$kind" 200000 "$clients" -- >> "$scratch/$kind-$clients"
        done
    done
done

echo "One order at 10,000 connections against 64, all of them in a closed loop."
echo
row server "instructions, 64" "instructions, 10,000" growth "processor ns, 64" "processor ns, 10,000" growth
row --- --- --- --- --- --- ---
# growth DIGITS SMALL LARGE
growth() { awk -v small="$2" -v large="$3" -v digits="$1" 'BEGIN { printf "%.*f\n", digits, large / small }'; }
for kind in "${crowded[@]}"; do
    small=$(per_order instructions 0 orders "$kind" 20000 64 --)
    large=$(per_order instructions 0 orders "$kind" 20000 10000 --)
    fast=$(median "$scratch/$kind-64")
    slow=$(median "$scratch/$kind-10000")
    row "$kind" "$small" "$large" "$(growth 3 "$small" "$large")" \
        "$fast" "$slow" "$(growth 2 "$fast" "$slow")"
done
