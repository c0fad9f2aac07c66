// SPDX-License-Identifier: GPL-2.0-or-later
/* object.c - see object.h. */
#include "bpf/load/object.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bpf/include/report_abi.h"
#include "bpf/load/kernel.h"
#include "bpf/load/reason.h"
#include "bpf/load/variable.h"
#include "wire/command.h"

enum { MAPS_MAX = 32 };

static int print_all(enum libbpf_print_level level, const char *format, va_list arguments)
{
    (void)level;
    return vfprintf(stderr, format, arguments);
}

static int print_nothing(enum libbpf_print_level level, const char *format, va_list arguments)
{
    (void)level;
    (void)format;
    (void)arguments;
    return 0;
}

/* --- variables -------------------------------------------------------------------------------- */

static bool set_parameters(struct variables *variables, const struct program *program,
                           const struct values *values)
{
    for (size_t i = 0; i < program->n_parameters; i++) {
        const struct parameter *parameter = &program->parameters[i];
        if (parameter->type == PARAMETER_TEXT) {
            char text[PARAMETER_TEXT_SIZE] = "";
            g_strlcpy(text, values->text[i], sizeof(text));
            if (!variables_set(variables, parameter->key, text, sizeof(text)))
                return false;
        } else if (!variables_set(variables, parameter->key, &values->number[i],
                                  sizeof(values->number[i]))) {
            return false;
        }
    }
    return true;
}

/* What a program may want to know of this kernel; it has the variable or not. */
static void set_facts(struct variables *variables)
{
    uint32_t tick_us = kernel_tick_us();
    uint32_t patched = kernel_is_patched();
    variables_set(variables, "tick_us", &tick_us, sizeof(tick_us));
    variables_set(variables, "patched", &patched, sizeof(patched));
}

/* Writes parameters and facts into what will be the program's read-only data. */
static bool set_variables(struct bpf_object *object, const struct program *program,
                          const struct values *values, const struct option_set *options,
                          GError **error)
{
    struct bpf_map *map, *section = NULL;
    size_t size = 0;

    bpf_object__for_each_map(map, object)
    {
        if (g_str_has_suffix(bpf_map__name(map), VARIABLE_SECTION))
            section = map;
    }
    const void *initial = section != NULL ? bpf_map__initial_value(section, &size) : NULL;
    g_autofree uint8_t *data = initial != NULL ? g_memdup2(initial, size) : NULL;
    struct variables variables = {bpf_object__btf(object), data, initial != NULL ? size : 0};
    set_facts(&variables);
    bool found = set_parameters(&variables, program, values);
    if (found && program->configure != NULL &&
        !program->configure(program, &variables, values, options, error))
        return false;
    if (found && bpf_map__set_initial_value(section, data, size) == 0)
        return true;
    g_set_error(error, LOAD_ERROR, EXIT_INPUT,
                "program %s was built without its parameters; build optrail anew", program->name);
    return false;
}

/* --- taking another program's place ------------------------------------------------------------ */

/* What lives on when a program is replaced; other maps say how it is set, and are made anew. */
static bool is_kept(const char *name)
{
    static const char *const kept[] = {"connections", COUNTERS_MAP, LIVE_MAP, EXPLORE_MAP, NULL};
    return g_strv_contains(kept, name);
}

static void keep_map(struct bpf_object *object, int fd)
{
    struct bpf_map_info info = {0};
    uint32_t length = sizeof(info);

    if (bpf_obj_get_info_by_fd(fd, &info, &length) != 0 || !is_kept(info.name))
        return;
    struct bpf_map *map = bpf_object__find_map_by_name(object, info.name);
    if (map != NULL && bpf_map__type(map) == info.type && bpf_map__key_size(map) == info.key_size &&
        bpf_map__value_size(map) == info.value_size &&
        bpf_map__max_entries(map) == info.max_entries)
        bpf_map__reuse_fd(map, fd); /* duplicates it; else the new program starts from nothing */
}

