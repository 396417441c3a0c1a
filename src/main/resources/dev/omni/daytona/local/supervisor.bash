# The first process of a local sandbox. Everything else in the sandbox is launched by it.
#
# Requests come on stdin, one per line:
#   launch N          run the script $control/N/run in a process group of its own
#   signal NAME PGID  send a signal to a process group
# Events go to stdout, one per line:
#   started N PGID    the pipes $control/N/in and $control/N/out are there
#   exited N CODE     -1: the process itself, not a child of it, was killed by a signal
# End of input ends the sandbox.

set -m # a process group for each job
control=$1

launch() {
  set -m # not inherited by a subshell
  local code dir=$control/$1
  mkfifo "$dir/in" "$dir/out"
  {
    (
      echo "$BASHPID" >"$dir/pid"
      echo "started $1 $BASHPID"
      . "$dir/run"
    )
    code=$?
  } 2>"$dir/fate"
  # Bash writes here how its own child was killed; what is launched has its stderr elsewhere.
  if [ -s "$dir/fate" ]; then code=-1; fi
  rm -f "$dir/pid"
  echo "exited $1 $code"
}

while read -r request first second; do
  case $request in
    launch) launch "$first" </dev/null & ;;
    signal) kill -s "$first" -- "-$second" 2>/dev/null ;;
  esac
done

for pid in "$control"/*/pid; do
  if [ -f "$pid" ]; then kill -s KILL -- "-$(cat "$pid")" 2>/dev/null; fi
done
wait
