/* Any bytes, in any portions: the same replies come out, within their limits. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "smtp/reply.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { REPLIES = 64 };

struct seen {
    size_t count;
    enum mes_smtp_parse last;
    int codes[REPLIES];
    size_t text_sizes[REPLIES];
    size_t enhanced_sizes[REPLIES];
};

static void require(bool is_true)
{
    if (!is_true)
        abort();
}

static void check(const struct mes_smtp_reply *reply)
{
    require(reply->code >= 200 && reply->code <= 599);
    require(reply->text.size <= MES_SMTP_REPLY_BYTES);
    require(memchr(reply->text.data, '\r', reply->text.size) == NULL);
    require(memchr(reply->text.data, '\0', reply->text.size) == NULL);
    require(reply->enhanced.size == 0 || reply->enhanced.data[0] - '0' == reply->code / 100);
    struct mes_buf out;
    mes_buf_init(&out, SIZE_MAX);
    mes_smtp_reply_add_text(reply, 100, &out);
    require(out.size <= 100);
    mes_buf_fini(&out);
}

static void parse(struct mes_str bytes, size_t portion, struct seen *seen)
{
    struct mes_smtp_parser parser;
    mes_smtp_parser_init(&parser);
    *seen = (struct seen){.last = MES_SMTP_PARSE_MORE};
    for (size_t at = 0; at < bytes.size && seen->last == MES_SMTP_PARSE_MORE; at += portion) {
        struct mes_str input = mes_str_cut(bytes, at, portion);
        do {
            struct mes_smtp_reply reply;
            seen->last = mes_smtp_parser_next(&parser, &input, &reply);
            if (seen->last != MES_SMTP_PARSE_REPLY)
                break;
            check(&reply);
            if (seen->count < REPLIES) {
                seen->codes[seen->count] = reply.code;
                seen->text_sizes[seen->count] = reply.text.size;
                seen->enhanced_sizes[seen->count] = reply.enhanced.size;
            }
            seen->count++;
        } while (true);
    }
    mes_smtp_parser_fini(&parser);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct seen whole, parts;
    if (size < 2)
        return 0;
    struct mes_str bytes = mes_str_make((const char *)data + 1, size - 1);
    parse(bytes, bytes.size, &whole);
    parse(bytes, (size_t)data[0] % 32 + 1, &parts);
    require(whole.count == parts.count && whole.last == parts.last);
    for (size_t i = 0; i < whole.count && i < REPLIES; i++)
        require(whole.codes[i] == parts.codes[i] && whole.text_sizes[i] == parts.text_sizes[i] &&
                whole.enhanced_sizes[i] == parts.enhanced_sizes[i]);
    return 0;
}
