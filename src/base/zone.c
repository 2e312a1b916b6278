#include "base/zone.h"

#include <errno.h>
#include <stdio.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/file.h"
#include "base/zone_rule.h"

#define ZONE_FOLDER "/usr/share/zoneinfo"

enum {
    ZONE_MOST_BYTES = 256 * 1024,
    ZONE_NAME_MOST = 64,
    HEAD_SIZE = 44,
    TYPE_SIZE = 6,
    TYPES_MOST = 256,
    OFFSET_MOST = 26 * 60 * 60, /* RFC 8536 3.2 */
    MARGIN = 36 * 60 * 60       /* more than any offset, so surely before and after a change */
};

/* From `since` on (UTC) the offset is in force. */
struct change {
    int64_t since;
    int32_t offset;
};

struct mes_zone {
    int32_t first_offset; /* before the first change */
    size_t count;
    bool has_rule; /* for what comes after the last change */
    struct mes_zone_rule rule;
    struct change changes[];
};

/* The counts in the head of a TZif block, RFC 8536 3.1. */
struct head {
    char version; /* '\0' for 1, else '2', '3', '4' */
    uint32_t utc_count, standard_count, leap_count, time_count, type_count, text_size;
};

static int64_t number_at(struct mes_str bytes, size_t at, size_t size)
{
    uint64_t number = (unsigned char)bytes.data[at] >= 0x80 ? UINT64_MAX : 0;
    for (size_t i = 0; i < size; i++)
        number = number << 8 | (unsigned char)bytes.data[at + i];
    return (int64_t)number;
}

static bool read_head(struct mes_str bytes, struct head *head)
{
    uint32_t *const counts[] = {&head->utc_count,  &head->standard_count, &head->leap_count,
                                &head->time_count, &head->type_count,     &head->text_size};
    if (bytes.size < HEAD_SIZE || !mes_str_starts(bytes, MES_STR("TZif")))
        return false;
    head->version = bytes.data[4];
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        int64_t count = number_at(bytes, 20 + 4 * i, 4);
        if (count < 0 || count > ZONE_MOST_BYTES)
            return false;
        *counts[i] = (uint32_t)count;
    }
    return head->type_count > 0 && head->type_count <= TYPES_MOST && head->leap_count == 0;
}

static size_t block_size(const struct head *head, size_t time_size)
{
    return (size_t)head->time_count * (time_size + 1) + (size_t)head->type_count * TYPE_SIZE +
           head->text_size + head->leap_count * (time_size + 4) + head->standard_count + head->utc_count;
}

static bool read_offset(struct mes_str types, size_t type, int32_t *offset_out)
{
    int64_t offset = number_at(types, type * TYPE_SIZE, 4);
    *offset_out = (int32_t)offset;
    return offset > -OFFSET_MOST && offset < OFFSET_MOST;
}

static bool read_changes(struct mes_str block, const struct head *head, size_t time_size,
                         struct mes_zone *zone)
{
    struct mes_str numbers = mes_str_skip(block, head->time_count * time_size);
    struct mes_str types = mes_str_skip(numbers, head->time_count);
    if (!read_offset(types, 0, &zone->first_offset))
        return false;
    for (size_t i = 0; i < head->time_count; i++) {
        struct change *change = &zone->changes[i];
        size_t type = (unsigned char)numbers.data[i];
        change->since = number_at(block, i * time_size, time_size);
        if (type >= head->type_count || !read_offset(types, type, &change->offset))
            return false;
        if (i > 0 && change->since <= zone->changes[i - 1].since)
            return false;
    }
    zone->count = head->time_count;
    return true;
}

/* Between two line ends; empty when the last offset stays for ever. */
static bool read_footer(struct mes_str footer, struct mes_zone *zone)
{
    if (footer.size < 2 || footer.data[0] != '\n')
        return false;
    size_t end = mes_str_find(footer, MES_STR("\n"), 1);
    if (end == SIZE_MAX)
        return false;
    zone->has_rule = end > 1;
    return end == 1 || mes_zone_rule_parse(mes_str_cut(footer, 1, end - 1), &zone->rule);
}

/* A file of version 2 and above has the same data twice, and the second time in 64 bits with a rule at the
 * end. */
static bool find_block(struct mes_str *bytes, struct head *head, size_t *time_size_out)
{
    *time_size_out = 4;
    if (!read_head(*bytes, head))
        return false;
    if (head->version >= '2') {
        *bytes = mes_str_skip(*bytes, HEAD_SIZE + block_size(head, *time_size_out));
        *time_size_out = 8;
        if (!read_head(*bytes, head))
            return false;
    }
    *bytes = mes_str_skip(*bytes, HEAD_SIZE);
    return bytes->size >= block_size(head, *time_size_out);
}

static int fail(int code, const char *name, struct mes_error *error)
{
    return mes_fail(error, code, MES_ERROR_ZONE, MES_ARGS(name));
}

