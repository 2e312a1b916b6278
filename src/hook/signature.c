#include "hook/signature.h"

#include <stdio.h>

#include "base/id.h"
#include "base/secret.h"
#include "store/folder.h"

bool mes_hook_secret(const unsigned char *master, int64_t webhook, char out[MES_HOOK_SECRET_SPACE])
{
    char id[MES_ID_SPACE], hex[MES_DIGEST_HEX];
    unsigned char digest[MES_DIGEST_SIZE];
    const struct mes_str parts[] = {MES_STR("mailenhance webhook "), mes_str_of(mes_id_text(id, webhook))};
    bool is_made =
        mes_hmac(mes_str_make((const char *)master, MES_STORE_FOLDER_SECRET_SIZE), parts, 2, digest);
    (void)snprintf(out, MES_HOOK_SECRET_SPACE, "whsec_%s", mes_digest_text(digest, hex));
    mes_wipe(digest, sizeof digest);
    mes_wipe(hex, sizeof hex);
    return is_made;
}

bool mes_hook_sign(const char *secret, const char *id, const char *time, struct mes_str body,
                   char out[MES_HOOK_SIGNATURE_SPACE])
{
    char hex[MES_DIGEST_HEX];
    unsigned char digest[MES_DIGEST_SIZE];
    const struct mes_str parts[] = {mes_str_of(id), MES_STR("."), mes_str_of(time), MES_STR("."), body};
    bool is_made = mes_hmac(mes_str_of(secret), parts, sizeof parts / sizeof parts[0], digest);
    (void)snprintf(out, MES_HOOK_SIGNATURE_SPACE, "v1=%s", mes_digest_text(digest, hex));
    return is_made;
}
