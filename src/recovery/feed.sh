# Hands the server's restore_command what is asked for: DIRECTORY. On standard output the name of each file that is asked for, a line
# each; on standard input the answer to each: `here BLOCK COUNT` and COUNT blocks of so many bytes, `absent` or `broken`.
cd "$1" || exit 1
# Both ends of both, so that neither is ever at its end.
exec 3<> ask 4<> answer
while read -r name <&3; do
    echo "$name"
    read -r word block count || exit 1
    if [ "$word" = here ]; then
        dd of=file bs="$block" count="$count" iflag=fullblock 2> dd.log || word=broken
    fi
    echo "$word" >&4
done
