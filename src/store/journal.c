#include "store/journal.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/descriptor.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/file.h"
#include "base/stored.h"
#include "i18n/say.h"

/* The file: two heads, then the frames. A head holds the generation, and the one with the higher generation
 * counts: the other one is overwritten to begin a new generation, which empties the journal in one step. A
 * frame counts when its checksum, its generation and its place are right, so neither what an earlier
 * generation left nor half a write does. */
enum {
    HEAD_SIZE = 64,
    HEAD_DISTANCE = 4096, /* so that no sector holds both */
    FRAMES_AT = 2 * HEAD_DISTANCE,
    FRAME_SIZE = 1024,
    FRAME_SUM = 0,
    FRAME_GENERATION = 8,
    FRAME_PLACE = 16,
    FRAME_LENGTH = 20,
    FRAME_RECORD = 24,
    SUM_SIZE = 8,
    JOURNAL_SIZE = FRAMES_AT + MES_STORE_JOURNAL_RECORDS * FRAME_SIZE,
    PATH_MOST = 4096
};
_Static_assert(FRAME_RECORD + MES_STORE_JOURNAL_RECORD_MOST <= FRAME_SIZE, "a record fits in its frame");

static const char journal_mark[] = "mailenhance journal 1\n";

struct mes_store_journal {
    struct mes_stored file;
    char *path;
    uint64_t generation;
    size_t count; /* places used, up to the last frame that counts */
    bool is_broken;
};

static void put_number(unsigned char *at, uint64_t number, size_t size)
{
    for (size_t i = 0; i < size; i++)
        at[i] = (unsigned char)(number >> (8 * i));
}

static uint64_t get_number(const unsigned char *at, size_t size)
{
    uint64_t number = 0;
    for (size_t i = size; i-- > 0;)
        number = number << 8 | at[i];
    return number;
}

/* Of everything behind the sum itself. */
static bool make_sum(const unsigned char *block, size_t size, unsigned char sum[SUM_SIZE])
{
    unsigned char digest[MES_DIGEST_SIZE];
    struct mes_str part = mes_str_make((const char *)block + SUM_SIZE, size - SUM_SIZE);
    if (!mes_digest(&part, 1, digest))
        return false;
    memcpy(sum, digest, SUM_SIZE);
    return true;
}

static bool has_right_sum(const unsigned char *block, size_t size)
{
    unsigned char sum[SUM_SIZE];
    return make_sum(block, size, sum) && memcmp(sum, block, SUM_SIZE) == 0;
}

/* Heads. */

static int write_head(const struct mes_stored *file, uint64_t generation, struct mes_error *error)
{
    unsigned char head[HEAD_SIZE] = {0};
    put_number(head + SUM_SIZE, generation, 8);
    memcpy(head + SUM_SIZE + 8, journal_mark, sizeof journal_mark);
    if (!make_sum(head, sizeof head, head))
        return mes_fail_nomem(error);
    return mes_stored_write_at(file, generation % 2 * HEAD_DISTANCE,
                               mes_str_make((const char *)head, sizeof head), error);
}

/* 0 when the head does not count. */
static uint64_t read_head(const struct mes_stored *file, unsigned which)
{
    unsigned char head[HEAD_SIZE];
    if (mes_stored_read_at(file, which * HEAD_DISTANCE, head, sizeof head, NULL) != 0 ||
        !has_right_sum(head, sizeof head) ||
        memcmp(head + SUM_SIZE + 8, journal_mark, sizeof journal_mark) != 0)
        return 0;
    return get_number(head + SUM_SIZE, 8);
}

/* Frames. */

static uint64_t frame_at(size_t place)
{
    return FRAMES_AT + (uint64_t)place * FRAME_SIZE;
}

/* What cannot be read does not count: neither does the end of a file that is too short. */
static bool read_frame(const struct mes_store_journal *journal, size_t place, unsigned char frame[FRAME_SIZE],
                       struct mes_str *record_out)
{
    if (mes_stored_read_at(&journal->file, frame_at(place), frame, FRAME_SIZE, NULL) != 0)
        return false;
    size_t size = (size_t)get_number(frame + FRAME_LENGTH, 2);
    if (get_number(frame + FRAME_GENERATION, 8) != journal->generation ||
        get_number(frame + FRAME_PLACE, 4) != place || size > MES_STORE_JOURNAL_RECORD_MOST ||
        !has_right_sum(frame, FRAME_SIZE))
        return false;
    *record_out = mes_str_make((const char *)frame + FRAME_RECORD, size);
    return true;
}

