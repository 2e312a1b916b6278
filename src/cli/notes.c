#include "cli/notes.h"

#include "cli/result.h"

enum { MES_CLI_NOTE_LIMIT = 32 * 1024 };

/* FNV-1a. */
static const uint64_t hash_start = 14695981039346656037u, hash_prime = 1099511628211u;

static uint64_t hash_text(uint64_t hash, const char *text)
{
    /* The NUL keeps "ab","c" and "a","bc" apart. */
    do {
        hash = (hash ^ (unsigned char)*text) * hash_prime;
    } while (*text++ != '\0');
    return hash;
}

/* Two failures are alike when the same account failed at the same step with the same code and advice; the
 * reply's words differ each time. */
static uint64_t hash_of(const struct mes_attempt *attempt)
{
    uint64_t hash = hash_text(hash_start, attempt->account);
    hash = hash_text(hash, mes_step_name(attempt->step));
    hash = hash_text(hash, attempt->advice_id);
    return (hash ^ (uint64_t)attempt->code) * hash_prime;
}

static bool was_told(const struct mes_cli_notes *notes, uint64_t hash)
{
    for (size_t i = 0; i < notes->count; i++)
        if (notes->told[i] == hash)
            return true;
    return false;
}

/* Remembers the failure, and that something was said about the account: that it rests afterwards is no news.
 */
static bool is_news(struct mes_cli_notes *notes, const struct mes_attempt *attempt)
{
    uint64_t account = hash_text(hash_start, attempt->account);
    uint64_t hash = attempt->step == MES_STEP_LIMIT ? account : hash_of(attempt);
    if (was_told(notes, hash) || notes->count + 2 > MES_CLI_NOTES)
        return false;
    notes->told[notes->count++] = hash;
    if (!was_told(notes, account))
        notes->told[notes->count++] = account;
    return true;
}

void mes_cli_notes_tell(struct mes_cli_notes *notes, struct mes_cli *cli, const struct mes_result *result)
{
    struct mes_buf line;
    mes_buf_init(&line, MES_CLI_NOTE_LIMIT);
    for (size_t i = 0; i + 1 < result->attempt_count; i++) {
        if (!is_news(notes, &result->attempts[i]))
            continue;
        mes_cli_attempt_text(&line, cli->language, &result->attempts[i]);
        mes_cli_tell(cli, MES_SAY_cli_bare, MES_ARGS(mes_buf_text(&line)));
        mes_buf_clear(&line);
    }
    mes_buf_fini(&line);
}
