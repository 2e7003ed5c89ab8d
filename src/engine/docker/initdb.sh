# Makes a data directory at /pgrehearse/kept.tar, or at /pgrehearse/kept where the image has no tar, and the directories that a
# sandbox mounts over. Runs as root in a container that has no network and never sees a dump. Its parameters come in the environment, never as text of the script.
# Exit codes: 91 a locale cannot be made in this image, 92 there is no initdb in it, 93 initdb refused.
set -eu

for dir in /usr/lib/postgresql/*/bin /usr/local/bin; do
    PATH="$PATH:$dir"
done
export PATH
command -v initdb > /dev/null || { echo "there is no initdb in this image" >&2; exit 92; }

# Locale names are compared as glibc does: en_US.UTF-8 is en_US.utf8.
plain() { printf '%s' "$1" | tr 'A-Z' 'a-z' | tr -d '-'; }
has_locale() {
    case "$(plain "$1")" in c | posix | c.utf8) return 0 ;; esac
    [ -n "$(command -v localedef)" ] || return 1
    for have in $(locale -a 2> /dev/null); do
        [ "$(plain "$have")" = "$(plain "$1")" ] && return 0
    done
    return 1
}
for wanted in $PGREHEARSE_LOCALES; do
    has_locale "$wanted" && continue
    [ -n "$(command -v localedef)" ] || { echo "the image has no locale $wanted and it has no localedef to make it with" >&2; exit 91; }
    # en_US.ISO-8859-1@euro: the language and modifier name the source, the middle names the character map.
    modifier="" charset=ISO-8859-1 language="$wanted"
    case "$language" in *@*) modifier="@${language#*@}" language="${language%%@*}" ;; esac
    case "$language" in *.*) charset="${language#*.}" language="${language%%.*}" ;; esac
    case "$(plain "$charset")" in utf8) charset=UTF-8 ;; esac
    localedef -c -i "$language$modifier" -f "$charset" "$wanted" >&2 || true
    has_locale "$wanted" || { echo "the image has no locale $wanted and localedef cannot make it" >&2; exit 91; }
done

# What is mounted over the last two takes their mode.
mkdir -p /pgrehearse/kept /pgrehearse/data /pgrehearse/socket
chmod 1777 /pgrehearse/data /pgrehearse/socket
chown postgres /pgrehearse/kept
# PostgreSQL 17 and older have no such option, and no checksums where nothing asks for them.
if [ "$PGREHEARSE_NO_CHECKSUMS" ] && initdb --help | grep -q -e --no-data-checksums; then
    PGREHEARSE_OPTIONS="$PGREHEARSE_OPTIONS --no-data-checksums"
    export PGREHEARSE_OPTIONS
fi
# initdb refuses to run as root.
su postgres -s /bin/sh -c "$(command -v initdb)"' \
    --pgdata=/pgrehearse/kept --no-sync --auth=trust --username="$PGREHEARSE_SUPERUSER" \
    --encoding="$PGREHEARSE_ENCODING" $PGREHEARSE_OPTIONS' > /tmp/initdb.log 2>&1 \
    || { cat /tmp/initdb.log >&2; exit 93; }
rm -f /tmp/initdb.log
# One large file comes out of an image's layers much faster than a thousand small ones.
if command -v tar > /dev/null; then
    tar -c -f /pgrehearse/kept.tar -C /pgrehearse/kept .
    rm -rf /pgrehearse/kept
fi
