# Which extensions there are and who may create them, by their control files. Later lines of one win over earlier ones.
# Runs as root. Exit code 94: nobody knows where the extensions are.
set -eu
for dir in /usr/lib/postgresql/*/bin /usr/local/bin; do
    PATH="$PATH:$dir"
done
share=$(su postgres -s /bin/sh -c "$(command -v initdb)"' --show --pgdata=/tmp/pgrehearse' 2>&1 | sed -n 's/^share_path=//p')
[ -d "$share/extension" ] || { echo "initdb names no directory of extensions: $share" >&2; exit 94; }
listed() {
    for one in $2; do
        [ "$one" != "$1" ] || return 0
    done
    return 1
}
# Nothing is trusted before PostgreSQL 13, which does not take the word in control files.
case "$(initdb --version)" in *") 10"* | *") 11"* | *") 12"*) PGREHEARSE_TRUST= PGREHEARSE_RESTRICT="
superuser = true
" ;; esac
for file in "$share"/extension/*.control; do
    name=${file##*/} name=${name%.control}
    # One of a single version adds to the extension's own.
    case "$name" in *--*) continue ;; esac
    if listed "$name" "$PGREHEARSE_REMOVED" || { [ "${PGREHEARSE_ONLY+given}" ] && ! listed "$name" "$PGREHEARSE_ONLY"; }; then
        rm -- "$file"
    elif listed "$name" "$PGREHEARSE_RESTRICTED"; then
        printf '%s' "$PGREHEARSE_RESTRICT" >> "$file"
    elif listed "$name" "$PGREHEARSE_TRUSTED"; then
        printf '%s' "$PGREHEARSE_TRUST" >> "$file"
    fi
done
