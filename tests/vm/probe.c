// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * probe: loads a small BPF object, attaches what is in it, and reads its counters.
 *
 *   probe load OBJECT CGROUP NAME [VARIABLE=NUMBER]...
 *   probe read OBJECT NAME [VARIABLE]...      prints VARIABLE=NUMBER[,NUMBER]... a line
 *   probe write OBJECT NAME VARIABLE=NUMBER...
 *   probe unload NAME
 *
 * NAME is a folder in the bpffs, where links and maps are pinned, so that they outlive this
 * process. sock_ops programs are attached to CGROUP, others where their sections say. Variables are
 * the object's globals: integers of 1 to 8 octets and arrays of them, found by its BTF.
 * Exit status: 0 done, 1 refused (the verifier's reason is on stderr), 2 wrongly called.
 */
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PINS "/sys/fs/bpf/"

/* A global: in which of the object's maps, where in its one value, and how wide its elements are */
struct variable {
    struct bpf_map *map;
    __u32 offset, size, element;
};

static __u32 element_size(const struct btf *btf, __u32 id)
{
    const struct btf_type *type;

    for (;;) {
        type = btf__type_by_id(btf, id);
        if (btf_is_mod(type) || btf_is_typedef(type))
            id = type->type;
        else if (btf_is_array(type))
            id = btf_array(type)->type;
        else
            return type->size;
    }
}

/* The map of a section is named after the object and the section: "event.bss" for ".bss" */
static struct bpf_map *section_map(const struct bpf_object *object, const char *section)
{
    struct bpf_map *map;

    bpf_object__for_each_map(map, object)
    {
        const char *dot = strchr(bpf_map__name(map), '.');

        if (dot && strcmp(dot, section) == 0)
            return map;
    }
    return NULL;
}

static bool find_variable(const struct bpf_object *object, const char *name, size_t length,
                          struct variable *found)
{
    const struct btf *btf = bpf_object__btf(object);

    for (__u32 id = 1; id < btf__type_cnt(btf); id++) {
        const struct btf_type *section = btf__type_by_id(btf, id);
        const struct btf_var_secinfo *info = btf_var_secinfos(section);

        if (!btf_is_datasec(section))
            continue;
        found->map = section_map(object, btf__name_by_offset(btf, section->name_off));
        for (int i = 0; found->map && i < btf_vlen(section); i++) {
            const struct btf_type *var = btf__type_by_id(btf, info[i].type);
            const char *var_name = btf__name_by_offset(btf, var->name_off);

            if (strncmp(var_name, name, length) || var_name[length])
                continue;
            found->offset = info[i].offset;
            found->size = info[i].size;
            found->element = element_size(btf, var->type);
            return true;
        }
    }
    fprintf(stderr, "probe: no variable %.*s\n", (int)length, name);
    return false;
}

/* Where a map is pinned: the bpffs reserves names with dots. */
static void pin_path(char *path, size_t size, const char *name, const struct bpf_map *map)
{
    const char *section = strchr(bpf_map__name(map), '.');
    int start = snprintf(path, size, PINS "%s/map", name);

    snprintf(path + start, size - (size_t)start, "-%s",
             section ? section + 1 : bpf_map__name(map));
    for (char *at = path + start; *at; at++)
        if (*at == '.')
            *at = '-';
}

static int open_pinned(const char *name, const struct bpf_map *map)
{
    char path[256];
    int fd;

    pin_path(path, sizeof(path), name, map);
    fd = bpf_obj_get(path);
    if (fd < 0)
        fprintf(stderr, "probe: %s: %s\n", path, strerror(errno));
    return fd;
}

/* VARIABLE=NUMBER into the value of the variable's map */
static bool set_variable(const struct bpf_object *object, const char *word, const char *name)
{
    const char *equals = strchr(word, '=');
    struct variable at;
    __u64 number;
    char *end;

    if (!equals || !find_variable(object, word, (size_t)(equals - word), &at))
        return false;
    number = strtoull(equals + 1, &end, 0);
    if (*end || end == equals + 1 || at.size != at.element)
        return false;

    if (!name) { /* not loaded yet */
        size_t size;
        const void *initial = bpf_map__initial_value(at.map, &size);
        char *value = malloc(size);
        bool done;

        memcpy(value, initial, size);
        memcpy(value + at.offset, &number, at.size);
        done = !bpf_map__set_initial_value(at.map, value, size);
        free(value);
        return done;
    } else {
        char *value = calloc(1, bpf_map__value_size(at.map));
        int fd = open_pinned(name, at.map);
        __u32 zero = 0;
        bool done = fd >= 0 && !bpf_map_lookup_elem(fd, &zero, value);

        memcpy(value + at.offset, &number, at.size);
        done = done && !bpf_map_update_elem(fd, &zero, value, BPF_ANY);
        free(value);
        close(fd);
        return done;
    }
}

static bool print_variable(const struct bpf_object *object, const char *word, const char *name)
{
    struct variable at;
    __u32 zero = 0;
    char *value;
    int fd;

    if (!find_variable(object, word, strlen(word), &at))
        return false;
    fd = open_pinned(name, at.map);
    value = calloc(1, bpf_map__value_size(at.map));
    if (fd < 0 || bpf_map_lookup_elem(fd, &zero, value)) {
        free(value);
        return false;
    }
    printf("%s=", word);
    for (__u32 i = 0; i < at.size; i += at.element) {
        __u64 number = 0;

        memcpy(&number, value + at.offset + i, at.element);
        printf("%s%" PRIu64, i ? "," : "", (uint64_t)number);
    }
    putchar('\n');
    free(value);
    close(fd);
    return true;
}

static int load(struct bpf_object *object, const char *cgroup, const char *name)
{
    struct bpf_program *program;
    struct bpf_map *map;
    char path[256];
    int fd, n = 0;

    if (bpf_object__load(object))
        return 1;
    snprintf(path, sizeof(path), PINS "%s", name);
    mkdir(path, 0700);

    bpf_object__for_each_map(map, object)
    {
        pin_path(path, sizeof(path), name, map);
        if (bpf_map__pin(map, path))
            return 1;
    }
    fd = open(cgroup, O_RDONLY | O_DIRECTORY);
    if (fd < 0) {
        fprintf(stderr, "probe: %s: %s\n", cgroup, strerror(errno));
        return 2;
    }
    bpf_object__for_each_program(program, object)
    {
        struct bpf_link *link;

        if (bpf_program__type(program) == BPF_PROG_TYPE_SOCK_OPS)
            link = bpf_program__attach_cgroup(program, fd);
        else
            link = bpf_program__attach(program);
        snprintf(path, sizeof(path), PINS "%s/link%d", name, n++);
        if (!link || bpf_link__pin(link, path)) {
            fprintf(stderr, "probe: %s: cannot be attached: %s\n", bpf_program__name(program),
                    strerror(errno));
            return 1;
        }
    }
    close(fd);
    return 0;
}

static int unload(const char *name)
{
    char pattern[256];
    glob_t pins;

    snprintf(pattern, sizeof(pattern), PINS "%s/*", name);
    if (glob(pattern, 0, NULL, &pins) == 0)
        for (size_t i = 0; i < pins.gl_pathc; i++)
            unlink(pins.gl_pathv[i]);
    *strrchr(pattern, '/') = 0;
    return rmdir(pattern) ? 1 : 0;
}

int main(int argc, char **argv)
{
    struct bpf_object *object;
    int first;

    if (argc == 3 && strcmp(argv[1], "unload") == 0)
        return unload(argv[2]);
    if (argc < 4)
        return 2;
    object = bpf_object__open_file(argv[2], NULL);
    if (!object) {
        fprintf(stderr, "probe: %s: %s\n", argv[2], strerror(errno));
        return 2;
    }

    if (strcmp(argv[1], "load") == 0 && argc >= 5) {
        for (first = 5; first < argc; first++)
            if (!set_variable(object, argv[first], NULL))
                return 2;
        return load(object, argv[3], argv[4]);
    }
    for (first = 4; first < argc; first++) {
        bool done = strcmp(argv[1], "read") == 0 ? print_variable(object, argv[first], argv[3])
                                                 : set_variable(object, argv[first], argv[3]);

        if (!done)
            return 2;
    }
    return 0;
}
