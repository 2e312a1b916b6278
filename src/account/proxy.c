#include "account/proxy.h"

#include <string.h>

#include "base/error.h"
#include "base/utf8.h"

enum { LOGIN_MOST = 255, HOST_MOST = 253 };

static const char *const schemes[] = {
    [MES_ACCOUNT_PROXY_NONE] = "",
    [MES_ACCOUNT_PROXY_SOCKS5] = "socks5://",
    [MES_ACCOUNT_PROXY_SOCKS5H] = "socks5h://",
    [MES_ACCOUNT_PROXY_HTTP] = "http://",
};

static enum mes_account_proxy_kind take_scheme(struct mes_str *text)
{
    for (size_t kind = MES_ACCOUNT_PROXY_SOCKS5; kind < sizeof schemes / sizeof schemes[0]; kind++) {
        struct mes_str scheme = mes_str_of(schemes[kind]);
        if (mes_str_starts_nocase(*text, scheme)) {
            *text = mes_str_skip(*text, scheme.size);
            return (enum mes_account_proxy_kind)kind;
        }
    }
    return MES_ACCOUNT_PROXY_NONE;
}

/* The part before the last '@', for a password may hold one; false when there is none. */
static bool take_login(struct mes_str *rest, struct mes_str *login_out)
{
    size_t at = rest->size;
    while (at > 0 && rest->data[at - 1] != '@')
        at--;
    if (at == 0)
        return false;
    *login_out = mes_str_cut(*rest, 0, at - 1);
    *rest = mes_str_skip(*rest, at);
    return true;
}

static int hex_digit(char c)
{
    c = mes_lower(c);
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* %XX decoded (RFC 3986 section 2.1). False for a broken one, for control characters, and for too much. */
static bool decode(struct mes_str text, char out[LOGIN_MOST + 1], size_t *size_out)
{
    size_t size = 0;
    for (size_t i = 0; i < text.size; i++) {
        int byte = (unsigned char)text.data[i];
        if (byte == '%') {
            int high = i + 2 < text.size ? hex_digit(text.data[i + 1]) : -1;
            int low = i + 2 < text.size ? hex_digit(text.data[i + 2]) : -1;
            byte = high >= 0 && low >= 0 ? high * 16 + low : 0;
            i += 2;
        }
        if (byte < 0x20 || byte == 0x7f || size == LOGIN_MOST)
            return false;
        out[size++] = (char)byte;
    }
    out[size] = '\0';
    *size_out = size;
    return true;
}

static bool is_host(struct mes_str host, bool is_bracketed)
{
    for (size_t i = 0; i < host.size; i++) {
        char c = mes_lower(host.data[i]);
        bool is_good = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' ||
                       (is_bracketed && (c == ':' || c == '%'));
        if (!is_good)
            return false;
    }
    return host.size > 0 && host.size <= HOST_MOST;
}

static bool parse_place(struct mes_str text, struct mes_str *host_out, uint64_t *port_out)
{
    bool is_bracketed = mes_str_starts(text, MES_STR("["));
    size_t end = mes_str_find(text, is_bracketed ? MES_STR("]:") : MES_STR(":"), 0);
    if (end == SIZE_MAX)
        return false;
    size_t start = is_bracketed ? 1 : 0;
    *host_out = mes_str_cut(text, start, end - start);
    struct mes_str port = mes_str_skip(text, end + 1 + start);
    if (mes_str_ends_nocase(port, MES_STR("/")))
        port.size--;
    return is_host(*host_out, is_bracketed) && mes_str_to_uint(port, UINT16_MAX, port_out) && *port_out > 0;
}

/* 0 also when there is nothing to keep. */
static int keep_login(struct mes_str login, struct mes_arena *arena, struct mes_account_proxy *proxy)
{
    char user[LOGIN_MOST + 1], password[LOGIN_MOST + 1];
    size_t user_size, password_size = 0;
    size_t colon = mes_str_find(login, MES_STR(":"), 0);
    bool has_password = colon != SIZE_MAX;
    bool is_good = decode(mes_str_cut(login, 0, has_password ? colon : login.size), user, &user_size) &&
                   user_size > 0 && mes_utf8_is_valid(mes_str_make(user, user_size)) &&
                   (!has_password || decode(mes_str_skip(login, colon + 1), password, &password_size)) &&
                   (proxy->kind != MES_ACCOUNT_PROXY_HTTP || strchr(user, ':') == NULL);
    int code = is_good ? 0 : MES_E_CONFIG;
    if (is_good) {
        proxy->user = mes_arena_copy(arena, mes_str_make(user, user_size));
        if (password_size > 0)
            proxy->password = mes_secret_new(mes_str_make(password, password_size));
        if (proxy->user == NULL || (password_size > 0 && proxy->password == NULL))
            code = MES_E_NOMEM;
    }
    mes_wipe(password, sizeof password);
    return code;
}

int mes_account_proxy_parse(struct mes_str text, struct mes_arena *arena, struct mes_account_proxy *proxy_out)
{
    struct mes_account_proxy proxy = {.user = ""};
    struct mes_str login, host;
    uint64_t port;
    int code = 0;
    *proxy_out = (struct mes_account_proxy){0};
    proxy.kind = take_scheme(&text);
    if (proxy.kind == MES_ACCOUNT_PROXY_NONE)
        return MES_E_CONFIG;
    if (take_login(&text, &login))
        code = keep_login(login, arena, &proxy);
    if (code == 0 && !parse_place(text, &host, &port))
        code = MES_E_CONFIG;
    if (code == 0) {
        proxy.port = (int)port;
        proxy.host = mes_arena_copy(arena, host);
        code = proxy.host != NULL ? 0 : MES_E_NOMEM;
    }
    if (code != 0)
        mes_secret_free(&proxy.password);
    else
        *proxy_out = proxy;
    return code;
}

static bool holds_password(struct mes_str login)
{
    size_t colon = mes_str_find(login, MES_STR(":"), 0);
    return colon != SIZE_MAX && colon + 1 < login.size;
}

bool mes_account_proxy_has_password(struct mes_str text)
{
    struct mes_str login;
    size_t scheme = mes_str_find(text, MES_STR("://"), 0);
    text = scheme != SIZE_MAX ? mes_str_skip(text, scheme + 3) : text;
    return take_login(&text, &login) && holds_password(login);
}

void mes_account_proxy_show(const struct mes_account_proxy *proxy, struct mes_buf *out)
{
    if (proxy->kind == MES_ACCOUNT_PROXY_NONE)
        return;
    bool is_v6 = strchr(proxy->host, ':') != NULL;
    mes_buf_add_format(out, "%s%s%s", schemes[proxy->kind], proxy->user, proxy->user[0] != '\0' ? "@" : "");
    mes_buf_add_format(out, is_v6 ? "[%s]:%d" : "%s:%d", proxy->host, proxy->port);
}
