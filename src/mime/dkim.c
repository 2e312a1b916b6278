#include "mime/dkim.h"

#include <string.h>

#include "base/base64.h"
#include "mime/dkim_canonical.h"
#include "mime/limits.h"

enum extra { ALWAYS, BESIDE };

struct row {
    struct mes_str name; /* in lower case */
    enum extra extra;
};

static const struct row rows[] = {
#define DKIM_FIELD(name, extra) {{name, sizeof(name) - 1}, extra},
#include "mime/dkim.def"
#undef DKIM_FIELD
};

enum { MES_DKIM_ROWS = sizeof rows / sizeof rows[0], MES_DKIM_CHUNK = 64 };

/* The field as it grows, and what the signature will be made over. */
struct writing {
    struct mes_buf *out;
    size_t column;
    struct mes_buf canonical;
    bool is_there[MES_DKIM_ROWS];
    bool has_name; /* h= has one already */
};

/* Something that may begin on a new line; where it does not, `gap` stands before it. One sign more has room.
 */
static void add(struct writing *writing, const char *gap, struct mes_str text)
{
    bool is_over = writing->column + strlen(gap) + text.size + 1 > MES_LIMIT_SOFT_LINE;
    mes_buf_add_text(writing->out, is_over ? "\r\n " : gap);
    mes_buf_add_str(writing->out, text);
    writing->column = (is_over ? 1 : writing->column + strlen(gap)) + text.size;
}

static void add_sign(struct writing *writing, char sign)
{
    mes_buf_add_char(writing->out, sign);
    writing->column++;
}

static void add_tag(struct writing *writing, const char *tag, struct mes_str value)
{
    struct mes_buf text;
    mes_buf_init(&text, SIZE_MAX);
    mes_buf_add_text(&text, tag);
    mes_buf_add_str(&text, value);
    mes_buf_add_char(&text, ';');
    add(writing, " ", mes_buf_str(&text));
    if (text.failed != 0)
        writing->out->failed = text.failed;
    mes_buf_fini(&text);
}

/* In base64. `bytes` NULL: as many characters that say nothing. */
static void encode(struct mes_buf *out, const unsigned char *bytes, size_t size)
{
    if (bytes != NULL)
        mes_base64_add(out, bytes, size);
    for (size_t i = 0; bytes == NULL && i < mes_base64_size(size); i++)
        mes_buf_add_char(out, 'A');
}

static void add_name(struct writing *writing, const struct row *row)
{
    if (writing->has_name)
        add_sign(writing, ':');
    add(writing, "", row->name);
    writing->has_name = true;
}

static size_t row_of(struct mes_str name)
{
    size_t row = 0;
    while (row < MES_DKIM_ROWS && !mes_str_eq_nocase(name, rows[row].name))
        row++;
    return row;
}

/* Where the last field begins: behind a line end that is no fold. */
static size_t last_field(struct mes_str header)
{
    const char *end = header.data + header.size - 1;
    while ((end = memrchr(header.data, '\n', (size_t)(end - header.data))) != NULL)
        if (end[1] != ' ' && end[1] != '\t')
            return (size_t)(end - header.data) + 1;
    return 0;
}

/* From the last field up: where a name stands several times, the lowest is signed first (RFC 6376 5.4.2). */
static void sign_fields(struct writing *writing, struct mes_str header)
{
    while (header.size > 0) {
        struct mes_str field = mes_str_skip(header, last_field(header)), rest = field, name;
        header.size -= field.size;
        size_t row = mes_str_next(&rest, ':', &name) ? row_of(mes_str_trim(name)) : MES_DKIM_ROWS;
        if (row == MES_DKIM_ROWS)
            continue;
        writing->is_there[row] = true;
        add_name(writing, &rows[row]);
        mes_mime_dkim_canonical_field(field, &writing->canonical);
        mes_buf_add_text(&writing->canonical, "\r\n");
    }
}

static void sign_absence(struct writing *writing)
{
    for (size_t row = 0; row < MES_DKIM_ROWS; row++)
        if (writing->is_there[row] || rows[row].extra == ALWAYS)
            add_name(writing, &rows[row]);
}

static void write_up_to_signature(struct writing *writing, const struct mes_dkim_key *key,
                                  const struct mes_dkim_subject *subject)
{
    char moment[24];
    struct mes_buf hash;
    mes_buf_init(&hash, SIZE_MAX);
    encode(&hash, subject->body_hash, MES_DIGEST_SIZE);
    mes_buf_add_text(writing->out, "DKIM-Signature:");
    writing->column = strlen("DKIM-Signature:");
    add_tag(writing, "v=", MES_STR("1"));
    add_tag(writing, "a=", mes_str_of(mes_mime_dkim_key_algorithm(key)));
    add_tag(writing, "c=", MES_STR("relaxed/relaxed"));
    add_tag(writing, "d=", mes_str_of(mes_mime_dkim_key_domain(key)));
    add_tag(writing, "s=", mes_str_of(mes_mime_dkim_key_selector(key)));
    add_tag(writing, "t=", mes_str_of(mes_number_text(moment, subject->unix_seconds)));
    add(writing, " ", MES_STR("h="));
    sign_fields(writing, subject->header);
    sign_absence(writing);
    add_sign(writing, ';');
    add_tag(writing, "bh=", mes_buf_str(&hash));
    add(writing, " ", MES_STR("b="));
    if (hash.failed != 0)
        writing->out->failed = hash.failed;
    mes_buf_fini(&hash);
}

/* Base64 may be folded anywhere. */
static void add_signature(struct writing *writing, const unsigned char *signature, size_t size)
{
    struct mes_buf text;
    mes_buf_init(&text, SIZE_MAX);
    encode(&text, signature, size);
    for (struct mes_str rest = mes_buf_str(&text); rest.size > 0; rest = mes_str_skip(rest, MES_DKIM_CHUNK))
        add(writing, "", mes_str_cut(rest, 0, MES_DKIM_CHUNK));
    if (text.failed != 0)
        writing->out->failed = text.failed;
    mes_buf_fini(&text);
}

int mes_mime_dkim_write(const struct mes_dkim_key *key, const struct mes_dkim_subject *subject,
                        struct mes_buf *out, struct mes_error *error)
{
    struct writing writing = {.out = out};
    unsigned char signature[MES_DKIM_SIGNATURE_MOST];
    size_t begin = out->size;
    mes_buf_init(&writing.canonical, SIZE_MAX);
    write_up_to_signature(&writing, key, subject);
    /* The field signs itself, with nothing behind b= (RFC 6376 3.7). */
    mes_mime_dkim_canonical_field(mes_str_skip(mes_buf_str(out), begin), &writing.canonical);
    bool is_good = writing.canonical.failed == 0 && out->failed == 0;
    if (is_good && subject->body_hash != NULL)
        is_good = mes_mime_dkim_key_sign(key, mes_buf_str(&writing.canonical), signature);
    add_signature(&writing, subject->body_hash != NULL ? signature : NULL, mes_mime_dkim_key_size(key));
    mes_buf_add_text(out, "\r\n");
    mes_buf_fini(&writing.canonical);
    return is_good ? mes_buf_check(out, error) : mes_fail_nomem(error);
}
