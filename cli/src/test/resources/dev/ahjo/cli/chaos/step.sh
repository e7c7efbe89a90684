# The step of a chaos build: step.sh RECORD LINES PAUSE CODE. Writes what it prints to a file beside,
# and its start, every line and its end to the record of its worker.
record=$1 lines=$2 pause=$3 code=$4
proof=$record/proof-$AHJO_BUILDER-$AHJO_NUMBER

say() {
  read -r up idle </proc/uptime
  printf '{"t":%s0000000,"p":"%s","k":"event","f":"%s","id":"%s"%s}\n' \
    "${up%.*}${up#*.}" "$AHJO_WORKER" "$1" "$AHJO_BUILD" "$2" >>"$record/$AHJO_WORKER.jsonl"
}

say start
i=0
while [ $i -lt "$lines" ]; do
  i=$((i + 1))
  if ! printf 'line %d of %s on %s\n' $i "$AHJO_BUILD" "$AHJO_WORKER"; then
    say end ',"result":"74"' # a full disk: how much of the line was kept is not known
    exit 74
  fi
  printf 'line %d of %s on %s\n' $i "$AHJO_BUILD" "$AHJO_WORKER" >>"$proof"
  say beat
  sleep "$pause"
done
sum=$(sha256sum <"$proof")
say end ",\"result\":\"$code\",\"sha256\":\"${sum%% *}\""
exit "$code"
