/* Any bytes as the answers of a proxy, in any pieces: it opens or fails, and takes nothing behind its last
 * byte. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "net/proxy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition)
        abort();
}

/* Returns how many bytes were taken; the password never stands in a reason. */
static size_t talk(const struct mes_proxy_options *options, struct mes_str bytes, size_t piece,
                   enum mes_proxy_state *state_out)
{
    struct mes_proxy proxy;
    size_t all = 0;
    mes_proxy_init(&proxy, options);
    require(proxy.state == MES_PROXY_UNDER_WAY && proxy.out.size > 0);
    while (proxy.state == MES_PROXY_UNDER_WAY && all < bytes.size) {
        struct mes_str part = mes_str_cut(bytes, all, piece);
        mes_buf_clear(&proxy.out);
        size_t taken = mes_proxy_receive(&proxy, part);
        bool takes_more = proxy.state == MES_PROXY_UNDER_WAY && proxy.out.size == 0;
        require(takes_more ? taken == part.size : taken <= part.size);
        require(proxy.state == MES_PROXY_UNDER_WAY || proxy.out.size == 0);
        all += taken;
    }
    require((proxy.state == MES_PROXY_FAILED) == (proxy.cause != MES_PROXY_CAUSE_NONE));
    require((proxy.state == MES_PROXY_FAILED) == (proxy.reason[0] != '\0'));
    require(strstr(proxy.reason, "secret") == NULL);
    *state_out = proxy.state;
    mes_proxy_fini(&proxy);
    return all;
}

/* The first byte chooses kind, login and the size of the pieces: the outcome must not depend on the last. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct mes_secret *password;
    enum mes_proxy_state whole, cut;
    if (password == NULL)
        password = mes_secret_new(MES_STR("secret"));
    if (size == 0)
        return 0;
    const struct mes_proxy_options options = {.kind = (data[0] & 1) != 0 ? MES_PROXY_HTTP : MES_PROXY_SOCKS5,
                                              .user = (data[0] & 2) != 0 ? "user" : "",
                                              .password = password,
                                              .host = (data[0] & 4) != 0 ? "relay.example" : "2001:db8::1",
                                              .port = 587};
    struct mes_str bytes = mes_str_make((const char *)data + 1, size - 1);
    size_t taken = talk(&options, bytes, SIZE_MAX, &whole);
    require(talk(&options, bytes, 1 + (data[0] >> 3), &cut) == taken && cut == whole);
    return 0;
}
