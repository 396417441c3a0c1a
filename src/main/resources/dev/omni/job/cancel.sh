# Ends a job of Omni. $1 its directory. The mark comes first, so that a job which has not yet written its group sees it.
dir=$1
mkdir -p -- "$dir" && : >"$dir/cancel" || exit 1
group=$(cat "$dir/group" 2>/dev/null)
[ -n "$group" ] || exit 0
# timeout, which leads the group, passes the TERM on and follows it with a KILL.
kill -s TERM -- "-$group" 2>/dev/null || true
