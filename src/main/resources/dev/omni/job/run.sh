# Runs one job for Omni. $1 its directory, $2 the time limit in seconds, $3 the working directory or nothing,
# $4 stdin (closed, open, file), $5 the command, $6 what Omni wants to know of the job when its session is gone.
# Every variable has our prefix: one that the environment already has would reach the command with our value.
_omni_dir=$1 _omni_limit=$2 _omni_cwd=$3 _omni_stdin=$4 _omni_command=$5
_omni_umask=$(umask) _omni_began=$(date +%s)
umask 077

# A request can reach the sandbox twice when a proxy repeats it; the directory lets only the first through.
mkdir -p -- "$_omni_dir" && mkdir -- "$_omni_dir/lock" 2>/dev/null || exit 125
chmod 700 -- "$_omni_dir"
printf '%s\n' "$6" >"$_omni_dir/job"

# Variables that must not stand in the command's text. They are of no more use once they are in the environment.
[ ! -r "$_omni_dir/env" ] || . "$_omni_dir/env"
rm -f -- "$_omni_dir/env"

# How it ended, for whoever asks later: exited, timed_out or cancelled, and when.
ended() { printf '%s %s\n' "$1" "$(date +%s)" >"$_omni_dir/end.new" && mv -- "$_omni_dir/end.new" "$_omni_dir/end"; }
refuse() { printf 'omni: %s\n' "$1" >&2; ended exited; exit "$2"; }

# Other implementations of timeout lead no group, so that neither a limit nor a cancel would reach the command.
command -v setsid >/dev/null && timeout --version 2>/dev/null | grep -q coreutils ||
  refuse 'this sandbox lacks setsid, or the timeout of GNU coreutils' 126
case $_omni_stdin in
  closed) exec </dev/null ;;
  file) exec <"$_omni_dir/stdin" ;;
esac
# A relative one must not be taken for an option, nor - for the directory before.
case $_omni_cwd in '' | /*) ;; *) _omni_cwd=./$_omni_cwd ;; esac
[ -z "$_omni_cwd" ] || cd -- "$_omni_cwd" 2>/dev/null || refuse "cannot enter the working directory $_omni_cwd" 126
_omni_shell=$(command -v bash || command -v sh)

# setsid makes the process group that a cancel ends; timeout leads it, and its number is what the inner shell sees as
# its parent. The exit file says that the command ended by itself.
setsid timeout -k 5 "$_omni_limit" sh -c '
  _omni_dir=$1 _omni_shell=$2 _omni_command=$3
  echo "$PPID" >"$_omni_dir/group"
  [ ! -e "$_omni_dir/cancel" ] || exit 143
  unset _omni_signalled
  trap "_omni_signalled=1" TERM
  (umask "$4" && exec "$_omni_shell" -c "$_omni_command")
  _omni_code=$?
  [ -n "${_omni_signalled-}" ] || echo "$_omni_code" >"$_omni_dir/exit"
  exit "$_omni_code"
' omni-job "$_omni_dir" "$_omni_shell" "$_omni_command" "$_omni_umask"
_omni_code=$?

# What the command left running in its group ends with it.
_omni_group=$(cat "$_omni_dir/group" 2>/dev/null)
if [ -n "$_omni_group" ] && kill -s TERM -- "-$_omni_group" 2>/dev/null; then
  _omni_tries=20
  while [ "$_omni_tries" -gt 0 ] && kill -s 0 -- "-$_omni_group" 2>/dev/null; do
    _omni_tries=$((_omni_tries - 1))
    sleep 0.1
  done
  kill -s KILL -- "-$_omni_group" 2>/dev/null
fi

# A start that was repeated, and not let through, may have brought it again.
rm -f -- "$_omni_dir/env"
if [ -e "$_omni_dir/exit" ]; then
  ended exited
elif [ -e "$_omni_dir/cancel" ]; then
  ended cancelled
  _omni_code=143
elif [ "$_omni_code" = 124 ] ||
  { [ "$_omni_code" = 137 ] && [ $(($(date +%s) - _omni_began)) -ge "$_omni_limit" ]; }; then
  # 137 after the limit is the KILL that followed it; before, somebody else killed the command.
  ended timed_out
  _omni_code=124
else
  ended exited
fi
exit "$_omni_code"
