// SPDX-License-Identifier: GPL-2.0-or-later
/* reason.c - see reason.h. */
#include "bpf/load/reason.h"

#include <cap-ng.h>
#include <errno.h>
#include <glib.h>
#include <stdbool.h>

char *bpf_error_reason(int errnum)
{
    if (errnum == EPERM || errnum == EACCES) {
        bool all = capng_get_caps_process() == 0 &&
                   (capng_have_capability(CAPNG_EFFECTIVE, CAP_SYS_ADMIN) ||
                    (capng_have_capability(CAPNG_EFFECTIVE, CAP_BPF) &&
                     capng_have_capability(CAPNG_EFFECTIVE, CAP_NET_ADMIN)));
        if (!all)
            return g_strdup("needs the capabilities CAP_BPF and CAP_NET_ADMIN (run it as root)");
        return g_strdup_printf(
            "%s, though the capabilities are there: the kernel's lockdown or the "
            "container's policy forbids bpf()",
            g_strerror(errnum));
    }
    if (errnum == ENOSYS)
        return g_strdup("this kernel has no bpf() (CONFIG_BPF_SYSCALL)");
    return g_strdup(g_strerror(errnum));
}
