# Measures once for each line that comes in: DIRECTORY… of the sandbox, as its first process sees them.
# Prints `files KIB ENTRIES` for each directory, `open DEVICE INODE BLOCKS` for each file without a name that somebody
# holds open there, and `end`.
root=/proc/1/root
while read -r _; do
    devices=" $(stat -c %d "$root" 2> /dev/null) "
    for directory; do
        devices+="$(stat -c %d "$root$directory" 2> /dev/null) "
        kib=$(du -skx "$root$directory" 2> /dev/null)
        # The sandbox is no more.
        [[ $kib || -e $root/. ]] || exit
        entries=$(find "$root$directory" -xdev 2> /dev/null | wc -l)
        echo "files ${kib%%[!0-9]*} $entries"
    done
    # What has no name any more takes its room until the last who holds it lets go.
    while read -r device inode blocks; do
        [[ $devices == *" $device "* ]] && echo "open $device $inode $blocks"
    done < <(find -L /proc/[0-9]*/fd -maxdepth 1 -type f -links 0 -exec stat -L -c '%d %i %b' {} + 2> /dev/null)
    echo end
done