int mes_zone_parse(const char *name, struct mes_str bytes, struct mes_zone **zone_out,
                   struct mes_error *error)
{
    struct head head;
    size_t time_size;
    *zone_out = NULL;
    if (!find_block(&bytes, &head, &time_size))
        return fail(MES_E_INPUT, name, error);
    struct mes_zone *zone = mes_alloc(sizeof *zone + head.time_count * sizeof zone->changes[0]);
    if (zone == NULL)
        return mes_fail_nomem(error);
    bool is_sound = read_changes(bytes, &head, time_size, zone) &&
                    (time_size == 4 || read_footer(mes_str_skip(bytes, block_size(&head, time_size)), zone));
    if (!is_sound) {
        mes_free(zone);
        return fail(MES_E_INPUT, name, error);
    }
    *zone_out = zone;
    return 0;
}

void mes_zone_free(struct mes_zone **zone)
{
    mes_free(*zone);
    *zone = NULL;
}

/* Parts of letters, digits, '_', '+' and '-', with '/' between. */
static bool is_name(struct mes_str name)
{
    for (size_t i = 0; i < name.size; i++) {
        char c = mes_lower(name.data[i]);
        bool is_letter = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '+' || c == '-';
        bool is_slash = c == '/' && i > 0 && name.data[i - 1] != '/' && i + 1 < name.size;
        if (!is_letter && !is_slash)
            return false;
    }
    return name.size > 0 && name.size <= ZONE_NAME_MOST;
}

int mes_zone_load(const char *name, struct mes_zone **zone_out, struct mes_error *error)
{
    char path[sizeof ZONE_FOLDER + ZONE_NAME_MOST + 2];
    struct mes_buf bytes;
    *zone_out = NULL;
    if (!is_name(mes_str_of(name)))
        return fail(MES_E_NOT_FOUND, name, error);
    if (mes_str_eq(mes_str_of(name), MES_STR("UTC"))) {
        *zone_out = mes_alloc(sizeof **zone_out);
        return *zone_out != NULL ? 0 : mes_fail_nomem(error);
    }
    if (!mes_file_is_folder(ZONE_FOLDER))
        return mes_fail(error, MES_E_FILE, MES_ERROR_ZONE_DATA, MES_ARGS(ZONE_FOLDER));
    (void)snprintf(path, sizeof path, "%s/%s", ZONE_FOLDER, name);
    if (!mes_file_exists(path) || mes_file_is_folder(path))
        return fail(MES_E_NOT_FOUND, name, error);
    mes_buf_init(&bytes, ZONE_MOST_BYTES);
    int code = mes_file_read(path, &bytes, error);
    if (code == 0)
        code = mes_zone_parse(name, mes_buf_str(&bytes), zone_out, error);
    mes_buf_fini(&bytes);
    return code;
}

/* How many changes have happened by then. */
static size_t count_until(const struct mes_zone *zone, int64_t utc)
{
    size_t low = 0, high = zone->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (zone->changes[middle].since <= utc)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static int32_t offset_at(const struct mes_zone *zone, int64_t utc)
{
    size_t past = count_until(zone, utc);
    if (past == zone->count && zone->has_rule)
        return mes_zone_rule_offset(&zone->rule, utc);
    return past > 0 ? zone->changes[past - 1].offset : zone->first_offset;
}

static int64_t to_seconds(int64_t milliseconds)
{
    return milliseconds / 1000 - (milliseconds % 1000 < 0);
}

int mes_zone_offset(const struct mes_zone *zone, int64_t utc_ms)
{
    return offset_at(zone, to_seconds(utc_ms));
}

/* The first second after `low`, and not after `high`, at which `offset` no longer is in force. */
static int64_t change_between(const struct mes_zone *zone, int64_t low, int64_t high, int32_t offset)
{
    while (high - low > 1) {
        int64_t middle = low + (high - low) / 2;
        if (offset_at(zone, middle) == offset)
            low = middle;
        else
            high = middle;
    }
    return high;
}

enum mes_zone_local mes_zone_to_utc(const struct mes_zone *zone, int64_t local_ms, int64_t *utc_ms_out)
{
    int64_t local = to_seconds(local_ms);
    /* No zone ever changed twice within such a time. */
    int32_t before = offset_at(zone, local - MARGIN);
    int32_t after = offset_at(zone, local + MARGIN);
    bool fits_before = offset_at(zone, local - before) == before;
    bool fits_after = offset_at(zone, local - after) == after;
    *utc_ms_out = local_ms - (int64_t)1000 * (fits_after && !fits_before ? after : before);
    if (fits_before || fits_after)
        return fits_before && fits_after && before != after ? MES_ZONE_TWICE : MES_ZONE_ONCE;
    *utc_ms_out = 1000 * change_between(zone, local - MARGIN, local + MARGIN, before);
    return MES_ZONE_GAP;
}
