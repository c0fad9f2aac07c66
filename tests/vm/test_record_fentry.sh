#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# On a kernel that permits fentry and fexit the recorder uses them: the recorder's own test, which
# is skipped where they are refused, has to pass here. Takes the program of $OPTRAIL_BUILD (build).
here=$(cd "$(dirname "$0")" && pwd)
export OPTRAIL_BUILD=${OPTRAIL_BUILD:-$here/../../build}
[ -x "$OPTRAIL_BUILD/bin/optrail" ] || { echo "SKIP: $OPTRAIL_BUILD/bin/optrail is not built"; exit 77; }
bash "$here/../lab/test_record_fentry.sh"
status=$?
[ "$status" != 77 ] || { echo "FAIL: refused here, too"; exit 1; }
exit "$status"
