#!/usr/bin/env bash
# Fuzzes one target for FUZZ_SECONDS with FUZZ_JOBS processes that share one corpus; `make fuzz` calls it.
#
#     fuzz/run.sh build/fuzz sql_normalize
#
# The working corpus grows in build/fuzz/corpus/<target>, from the kept one and the seeds. Prints each
# process's figures; fails where a process found something, which lies in build/fuzz/finds then.
#
# With FUZZ_RUNS instead of seconds that many inputs are tried, and the same ones each time: so a check of each change
# fails for that change alone. Then the working corpus is left as it is.
set -euo pipefail
folder=$1 target=$2
kept=$(dirname "$0")/corpus/$target
logs=$folder/logs/$target
mkdir -p "$folder/corpus/$target" "$folder/finds" "$logs" "$kept"
rm -f "$logs"/*

command=("$folder/$target" -max_total_time="${FUZZ_SECONDS:-60}" "$folder/corpus/$target" "$kept" "$folder/seeds/$target")
if [ -n "${FUZZ_RUNS:-}" ]; then
    # What libFuzzer tries depends on the order of the inputs and on the addresses of what the target compares.
    find "$kept" "$folder/seeds/$target" -type f | LC_ALL=C sort | paste -sd, | tr -d '\n' >"$folder/inputs-$target"
    command=(setarch -R "$folder/$target" -runs="$FUZZ_RUNS" -seed=1 -seed_inputs="@$folder/inputs-$target")
fi

fuzz_once() { # fuzz_once NUMBER
    "${command[@]}" -max_len=600 -timeout=10 -print_final_stats=1 -dict="$folder/sql.dict" \
        -artifact_prefix="$folder/finds/$target-" >"$logs/$1" 2>&1
}

processes=()
for number in $(seq "${FUZZ_JOBS:-1}"); do
    fuzz_once "$number" &
    processes+=($!)
done
failures=0
for process in "${processes[@]}"; do
    wait "$process" || failures=$((failures + 1))
done
for log in "$logs"/*; do
    coverage=$(grep -ao 'cov: [0-9]*' "$log" | tail -1)
    executions=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
    echo "$target: process ${log##*/}: $executions executions, ${coverage:-no figures} edges," \
        "$(sed -n 's/^Done .* in \([0-9]*\) second.*/\1/p' "$log") s"
    grep -aE 'broken:|ERROR: |SUMMARY: |Test unit written' "$log" || true
done
[ "$failures" -eq 0 ] || { echo "$target: $failures processes found something: $logs"; exit 1; }
