# Runs a server, and stops it when it is told to: FIFO SERVER ARGUMENTS…
stop=$1
shift
"$@" &
server=$!
{ read -r word < "$stop" && kill -INT "$server"; } &
watch=$!
wait "$server"
code=$?
kill "$watch" 2> /dev/null
exit "$code"
