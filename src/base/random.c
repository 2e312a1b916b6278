#include "base/random.h"

#include <errno.h>
#include <sys/random.h>

#include "base/error.h"

int mes_random_bytes(void *out, size_t size, struct mes_error *error)
{
    unsigned char *at = out;
    while (size > 0) {
        ssize_t got = getrandom(at, size, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return mes_fail_system(error, "getrandom", errno);
        at += got;
        size -= (size_t)got;
    }
    return 0;
}

int mes_random_text(char *out, size_t size, struct mes_error *error)
{
    static const char digits[] = "0123456789abcdefghjkmnpqrstvwxyz";
    if (size == 0)
        return 0;
    int code = mes_random_bytes(out, size - 1, error);
    if (code != 0)
        return code;
    for (size_t i = 0; i + 1 < size; i++)
        out[i] = digits[(unsigned char)out[i] & 31];
    out[size - 1] = '\0';
    return 0;
}
