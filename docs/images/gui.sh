# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# gui.sh - drives a real Wireshark on a display of its own, for take-screenshots. Source it.
#
#   gui_open                    a display and a home for nobody, with the plugin of $OPTRAIL_BUILD and
#                               the profile Optrail; sets $gui_dir, which Wireshark can read
#   gui_wireshark ARGUMENT...   starts Wireshark and waits for its main window
#   gui_keys KEY...             presses keys (xdotool's names) in the window below the pointer
#   gui_click X Y [BUTTON]      clicks there
#   gui_scroll N                turns the wheel below the pointer: N notches of three lines
#   gui_wait TITLE              waits for a window whose title holds that; prints its number
#   gui_place WINDOW X Y W H    moves and resizes a window, and puts the pointer into it
#   gui_shot NAME [WINDOW]      docs/images/NAME.png of a window, or of the whole display
#   gui_quit                    ends Wireshark, for the next one
#   gui_close                   ends everything
#
# $gui_extcap: a folder of extcap programs for Wireshark to see (none).
# As root Wireshark loads no personal plugins: root becomes nobody for it. Every wait ends when what
# it waits for is there, and fails after a minute.

: "${OPTRAIL_SOURCE:=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)}"
: "${OPTRAIL_BUILD:=$OPTRAIL_SOURCE/build}"
gui_width=1280 gui_height=860

gui_fail() {
    echo "take-screenshots: $*" >&2
    if [ -n "${DISPLAY:-}" ] && import -window root "${TMPDIR:-/tmp}/take-screenshots.png" 2>/dev/null; then
        echo "what is on the display: ${TMPDIR:-/tmp}/take-screenshots.png" >&2
    fi
    exit 1
}

gui_open() {
    local tool
    for tool in wireshark Xvfb xdotool import convert; do
        command -v "$tool" >/dev/null ||
            gui_fail "$tool is not installed: cmake/install-packages pictures"
    done
    [ -e "$(echo "$OPTRAIL_BUILD"/plugins/*/epan/optrail.so)" ] || gui_fail "the plugin is not built"
    gui_dir=$(mktemp -d)
    mkdir -p "$gui_dir"/{home,config/wireshark/profiles,none}
    cp -r "$OPTRAIL_BUILD/plugins" "$gui_dir/plugins"
    cp -r "$OPTRAIL_SOURCE/dissector/profile" "$gui_dir/config/wireshark/profiles/Optrail"
    # Nothing that asks or hurries; the packet's octets leave their room to its tree.
    printf '%s\n' 'gui.update.enabled: FALSE' 'gui.ask_unsaved: FALSE' 'gui.layout_type: 1' \
        'gui.layout_content_3: NONE' 'gui.packet_list_show_minimap: FALSE' \
        >>"$gui_dir/config/wireshark/profiles/Optrail/preferences"
    gui_as=()
    if [ "$(id -u)" = 0 ]; then
        gui_as=(setpriv --reuid=65534 --regid=65534 --clear-groups)
        chown -R 65534:65534 "$gui_dir/home" "$gui_dir/config"
    fi
    chmod -R a+rX "$gui_dir"
    chmod 700 "$gui_dir/home"
    # Xvfb says on a descriptor which display it found free.
    Xvfb -displayfd 3 -screen 0 "${gui_width}x${gui_height}x24" -nolisten tcp -ac \
        3>"$gui_dir/display" >/dev/null 2>&1 &
    gui_server=$!
    gui_until "Xvfb does not start" test -s "$gui_dir/display"
    DISPLAY=:$(cat "$gui_dir/display")
    export DISPLAY
}

# gui_until COMPLAINT COMMAND...: until the command succeeds.
gui_until() {
    local complaint=$1 tries
    shift
    for ((tries = 0; tries < 600; tries++)); do
        if "$@" >/dev/null 2>&1; then return 0; fi
        sleep 0.2
    done
    gui_fail "$complaint"
}

gui_wireshark() {
    (cd "$gui_dir" && exec "${gui_as[@]}" env HOME="$gui_dir/home" XDG_CONFIG_HOME="$gui_dir/config" \
        XDG_RUNTIME_DIR="$gui_dir/home" WIRESHARK_PLUGIN_DIR="$gui_dir/plugins" LC_ALL=C.UTF-8 TZ=UTC \
        WIRESHARK_EXTCAP_DIR="${gui_extcap:-$gui_dir/none}" QT_X11_NO_MITSHM=1 \
        wireshark -C Optrail "$@" >"$gui_dir/out" 2>&1) &
    gui_program=$!
}

gui_wait() {
    gui_until "no window '$1' appears: $(tail -n 3 "$gui_dir/out")" xdotool search --onlyvisible --name "$1"
    xdotool search --onlyvisible --name "$1" | tail -n 1
}

# A window is still when two pictures of it, a moment apart, are the same.
gui_settle() {
    local before='' now tries
    for ((tries = 0; tries < 100; tries++)); do
        now=$(import -window root rgb:- | md5sum)
        [ "$now" != "$before" ] || return 0
        before=$now
        sleep 0.7
    done
}

gui_place() {
    xdotool windowsize "$1" "$4" "$5" windowmove "$1" "$2" "$3" windowfocus "$1" \
        mousemove $(($2 + $4 / 2)) $(($3 + $5 / 2))
    gui_settle
}

gui_keys() {
    xdotool key --delay 60 "$@"
    gui_settle
}

gui_click() {
    xdotool mousemove "$1" "$2" click "${3:-1}"
    gui_settle
}

gui_scroll() {
    xdotool click --repeat "$1" --delay 60 5
    gui_settle
}

gui_shot() {
    local file=$OPTRAIL_SOURCE/docs/images/$1.png
    xdotool mousemove $((gui_width - 1)) $((gui_height - 1))
    gui_settle
    import -window "${2:-root}" "$gui_dir/shot.png"
    # A few dozen colours are enough for a window, and a third of the size.
    convert "$gui_dir/shot.png" -strip -dither None -colors 64 "png8:$file"
    echo "$file: $(stat -c %s "$file") octets"
}

gui_quit() {
    kill "$gui_program" 2>/dev/null || true
    wait "$gui_program" 2>/dev/null || true
    unset gui_program
}

gui_close() {
    [ -z "${gui_program:-}" ] || gui_quit
    kill "${gui_server:-0}" 2>/dev/null || true
    rm -rf "$gui_dir"
}
