/* The mechanisms that show an access token instead of a password. Both say everything at once; when the token
 * is refused, the relay first tells why in a challenge of its own. */
#include <string.h>

#include "base/base64.h"
#include "smtp/auth_parts.h"
#include "smtp/saslprep.h"

enum { CONTROL_A = 1, FRAME_MOST = 128 /* all but the user, the host and the token */ };

/* RFC 6750 section 2.1: nothing else stands in a token, and nothing else could end it before its end. */
static bool is_token(struct mes_str token)
{
    for (size_t i = 0; i < token.size; i++) {
        char c = mes_lower(token.data[i]);
        bool is_letter = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        if (!is_letter && memchr("-._~+/=", c, 7) == NULL)
            return false;
    }
    return token.size > 0;
}

static bool has_controls(struct mes_str text)
{
    for (size_t i = 0; i < text.size; i++)
        if ((unsigned char)text.data[i] < ' ' || text.data[i] == 0x7f)
            return true;
    return false;
}

static void add_field(struct mes_buf *out, const char *name, struct mes_str value)
{
    mes_buf_add_text(out, name);
    mes_buf_add_str(out, value);
    mes_buf_add_char(out, CONTROL_A);
}

static void add_bearer(struct mes_buf *out, struct mes_str token)
{
    add_field(out, "auth=Bearer ", token);
    mes_buf_add_char(out, CONTROL_A);
}

/* Checks and frames for both: `write` fills the scratch. */
static bool add_framed(struct mes_smtp_auth *auth, const struct mes_smtp_options *options,
                       void (*write)(const struct mes_smtp_options *options, struct mes_buf *scratch),
                       struct mes_buf *out)
{
    struct mes_str token = mes_secret_reveal(options->token);
    size_t size = 3 * options->user.size + options->host.size + token.size + FRAME_MOST;
    struct mes_buf scratch;
    if (!is_token(token) || has_controls(options->user))
        return mes_smtp_auth_fail(auth, MES_SMTP_LOGIN_UNFIT);
    bool is_good = mes_smtp_scratch_init(&scratch, size);
    if (is_good) {
        write(options, &scratch);
        mes_smtp_scratch_add_base64(out, mes_buf_str(&scratch));
    }
    mes_smtp_scratch_fini(&scratch);
    return is_good || mes_smtp_auth_fail(auth, MES_SMTP_NO_MEMORY);
}

static void write_xoauth2(const struct mes_smtp_options *options, struct mes_buf *scratch)
{
    add_field(scratch, "user=", options->user);
    add_bearer(scratch, mes_secret_reveal(options->token));
}

/* The format that Google and Microsoft document. */
bool mes_smtp_auth_initial_xoauth2(struct mes_smtp_auth *auth, const struct mes_smtp_options *options,
                                   struct mes_buf *out)
{
    return add_framed(auth, options, write_xoauth2, out);
}

static void write_oauthbearer(const struct mes_smtp_options *options, struct mes_buf *scratch)
{
    mes_buf_add_text(scratch, "n,a=");
    mes_smtp_saslname_add(scratch, options->user);
    mes_buf_add_char(scratch, ',');
    mes_buf_add_char(scratch, CONTROL_A);
    if (options->host.size > 0) {
        add_field(scratch, "host=", options->host);
        mes_buf_add_text(scratch, "port=");
        mes_buf_add_uint(scratch, options->port);
        mes_buf_add_char(scratch, CONTROL_A);
    }
    add_bearer(scratch, mes_secret_reveal(options->token));
}

/* RFC 7628 section 3.1 */
bool mes_smtp_auth_initial_oauthbearer(struct mes_smtp_auth *auth, const struct mes_smtp_options *options,
                                       struct mes_buf *out)
{
    return add_framed(auth, options, write_oauthbearer, out);
}

/* The relay says in JSON why it refuses the token, and then waits: RFC 7628 section 3.2.3 wants a lone ^A,
 * the makers of XOAUTH2 an empty line. Then comes its reply. */
bool mes_smtp_auth_answer_token(struct mes_smtp_auth *auth, const struct mes_smtp_options *options,
                                struct mes_str challenge, struct mes_buf *out)
{
    (void)options;
    if (auth->has_told_why || !mes_base64_decode(challenge, &auth->why))
        return mes_smtp_auth_fail(auth, MES_SMTP_GARBAGE);
    auth->has_told_why = true;
    if (auth->mechanism == MES_SMTP_MECHANISM_OAUTHBEARER)
        mes_base64_add(out, "\1", 1);
    return true;
}
