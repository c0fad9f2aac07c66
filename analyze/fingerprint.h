/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fingerprint.h - payload and whole segments as numbers, to compare them without keeping them.
 *
 * The fingerprint of a payload is a polynomial in its octets modulo 2^64. That of a payload made
 * of two parts follows from those of the parts, so that a segment can be compared with its pieces.
 */
#ifndef OPTRAIL_ANALYZE_FINGERPRINT_H
#define OPTRAIL_ANALYZE_FINGERPRINT_H

#include <stddef.h>
#include <stdint.h>

struct segment;

uint64_t fingerprint(const uint8_t *octets, size_t length);

/* The fingerprint's part that octets contribute when `behind` more octets follow them. */
uint64_t fingerprint_shift(uint64_t fingerprint, uint64_t behind);

/* Of no more use than to tell options of equal length apart: quicker than fingerprint(). */
uint64_t fingerprint_options(const uint8_t *octets, unsigned length);

/* What tells a captured segment from all others of its vantage point, but its frame and its TTL. */
uint64_t fingerprint_segment(const struct segment *segment);

#endif
