# Runs one job for Omni. $1 its directory, $2 the time limit in seconds, $3 the working directory or nothing,
# $4 stdin (closed, open, file), $5 the command, $6 what Omni wants to know of the job when its session is gone.
dir=$1 limit=$2 cwd=$3 stdin=$4 command=$5
umask 077

# A request can reach the sandbox twice when a proxy repeats it; the directory lets only the first through.
mkdir -p -- "$dir" && mkdir -- "$dir/lock" 2>/dev/null || exit 125
printf '%s\n' "$6" >"$dir/job"

# How it ended, for whoever asks later: exited, timed_out or cancelled, and when.
ended() { printf '%s %s\n' "$1" "$(date +%s)" >"$dir/end.new" && mv -- "$dir/end.new" "$dir/end"; }
refuse() { printf 'omni: %s\n' "$1" >&2; ended exited; exit "$2"; }

command -v setsid >/dev/null && command -v timeout >/dev/null || refuse 'this sandbox has no setsid or timeout' 126
case $stdin in
  closed) exec </dev/null ;;
  file) exec <"$dir/stdin" ;;
esac
[ -z "$cwd" ] || cd -- "$cwd" 2>/dev/null || refuse "cannot enter the working directory $cwd" 126
shell=$(command -v bash || command -v sh)

# setsid makes the process group that a cancel ends; timeout leads it, and its number is what the inner shell sees as
# its parent. The exit file says that the command ended by itself.
setsid timeout -k 5 "$limit" sh -c '
  dir=$1 shell=$2 command=$3
  echo "$PPID" >"$dir/group"
  [ ! -e "$dir/cancel" ] || exit 143
  unset signalled
  trap "signalled=1" TERM
  "$shell" -c "$command"
  code=$?
  [ -n "${signalled-}" ] || echo "$code" >"$dir/exit"
  exit "$code"
' omni-job "$dir" "$shell" "$command"
code=$?

# What the command left running in its group ends with it.
group=$(cat "$dir/group" 2>/dev/null)
if [ -n "$group" ] && kill -s TERM -- "-$group" 2>/dev/null; then
  tries=20
  while [ "$tries" -gt 0 ] && kill -s 0 -- "-$group" 2>/dev/null; do
    tries=$((tries - 1))
    sleep 0.1
  done
  kill -s KILL -- "-$group" 2>/dev/null
fi

if [ -e "$dir/exit" ]; then
  ended exited
elif [ -e "$dir/cancel" ]; then
  ended cancelled
  code=143
elif [ "$code" = 124 ] || [ "$code" = 137 ]; then
  ended timed_out
  code=124
else
  ended exited
fi
exit "$code"
