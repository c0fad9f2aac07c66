# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# experiment.sh - the standard experiment: do the options cc and uto survive the box?
#
# At both ends the programs cc (asks the peer for the congestion control reno) and uto (announces
# a user timeout of 34 s) are loaded and a recorder runs; traffic passes; the analyzer compares the
# two recordings, a.pcapng (client) and b.pcapng (server). What the programs achieved is visible
# without Optrail too: the sockets' own congestion control and user timeout are printed.
#
# A box can ask for other traffic (box_traffic, box.sh), which --bytes overrides where it says so:
#   bytes N        octets each way on each connection
#   pieces N       each part in so many small segments
#   may-fail yes   connections may break: they are counted and the report is made all the same
#   patience S     seconds that a connection waits for an answer before it is given up
#   plain N        so many connections come first that no program puts options on
#   mptcp yes      Multipath TCP sockets
#   repeat always  cc and uto on every segment (cc: of the client), not only on the first ACK
#   syn yes        the client's SYN carries uto too (program option)
#
# Source after network.sh. `experiment` does it all; `experiment_record` and `experiment_report`
# are its halves for other traffic; `experiment_down` must be called whatever they returned.

experiment_connections=1
experiment_bytes=''     # empty: what the box asks for, or 4000
experiment_family=ipv4
experiment_output=''   # folder that keeps the recordings; empty: they go when the lab goes
experiment_tmp=''
experiment_recorders=()
experiment_server=''   # the traffic server's process

experiment_start_folder() {
	if ! command -v "$OPTRAIL" >/dev/null; then
		lab_say "cannot find the program $OPTRAIL; build it, or name it in \$OPTRAIL"
		return 1
	fi
	experiment_tmp=$(mktemp -d "/tmp/$lab_name.XXXXXX") || return 1
	experiment_dir=${experiment_output:-$experiment_tmp}
	network_step "make the folder $experiment_dir" mkdir -p -- "$experiment_dir"
}

# cc must ask for another congestion control than connections start with, or it would prove nothing.
experiment_choose() {
	experiment_algorithm=reno
	experiment_default=$(on server cat /proc/sys/net/ipv4/tcp_congestion_control)
	if [[ $experiment_default == reno ]]; then experiment_algorithm=cubic; fi
}

experiment_load() {
	local side repeat=()
	experiment_choose
	[[ -n ${box_wants[repeat]:-} ]] && repeat=(--set "repeat=${box_wants[repeat]}")
	for side in client server; do
		experiment_load_one "$side" cc --set algorithm="$experiment_algorithm" "${repeat[@]}" &&
			experiment_load_one "$side" uto --set timeout=34 "${repeat[@]}" || return
	done
	[[ -n ${box_wants[syn]:-} ]] || return 0
	experiment_load_one client option --set name=uto --set value=34 --set segments=syn --set role=client
}

# Loads a program; returns 3 when this machine cannot, 1 when we asked for something wrong.
experiment_load_one() { # SIDE PROGRAM [OPTION...]
	local side=$1 status
	shift
	"$OPTRAIL" load "$@" --cgroup "${lab_cgroup[$side]}" >/dev/null 2>"$experiment_tmp/load" && return
	status=$?
	cat "$experiment_tmp/load" >&2
	return $((status == 3 ? 3 : 1))
}

