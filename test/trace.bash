# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# test/trace.bash: bats notes before each command where it is, in case it fails: half of what a test costs. To note it once it
# has failed is enough.

bats_debug_trap() { trap - DEBUG; }

bats_error_trap() {
	bats_check_status_from_trap
	bats_capture_stack_trace
	# shellcheck disable=SC2034 # bats' own
	BATS_DEBUG_LAST_STACK_TRACE_IS_VALID=1
}
