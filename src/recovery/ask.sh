# The server's restore_command: DIRECTORY NAME PATH. PostgreSQL takes the codes 1 to 125 for "there is no such file", and ends the
# recovery at any above 128 (RestoreArchivedFile in src/backend/access/transam/xlogarchive.c).
echo "$2" > "$1/ask" && read -r word < "$1/answer" || exit 201
case "$word" in
    here) mv "$1/file" "$3" || exit 202 ;;
    absent) exit 1 ;;
    *) exit 200 ;;
esac
