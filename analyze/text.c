/* SPDX-License-Identifier: GPL-2.0-or-later */
/* text.c - see text.h. */
#include "analyze/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const styles[] = {
    /* ECMA-48, select graphic rendition */
    [STYLE_PLAIN] = "",         [STYLE_HEADING] = "\033[1m",  [STYLE_GOOD] = "\033[1;32m",
    [STYLE_BAD] = "\033[1;31m", [STYLE_DOUBT] = "\033[1;33m", [STYLE_FAINT] = "\033[2m",
};

static const struct {
    gunichar mark;
    char plain;
} marks[] = {
    {0x2192, '>'}, /* rightwards arrow */
    {0x2713, '+'}, /* check mark */
    {0x2717, 'x'}, /* ballot x */
    {0x00b7, '-'}, /* middle dot */
};

void text_init(struct text *text, FILE *out)
{
    const char *no_color = getenv("NO_COLOR");
    const char *terminal = getenv("TERM");
    text->buffer = g_string_new(NULL);
    text->utf8 = g_get_charset(NULL);
    text->colour = isatty(fileno(out)) && (no_color == NULL || *no_color == '\0') &&
                   terminal != NULL && strcmp(terminal, "dumb") != 0;
}

static char plain(gunichar character)
{
    if (character < 0x80)
        return (char)character;
    for (size_t i = 0; i < G_N_ELEMENTS(marks); i++) {
        if (marks[i].mark == character)
            return marks[i].plain;
    }
    return '?';
}

int text_finish(struct text *text, FILE *out)
{
    if (!text->utf8) {
        GString *ascii = g_string_sized_new(text->buffer->len);
        for (const char *p = text->buffer->str; *p != '\0'; p = g_utf8_next_char(p))
            g_string_append_c(ascii, plain(g_utf8_get_char(p)));
        g_string_free(text->buffer, TRUE);
        text->buffer = ascii;
    }
    size_t length = text->buffer->len;
    errno = 0;
    int result = fwrite(text->buffer->str, 1, length, out) == length && fflush(out) == 0 ? 0
                 : errno != 0                                                            ? -errno
                                                                                         : -EIO;
    g_string_free(text->buffer, TRUE);
    text->buffer = NULL;
    return result;
}

void text_add(struct text *text, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_string_append_vprintf(text->buffer, format, arguments);
    va_end(arguments);
}

void text_styled(struct text *text, enum text_style style, const char *format, ...)
{
    bool coloured = text->colour && style != STYLE_PLAIN;
    if (coloured)
        g_string_append(text->buffer, styles[style]);
    va_list arguments;
    va_start(arguments, format);
    g_string_append_vprintf(text->buffer, format, arguments);
    va_end(arguments);
    if (coloured)
        g_string_append(text->buffer, "\033[0m");
}

void text_heading(struct text *text, const char *title)
{
    text_add(text, "\n");
    text_styled(text, STYLE_HEADING, "%s", title);
    text_add(text, "\n\n");
}

void text_wrap(struct text *text, int column, int indent, const char *words)
{
    bool fresh = true; /* nothing of ours on this line yet */
    while (*words != '\0') {
        size_t length = strcspn(words, " ");
        int width = (int)g_utf8_strlen(words, (gssize)length);
        if (!fresh && column + 1 + width > TEXT_COLUMNS) {
            text_add(text, "\n%*s", indent, "");
            column = indent;
            fresh = true;
        }
        if (!fresh) {
            text_add(text, " ");
            column++;
        }
        g_string_append_len(text->buffer, words, (gssize)length);
        column += width;
        fresh = false;
        words += length;
        words += strspn(words, " ");
    }
    text_add(text, "\n");
}

void text_left(struct text *text, int width, const char *value)
{
    int length = (int)g_utf8_strlen(value, -1);
    text_add(text, "%s%*s", value, length < width ? width - length : 0, "");
}

void text_right(struct text *text, int width, const char *value)
{
    int length = (int)g_utf8_strlen(value, -1);
    text_add(text, "%*s%s", length < width ? width - length : 0, "", value);
}

char *text_clean(const char *untrusted)
{
    g_autofree char *valid = g_utf8_make_valid(untrusted, -1);
    GString *clean = g_string_sized_new(strlen(valid));
    for (const char *p = valid; *p != '\0'; p = g_utf8_next_char(p)) {
        gunichar character = g_utf8_get_char(p);
        /* Controls move the cursor, formats (bidirectional marks) turn lines round. */
        GUnicodeType type = g_unichar_type(character);
        bool obeyed = type == G_UNICODE_CONTROL || type == G_UNICODE_FORMAT ||
                      type == G_UNICODE_LINE_SEPARATOR || type == G_UNICODE_PARAGRAPH_SEPARATOR;
        g_string_append_unichar(clean, obeyed ? (character == '\n' ? ' ' : '?') : character);
    }
    return g_string_free(clean, FALSE);
}