static void keep_maps(struct bpf_object *object, uint32_t old_id)
{
    struct bpf_prog_info info = {0};
    uint32_t map_ids[MAPS_MAX];
    uint32_t length = sizeof(info);
    int program_fd = bpf_prog_get_fd_by_id(old_id);

    if (program_fd < 0)
        return;
    info.nr_map_ids = MAPS_MAX;
    info.map_ids = (uint64_t)(uintptr_t)map_ids;
    if (bpf_obj_get_info_by_fd(program_fd, &info, &length) == 0) {
        for (uint32_t i = 0; i < MIN(info.nr_map_ids, MAPS_MAX); i++) {
            int fd = bpf_map_get_fd_by_id(map_ids[i]);
            if (fd < 0)
                continue;
            keep_map(object, fd);
            close(fd);
        }
    }
    close(program_fd);
}

/* --- loading ----------------------------------------------------------------------------------- */

/* What programs need of a kernel, and which one brought it. */
static char *missing_feature(const struct program *program)
{
    static const struct {
        enum bpf_map_type map;
        const char *what;
    } maps[] = {
        {BPF_MAP_TYPE_SK_STORAGE, "per-socket storage (CONFIG_NET, Linux 5.2)"},
        {BPF_MAP_TYPE_LPM_TRIE, "LPM tries (Linux 4.11)"},
    };

    if (libbpf_probe_bpf_prog_type(BPF_PROG_TYPE_SOCK_OPS, NULL) == 0)
        return g_strdup("it has no sock_ops programs (CONFIG_CGROUP_BPF, Linux 4.13)");
    for (size_t i = 0; i < G_N_ELEMENTS(maps); i++) {
        if (libbpf_probe_bpf_map_type(maps[i].map, NULL) == 0)
            return g_strdup_printf("it has no %s", maps[i].what);
    }
    if (libbpf_probe_bpf_helper(BPF_PROG_TYPE_SOCK_OPS, BPF_FUNC_store_hdr_opt, NULL) == 0)
        return g_strdup("it cannot write TCP options from BPF (Linux 5.10 can)");
    if (program->for_mptcp &&
        libbpf_probe_bpf_helper(BPF_PROG_TYPE_SOCK_OPS, BPF_FUNC_skc_to_mptcp_sock, NULL) == 0)
        return g_strdup("it does not tell programs of MPTCP (CONFIG_MPTCP, Linux 5.19)");
    if (access("/sys/kernel/btf/vmlinux", R_OK) != 0)
        return g_strdup("it does not describe its types (CONFIG_DEBUG_INFO_BTF)");
    return NULL;
}

static void set_load_error(const struct program *program, int result, bool verbose, GError **error)
{
    g_autofree char *missing = result == -EPERM ? NULL : missing_feature(program);
    if (missing == NULL && (result == -EACCES || result == -EINVAL || result == -E2BIG))
        missing = g_strdup("its verifier refuses it, which is a fault of the program");
    g_autofree char *reason =
        missing != NULL ? g_steal_pointer(&missing) : bpf_error_reason(-result);
    g_set_error(error, LOAD_ERROR, EXIT_INPUT, "the kernel does not take program %s: %s%s",
                program->name, reason,
                verbose || result == -EPERM ? "" : " (--verbose shows its log)");
}

struct bpf_object *object_load(const struct program *program, const struct values *values,
                               const struct option_set *options, uint32_t old_id, bool verbose,
                               GError **error)
{
    size_t size;
    bool patched = kernel_is_patched();
    const void *image = !patched && program->image_stock != NULL ? program->image_stock(&size)
                                                                 : program->image(&size);
    LIBBPF_OPTS(bpf_object_open_opts, opts, .object_name = program->name,
                .pin_root_path = OPTRAIL_PIN_DIR);

    libbpf_set_print(verbose ? print_all : print_nothing);
    struct bpf_object *object = bpf_object__open_mem(image, size, &opts);
    if (object == NULL) {
        set_load_error(program, -errno, verbose, error);
        return NULL;
    }
    if (!set_variables(object, program, values, options, error))
        goto failed;
    if (old_id != 0)
        keep_maps(object, old_id);
    int result = bpf_object__load(object);
    if (result != 0) {
        libbpf_set_print(print_nothing);
        set_load_error(program, result, verbose, error);
        goto failed;
    }
    if (program->prepare == NULL || program->prepare(program, object, values, options, error))
        return object;

failed:
    bpf_object__close(object);
    return NULL;
}