/* After a flush that failed, an earlier process may have left records that are in the system's memory but not
 * on the disk, and a later flush would not say so. What is written again is flushed again. */
static int flush_anew(const struct mes_store_journal *journal, struct mes_error *error)
{
    unsigned char frame[FRAME_SIZE];
    struct mes_str record;
    int code = 0;
    for (size_t place = 0; code == 0 && place < journal->count; place++)
        if (read_frame(journal, place, frame, &record))
            code = mes_stored_write_at(&journal->file, frame_at(place),
                                       mes_str_make((const char *)frame, sizeof frame), error);
    if (code == 0)
        code = write_head(&journal->file, journal->generation, error);
    return code == 0 ? mes_stored_sync(&journal->file, error) : code;
}

/* All places are looked at: writes that were not flushed may have reached the disk in any order. */
static void find_end(struct mes_store_journal *journal)
{
    unsigned char frame[FRAME_SIZE];
    struct mes_str record;
    for (size_t place = 0; place < MES_STORE_JOURNAL_RECORDS; place++)
        if (read_frame(journal, place, frame, &record))
            journal->count = place + 1;
}

/* Opening. */

/* Zeros are written, not only reserved: only then does a later write need nothing at all of a full disk. */
static int fill(const struct mes_stored *file, struct mes_error *error)
{
    static const char zeros[64 * FRAME_SIZE];
    int code = mes_stored_reserve(file, JOURNAL_SIZE, error);
    for (uint64_t at = 0; code == 0 && at < JOURNAL_SIZE; at += sizeof zeros) {
        uint64_t left = JOURNAL_SIZE - at;
        code = mes_stored_write_at(
            file, at, mes_str_make(zeros, left < sizeof zeros ? (size_t)left : sizeof zeros), error);
    }
    if (code == 0)
        code = write_head(file, 1, error);
    return code == 0 ? mes_stored_sync(file, error) : code;
}

/* Under another name until it is whole. */
static int make_file(const char *path, struct mes_error *error)
{
    char fresh[PATH_MOST];
    struct mes_stored file;
    if (snprintf(fresh, sizeof fresh, "%s.new", path) >= (int)sizeof fresh)
        return mes_fail(error, MES_E_LIMIT, MES_ERROR_TOO_LARGE, MES_ARGS(MES_NUMBER(PATH_MOST)));
    int code = mes_stored_open(fresh, &file, error);
    if (code != 0)
        return code;
    code = fill(&file, error);
    mes_stored_close(&file);
    if (code == 0)
        code = mes_stored_rename(fresh, path, error);
    if (code != 0) {
        mes_stored_remove(fresh);
        return code;
    }
    return mes_stored_sync_parent(path, error);
}

static int read_file(struct mes_store_journal *journal, struct mes_error *error)
{
    uint64_t even = read_head(&journal->file, 0);
    uint64_t odd = read_head(&journal->file, 1);
    journal->generation = even > odd ? even : odd;
    if (journal->generation == 0)
        return mes_fail(error, MES_E_CORRUPT, MES_SAY_store_journal_damaged, MES_ARGS(journal->file.path));
    find_end(journal);
    return 0;
}

static int take_up(struct mes_store_journal *journal, struct mes_error *error)
{
    int code = mes_stored_open(journal->path, &journal->file, error);
    if (code == 0)
        code = read_file(journal, error);
    if (code == 0)
        code = mes_stored_reserve(&journal->file, JOURNAL_SIZE, error);
    return code == 0 ? flush_anew(journal, error) : code;
}

int mes_store_journal_open(const char *path, struct mes_store_journal **journal_out, struct mes_error *error)
{
    int code = mes_file_exists(path) ? 0 : make_file(path, error);
    if (code != 0)
        return code;
    struct mes_store_journal *journal = mes_alloc(sizeof *journal);
    if (journal == NULL)
        return mes_fail_nomem(error);
    journal->file.descriptor = -1;
    journal->path = mes_copy(path, strlen(path));
    code = journal->path != NULL ? take_up(journal, error) : mes_fail_nomem(error);
    if (code != 0)
        mes_store_journal_close(&journal);
    else
        *journal_out = journal;
    return code;
}

