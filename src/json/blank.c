#include "json/blank.h"

#include <string.h>

#include "json/parse.h"

struct blanker {
    char *text;
    size_t size;
    size_t at;
    size_t comma; /* of a comma that nothing has followed yet, else SIZE_MAX */
    char last;    /* the last character that was neither blank nor comment */
    size_t depth;
    size_t values;
};

static bool starts(const struct blanker *blanker, const char *with)
{
    return mes_str_starts(mes_str_make(blanker->text + blanker->at, blanker->size - blanker->at),
                          mes_str_of(with));
}

/* Up to, but without, `end`. */
static void blank_until(struct blanker *blanker, size_t end)
{
    for (; blanker->at < end; blanker->at++)
        if (blanker->text[blanker->at] != '\n' && blanker->text[blanker->at] != '\r')
            blanker->text[blanker->at] = ' ';
}

static void blank_line_comment(struct blanker *blanker)
{
    size_t end = blanker->at;
    while (end < blanker->size && blanker->text[end] != '\n')
        end++;
    blank_until(blanker, end);
}

static bool blank_block_comment(struct blanker *blanker)
{
    struct mes_str text = mes_str_make(blanker->text, blanker->size);
    size_t end = mes_str_find(text, MES_STR("*/"), blanker->at + 2);
    if (end == SIZE_MAX)
        return false;
    blank_until(blanker, end + 2);
    return true;
}

static void pass_text(struct blanker *blanker)
{
    for (blanker->at++; blanker->at < blanker->size && blanker->text[blanker->at] != '"'; blanker->at++)
        if (blanker->text[blanker->at] == '\\' && blanker->at + 1 < blanker->size)
            blanker->at++;
    blanker->last = '"';
    blanker->comma = SIZE_MAX;
    if (blanker->at < blanker->size)
        blanker->at++;
}

/* A comma may be left out again only where a value stands before it: "[,]" stays wrong. */
static void pass_comma(struct blanker *blanker)
{
    bool follows_value = blanker->last != '\0' && strchr("[{,:", blanker->last) == NULL;
    blanker->comma = follows_value ? blanker->at : SIZE_MAX;
    blanker->values++;
}

static void pass_character(struct blanker *blanker)
{
    char c = blanker->text[blanker->at];
    if (c == ',') {
        pass_comma(blanker);
    } else {
        if ((c == ']' || c == '}') && blanker->comma != SIZE_MAX)
            blanker->text[blanker->comma] = ' ';
        blanker->comma = SIZE_MAX;
    }
    if (c == '[' || c == '{') {
        blanker->depth++;
        blanker->values++;
    }
    if ((c == ']' || c == '}') && blanker->depth > 0)
        blanker->depth--;
    blanker->last = c;
    blanker->at++;
}

/* One step further: a comment, a text in quotation marks, or one character. */
static enum mes_json_fault pass(struct blanker *blanker)
{
    char c = blanker->text[blanker->at];
    if (starts(blanker, "//"))
        blank_line_comment(blanker);
    else if (starts(blanker, "/*"))
        return blank_block_comment(blanker) ? MES_JSON_SOUND : MES_JSON_OPEN_COMMENT;
    else if (c == '"')
        pass_text(blanker);
    else if (c == ' ' || c == '\t' || c == '\r' || c == '\n')
        blanker->at++;
    else
        pass_character(blanker);
    if (blanker->depth > MES_JSON_MOST_DEPTH)
        return MES_JSON_TOO_DEEP;
    return blanker->values > MES_JSON_MOST_VALUES ? MES_JSON_TOO_MANY : MES_JSON_SOUND;
}

enum mes_json_fault mes_json_blank(char *text, size_t size, size_t *offset_out)
{
    struct blanker blanker = {.text = text, .size = size, .comma = SIZE_MAX};
    if (starts(&blanker, "\xEF\xBB\xBF"))
        blank_until(&blanker, 3);
    while (blanker.at < size) {
        *offset_out = blanker.at;
        enum mes_json_fault fault = pass(&blanker);
        if (fault != MES_JSON_SOUND)
            return fault;
    }
    return MES_JSON_SOUND;
}
