#include "delivery/report.h"

#include <string.h>

#include "base/alloc.h"
#include "base/arena.h"

struct mes_report {
    struct mes_arena arena; /* texts and attempts */
    struct mes_result *results;
    size_t count;
    size_t capacity;
};

struct mes_report *mes_delivery_report_new(void)
{
    struct mes_report *report = mes_alloc(sizeof *report);
    if (report != NULL)
        mes_arena_init(&report->arena, SIZE_MAX);
    return report;
}

static const char *copy_text(struct mes_report *report, const char *text)
{
    return mes_arena_copy(&report->arena, mes_str_of(text));
}

static bool copy_attempts(struct mes_report *report, struct mes_result *result)
{
    struct mes_attempt *copies = mes_arena_alloc(&report->arena, result->attempt_count * sizeof *copies);
    if (copies == NULL)
        return false;
    for (size_t i = 0; i < result->attempt_count; i++) {
        copies[i] = result->attempts[i];
        copies[i].account = copy_text(report, copies[i].account);
        copies[i].enhanced = copy_text(report, copies[i].enhanced);
        copies[i].reply = copy_text(report, copies[i].reply);
        copies[i].advice_id = copy_text(report, copies[i].advice_id);
        if (copies[i].account == NULL || copies[i].enhanced == NULL || copies[i].reply == NULL ||
            copies[i].advice_id == NULL)
            return false;
    }
    result->attempts = copies;
    return true;
}

static bool make_room(struct mes_report *report)
{
    if (report->count < report->capacity)
        return true;
    size_t capacity = report->capacity > 0 ? report->capacity * 2 : 4;
    struct mes_result *results = mes_realloc(report->results, capacity * sizeof *results);
    if (results == NULL)
        return false;
    report->results = results;
    report->capacity = capacity;
    return true;
}

const struct mes_result *mes_delivery_report_add(struct mes_report *report, const struct mes_result *result)
{
    struct mes_result copy = *result;
    copy.recipient = copy_text(report, result->recipient);
    copy.message_id = copy_text(report, result->message_id);
    if (copy.recipient == NULL || copy.message_id == NULL || !copy_attempts(report, &copy) ||
        !make_room(report))
        return NULL;
    report->results[report->count] = copy;
    return &report->results[report->count++];
}

size_t mes_report_count(const struct mes_report *report)
{
    return report->count;
}

const struct mes_result *mes_report_result(const struct mes_report *report, size_t index)
{
    return index < report->count ? &report->results[index] : NULL;
}

const struct mes_attempt *mes_result_attempt(const struct mes_result *result, size_t index)
{
    return index < result->attempt_count ? &result->attempts[index] : NULL;
}

void mes_report_free(struct mes_report **report)
{
    if (*report == NULL)
        return;
    mes_arena_fini(&(*report)->arena);
    mes_free((*report)->results);
    mes_free(*report);
    *report = NULL;
}