void mes_store_journal_close(struct mes_store_journal **journal)
{
    if (*journal == NULL)
        return;
    mes_stored_close(&(*journal)->file);
    mes_free((*journal)->path);
    mes_free(*journal);
    *journal = NULL;
}

/* Working with it. */

static int may_go_on(const struct mes_store_journal *journal, struct mes_error *error)
{
    if (journal->is_broken)
        return mes_fail(error, MES_E_STORAGE, MES_SAY_store_journal_broken, MES_ARGS(journal->path));
    return 0;
}

static int note_failure(struct mes_store_journal *journal, int code)
{
    if (code == MES_E_STORAGE)
        journal->is_broken = true;
    return code;
}

int mes_store_journal_append(struct mes_store_journal *journal, struct mes_str record,
                             struct mes_error *error)
{
    unsigned char frame[FRAME_SIZE] = {0};
    int code = may_go_on(journal, error);
    if (code != 0)
        return code;
    if (record.size > MES_STORE_JOURNAL_RECORD_MOST)
        return mes_fail(error, MES_E_LIMIT, MES_ERROR_TOO_LARGE,
                        MES_ARGS(MES_NUMBER(MES_STORE_JOURNAL_RECORD_MOST)));
    if (journal->count == MES_STORE_JOURNAL_RECORDS)
        return mes_fail(error, MES_E_LIMIT, MES_SAY_store_journal_full, MES_ARGS(journal->path));
    put_number(frame + FRAME_GENERATION, journal->generation, 8);
    put_number(frame + FRAME_PLACE, journal->count, 4);
    put_number(frame + FRAME_LENGTH, record.size, 2);
    if (record.size > 0)
        memcpy(frame + FRAME_RECORD, record.data, record.size);
    if (!make_sum(frame, sizeof frame, frame + FRAME_SUM))
        return mes_fail_nomem(error);
    code = mes_stored_write_at(&journal->file, frame_at(journal->count),
                               mes_str_make((const char *)frame, sizeof frame), error);
    if (code == 0)
        journal->count++;
    return note_failure(journal, code);
}

int mes_store_journal_sync(struct mes_store_journal *journal, struct mes_error *error)
{
    int code = may_go_on(journal, error);
    return code != 0 ? code : note_failure(journal, mes_stored_sync(&journal->file, error));
}

size_t mes_store_journal_count(const struct mes_store_journal *journal)
{
    return journal->count;
}

int mes_store_journal_replay(struct mes_store_journal *journal,
                             int (*each)(void *context, struct mes_str record, struct mes_error *error),
                             void *context, struct mes_error *error)
{
    unsigned char frame[FRAME_SIZE];
    struct mes_str record;
    int code = 0;
    for (size_t place = 0; code == 0 && place < journal->count; place++)
        if (read_frame(journal, place, frame, &record))
            code = each(context, record, error);
    return code;
}

int mes_store_journal_peek(const char *path,
                           int (*each)(void *context, struct mes_str record, struct mes_error *error),
                           void *context, size_t *count_out, struct mes_error *error)
{
    struct mes_input input;
    int code = mes_descriptor_open(path, &input, error);
    if (code != 0)
        return mes_file_exists(path)
                   ? code
                   : mes_fail(error, MES_E_NOT_FOUND, MES_ERROR_FILE_MISSING, MES_ARGS(path));
    struct mes_store_journal journal = {.file = {input.descriptor, path}};
    code = read_file(&journal, error);
    if (code == 0 && each != NULL)
        code = mes_store_journal_replay(&journal, each, context, error);
    if (code == 0 && count_out != NULL)
        *count_out = journal.count;
    mes_stored_close(&journal.file);
    return code;
}

int mes_store_journal_clear(struct mes_store_journal *journal, struct mes_error *error)
{
    int code = may_go_on(journal, error);
    if (code != 0 || journal->count == 0)
        return code;
    code = write_head(&journal->file, journal->generation + 1, error);
    if (code == 0)
        code = mes_stored_sync(&journal->file, error);
    if (code == 0) {
        journal->generation++;
        journal->count = 0;
    }
    return note_failure(journal, code);
}
