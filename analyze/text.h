/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * text.h - plain text for a person's terminal: wrapped lines, a little colour, safe characters.
 *
 * Text is composed in UTF-8 and written in one go at the end. Where the locale cannot show the few
 * marks that are used (an arrow, a tick, a cross), each is replaced by one ASCII character, so that
 * columns stay where they are.
 */
#ifndef OPTRAIL_ANALYZE_TEXT_H
#define OPTRAIL_ANALYZE_TEXT_H

#include <glib.h>
#include <stdbool.h>
#include <stdio.h>

enum { TEXT_COLUMNS = 100 };

enum text_style { STYLE_PLAIN, STYLE_HEADING, STYLE_GOOD, STYLE_BAD, STYLE_DOUBT, STYLE_FAINT };

struct text {
    GString *buffer;
    bool colour;
    bool utf8;
};

/* Colour when `out` is a terminal and NO_COLOR is unset; UTF-8 when the locale's charset is. */
void text_init(struct text *text, FILE *out);
/* Writes everything to `out` and frees. Returns 0 or a negative errno. */
int text_finish(struct text *text, FILE *out);

void text_add(struct text *text, const char *format, ...) G_GNUC_PRINTF(2, 3);
void text_styled(struct text *text, enum text_style style, const char *format, ...)
    G_GNUC_PRINTF(3, 4);
/* An empty line and a heading. */
void text_heading(struct text *text, const char *title);

/*
 * A paragraph: `words` broken at spaces so that no line passes TEXT_COLUMNS. The present line
 * already has `column` characters; further lines are indented by `indent`. Ends the line.
 */
void text_wrap(struct text *text, int column, int indent, const char *words);

/* `value` in `width` columns, to the left or right; longer ones are not cut. */
void text_left(struct text *text, int width, const char *value);
void text_right(struct text *text, int width, const char *value);

/* What came from a file or the command line, without anything that a terminal would obey. */
char *text_clean(const char *untrusted);

#endif
