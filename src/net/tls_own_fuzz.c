/* Any bytes as the file of an account's own certificate, PFX or PEM: taken, or refused with a sentence. */
#include <openssl/err.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/error.h"
#include "net/tls.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct mes_secret *password;
    static int file = -1;
    static char path[32];
    struct mes_tls *tls;
    struct mes_error error = {0};
    char text[1024];
    if (file < 0) {
        file = memfd_create("pfx", MFD_CLOEXEC);
        password = mes_secret_new(MES_STR("secret"));
        (void)snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    }
    require(ftruncate(file, 0) == 0 && pwrite(file, data, size, 0) == (ssize_t)size);
    const struct mes_tls_options options = {
        .allow_invalid_certificate = true, .certificate_file = path, .key_password = password};
    int code = mes_tls_new(&options, &tls, &error);
    require((code == 0) == (tls != NULL));
    require(code == 0 || code == MES_E_TLS || code == MES_E_FILE || code == MES_E_LIMIT);
    require(code == 0 || mes_error_text(&error, MES_EN, text, sizeof text)[0] != '\0');
    require(ERR_peek_error() == 0);
    mes_tls_free(&tls);
    return 0;
}