# Starts the recorders of both ends and returns when they are ready.
experiment_record() {
	local pair side file try
	for pair in client:a server:b; do
		side=${pair%:*} file=${pair#*:}
		env --default-signal=INT "$OPTRAIL" record -w "$experiment_dir/$file.pcapng" \
			--netns "${lab_netns[$side]}" --cgroup "${lab_cgroup[$side]}" \
			-i "${lab_interface[$side]}" -f tcp --ready-file "$experiment_tmp/$file.ready" \
			>/dev/null 2>"$experiment_tmp/$file.log" &
		experiment_recorders+=($!)
	done
	for try in {1..600}; do
		[[ -e $experiment_tmp/a.ready && -e $experiment_tmp/b.ready ]] && return 0
		for side in "${experiment_recorders[@]}"; do
			kill -0 "$side" 2>/dev/null || break 2
		done
		((interrupted)) && return 1
		sleep 0.05
	done
	cat "$experiment_tmp"/[ab].log >&2
	lab_say 'the recorders did not start'
	return 1
}

# Ends the recorders as a person would, and waits until their files are whole.
experiment_stop() {
	local pid try status=0
	((${#experiment_recorders[@]})) || return 0
	for pid in "${experiment_recorders[@]}"; do kill -INT "$pid" 2>/dev/null; done
	for pid in "${experiment_recorders[@]}"; do
		for try in {1..600}; do
			kill -0 "$pid" 2>/dev/null || break
			sleep 0.05
		done
		kill -KILL "$pid" 2>/dev/null
		wait "$pid" 2>/dev/null || status=1
	done
	experiment_recorders=()
	return "$status"
}

experiment_traffic() {
	local server=$OPTRAIL_LAB_SERVER try status plain=${box_wants[plain]:-0}
	# Far more than it takes: it only ends what would never end.
	local common=("$server" --timeout $((120 + experiment_connections / 5)))
	[[ -n ${box_wants[may-fail]:-} ]] && common+=(--may-fail)
	[[ -n ${box_wants[patience]:-} ]] && common+=(--patience "${box_wants[patience]}")
	[[ -n ${box_wants[pieces]:-} ]] && common+=(--pieces "${box_wants[pieces]}")
	[[ -n ${box_wants[mptcp]:-} ]] && common+=(--mptcp)
	local bytes=(--bytes "${experiment_bytes:-${box_wants[bytes]:-4000}}")
	(enter server "$lab_dir/traffic" server "${common[@]}" \
		--connections $((experiment_connections + plain)) \
		--ready-file "$experiment_tmp/server.ready") >"$experiment_tmp/server.saw" &
	experiment_server=$!
	for try in {1..600}; do
		[[ -e $experiment_tmp/server.ready ]] && break
		kill -0 "$experiment_server" 2>/dev/null || break
		sleep 0.05
	done
	status=0
	if ((plain)); then
		run_child experiment_plain_client "${common[@]}" --connections "$plain" "${bytes[@]}"
		status=$?
	fi
	if ((!status)); then
		run_child experiment_client "${common[@]}" --connections "$experiment_connections" "${bytes[@]}"
		status=$?
	fi
	if ((status)) || [[ -n ${box_wants[may-fail]:-} ]]; then
		experiment_settle # what the last connection still says
		kill -TERM "$experiment_server" 2>/dev/null
	fi
	wait "$experiment_server" 2>/dev/null || status=1
	experiment_server=''
	return "$status"
}

# Waits until no connection is left in the network but those that linger in TIME-WAIT: then all
# segments have passed both recorders. At most 20 seconds: what a box broke may take longer.
experiment_settle() {
	local try
	for try in {1..400}; do
		((interrupted)) && return
		experiment_busy client || experiment_busy server || return 0
		sleep 0.05
	done
}

experiment_busy() { # SIDE
	# State, in hex: 06 TIME-WAIT, 07 closed, 0A listening.
	nsenter --net="/run/netns/${lab_netns[$1]}" -- cat /proc/net/tcp /proc/net/tcp6 2>/dev/null |
		awk '$4 ~ /^[0-9A-F][0-9A-F]$/ && $4 !~ /^0[67A]$/ { busy = 1 } END { exit !busy }'
}

experiment_client() {
	enter client "$lab_dir/traffic" client "$@" >"$experiment_tmp/client.saw"
}

# Outside the cgroup that the programs are attached to.
experiment_plain_client() {
	nsenter --net="/run/netns/${lab_netns[client]}" -- "$lab_dir/traffic" client "$@" >/dev/null
}

# What the sockets say, in words.
experiment_saw() { # SIDE
	local line connections congestion timeout
	while read -r line; do
		if [[ $line =~ failed=([0-9]+)\ (.*) ]]; then
			connections=${BASH_REMATCH[1]}
			((connections == 1)) && connections='1 connection' || connections+=' connections'
			echo "$connections failed: ${BASH_REMATCH[2]}"
			continue
		fi
		[[ $line =~ connections=([0-9]+).*congestion=([^ ]+)\ user_timeout_ms=([^ ]+) ]] || continue
		connections=${BASH_REMATCH[1]} congestion=${BASH_REMATCH[2]} timeout=${BASH_REMATCH[3]}
		case $timeout in
		0) timeout='no user timeout' ;;
		*000) timeout="user timeout ${timeout%000} s" ;;
		*) timeout="user timeout $timeout ms" ;;
		esac
		((connections == 1)) && connections='1 connection' || connections+=' connections'
		[[ $congestion == "$experiment_default" ]] && congestion+=' as it began'
		echo "$connections ended with congestion control $congestion, $timeout"
	done <"$experiment_tmp/$1.saw"
}

experiment_report() {
	"$OPTRAIL" analyze "$experiment_dir/a.pcapng" "$experiment_dir/b.pcapng"
}

experiment() {
	experiment_start_folder || return 3
	experiment_load || return
	experiment_record || return 3
	experiment_traffic || {
		((interrupted)) || lab_say 'the traffic did not get through'
		return 1
	}
	experiment_settle # the last acknowledgements
	experiment_stop || {
		cat "$experiment_tmp"/[ab].log >&2
		lab_say 'a recorder failed'
		return 1
	}
	printf 'Path      client %s - %s - server %s\n' "$OPTRAIL_LAB_CLIENT" "$box_name" "$OPTRAIL_LAB_SERVER"
	printf 'Programs  cc (algorithm=%s) and uto (timeout=34) at both ends\n' "$experiment_algorithm"
	if [[ -n ${box_wants[plain]:-} ]]; then
		printf 'Plain     %s connections came first that no program put options on\n' "${box_wants[plain]}"
	fi
	printf 'Server    %s\n' "$(experiment_saw server)"
	printf 'Client    %s\n' "$(experiment_saw client)"
	if [[ -n $experiment_output ]]; then
		printf 'Recorded  %s (client), %s (server)\n' "$experiment_dir/a.pcapng" "$experiment_dir/b.pcapng"
	fi
	echo
	experiment_report || return 1
	if [[ -z $experiment_output ]]; then
		printf '\nThe recordings went with the lab: --output DIR keeps them.\n'
	fi
}

experiment_down() {
	local cgroup
	if [[ -n $experiment_server ]]; then
		kill -TERM "$experiment_server" 2>/dev/null
		wait "$experiment_server" 2>/dev/null # bash would remark on the signal
	fi
	experiment_stop
	# Those of a command too: what is pinned would stay when the cgroup goes.
	for cgroup in "${lab_cgroup[@]}"; do
		"$OPTRAIL" unload --all --cgroup "$cgroup" >/dev/null 2>&1
	done
	[[ -n $experiment_tmp ]] && rm -rf -- "$experiment_tmp"
	experiment_tmp=''
}
