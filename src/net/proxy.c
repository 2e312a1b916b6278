#include "net/proxy.h"

#include <stdio.h>
#include <string.h>

#include "base/base64.h"

enum {
    MES_PROXY_ANSWER_MOST = 300,
    MES_PROXY_OUT_MOST = 2048,
    MES_PROXY_LINE_MOST = 4096,
    MES_PROXY_LINES_MOST = 100,
    MES_PROXY_HOST_MOST = 253
};

/* What is waited for. */
enum { SOCKS_METHOD, SOCKS_LOGIN, SOCKS_REPLY, HTTP_ANSWER };

enum { SOCKS_VERSION = 5, SOCKS_LOGIN_VERSION = 1, METHOD_NONE = 0, METHOD_LOGIN = 2, METHOD_REFUSED = 0xff };
enum { TYPE_V4 = 1, TYPE_NAME = 3, TYPE_V6 = 4 };

static void fail(struct mes_proxy *proxy, enum mes_proxy_cause cause, const char *reason)
{
    proxy->state = MES_PROXY_FAILED;
    proxy->cause = cause;
    proxy->reason = reason;
}

static void fail_no_proxy(struct mes_proxy *proxy)
{
    fail(proxy, MES_PROXY_CAUSE_NO_PROXY,
         proxy->options.kind == MES_PROXY_HTTP ? "what came is no answer of an HTTP proxy"
                                               : "what came is no answer of a SOCKS 5 proxy");
}

/* With all its memory: one that grows would leave copies of the password behind. */
static void init_whole(struct mes_buf *buf, size_t limit)
{
    mes_buf_init(buf, limit);
    char *room = mes_buf_reserve(buf, limit);
    (void)room; /* the buffer remembers */
}

static bool has_login(const struct mes_proxy *proxy)
{
    return proxy->options.user[0] != '\0';
}

static void add_byte(struct mes_proxy *proxy, unsigned byte)
{
    mes_buf_add_char(&proxy->out, (char)byte);
}

static void add_port(struct mes_proxy *proxy)
{
    add_byte(proxy, proxy->options.port >> 8);
    add_byte(proxy, proxy->options.port & 0xff);
}

/* What comes before the question was sent waits for its turn. */
static bool takes_more(const struct mes_proxy *proxy)
{
    return proxy->state == MES_PROXY_UNDER_WAY && proxy->out.size == 0;
}

/* ---- SOCKS 5 ---- */

static void say_methods(struct mes_proxy *proxy)
{
    add_byte(proxy, SOCKS_VERSION);
    add_byte(proxy, has_login(proxy) ? 2 : 1);
    add_byte(proxy, METHOD_NONE);
    if (has_login(proxy))
        add_byte(proxy, METHOD_LOGIN);
    proxy->step = SOCKS_METHOD;
    proxy->wanted = 2;
}

static void say_login(struct mes_proxy *proxy)
{
    struct mes_str user = mes_str_of(proxy->options.user);
    struct mes_str password = mes_secret_reveal(proxy->options.password);
    add_byte(proxy, SOCKS_LOGIN_VERSION);
    add_byte(proxy, (unsigned)user.size);
    mes_buf_add_str(&proxy->out, user);
    add_byte(proxy, (unsigned)password.size);
    mes_buf_add_str(&proxy->out, password);
    proxy->step = SOCKS_LOGIN;
    proxy->wanted = 2;
}

static void add_target(struct mes_proxy *proxy, const struct mes_address *address)
{
    struct mes_str host = mes_str_of(proxy->options.host);
    if (address == NULL) {
        add_byte(proxy, TYPE_NAME);
        add_byte(proxy, (unsigned)host.size);
        mes_buf_add_str(&proxy->out, host);
    } else if (address->socket.any.sa_family == AF_INET6) {
        add_byte(proxy, TYPE_V6);
        mes_buf_add(&proxy->out, (const char *)&address->socket.v6.sin6_addr, 16);
    } else {
        add_byte(proxy, TYPE_V4);
        mes_buf_add(&proxy->out, (const char *)&address->socket.v4.sin_addr, 4);
    }
}

static void say_connect(struct mes_proxy *proxy)
{
    enum { CONNECT = 1 };
    struct mes_address literal;
    const struct mes_address *address = proxy->options.address;
    if (address == NULL && mes_address_parse(proxy->options.host, &literal))
        address = &literal;
    add_byte(proxy, SOCKS_VERSION);
    add_byte(proxy, CONNECT);
    add_byte(proxy, 0);
    add_target(proxy, address);
    add_port(proxy);
    proxy->step = SOCKS_REPLY;
    proxy->wanted = 2;
}

static void take_method(struct mes_proxy *proxy, unsigned version, unsigned method)
{
    if (version != SOCKS_VERSION)
        fail_no_proxy(proxy);
    else if (method == METHOD_NONE)
        say_connect(proxy);
    else if (method == METHOD_LOGIN && has_login(proxy))
        say_login(proxy);
    else if (method == METHOD_REFUSED)
        fail(proxy, MES_PROXY_CAUSE_LOGIN,
             has_login(proxy) ? "it takes no login by user name and password" : "it wants a login");
    else
        fail_no_proxy(proxy);
}

static void take_login(struct mes_proxy *proxy, unsigned version, unsigned status)
{
    if (version != SOCKS_LOGIN_VERSION)
        fail_no_proxy(proxy);
    else if (status != 0)
        fail(proxy, MES_PROXY_CAUSE_LOGIN, "it refuses the user name or password");
    else
        say_connect(proxy);
}

/* RFC 1928 section 6. */
static void fail_reply(struct mes_proxy *proxy, unsigned reply)
{
    static const struct {
        enum mes_proxy_cause cause;
        const char *reason;
    } replies[] = {
        [1] = {MES_PROXY_CAUSE_RELAY, "it could not reach the relay (general failure)"},
        [2] = {MES_PROXY_CAUSE_REFUSED, "its rules do not allow the connection"},
        [3] = {MES_PROXY_CAUSE_RELAY, "it has no route to the relay's network"},
        [4] = {MES_PROXY_CAUSE_RELAY, "it has no route to the relay"},
        [5] = {MES_PROXY_CAUSE_RELAY, "the relay refused its connection"},
        [6] = {MES_PROXY_CAUSE_RELAY, "its connection to the relay timed out"},
        [7] = {MES_PROXY_CAUSE_REFUSED, "it cannot make connections"},
        [8] = {MES_PROXY_CAUSE_RELAY, "it cannot use this kind of address"},
    };
    if (reply < sizeof replies / sizeof replies[0])
        fail(proxy, replies[reply].cause, replies[reply].reason);
    else
        fail_no_proxy(proxy);
}

/* Size of a whole reply, of which the first five bytes are known; 0: no such reply. */
static size_t reply_size(const unsigned char *bytes)
{
    enum { HEAD = 4, PORT = 2 };
    switch (bytes[3]) {
    case TYPE_V4:
        return HEAD + 4 + PORT;
    case TYPE_V6:
        return HEAD + 16 + PORT;
    case TYPE_NAME:
        return HEAD + 1 + (size_t)bytes[4] + PORT;
    default:
        return 0;
    }
}

/* A refusal counts as soon as it is known: some proxies send no more than that. */
static void take_reply(struct mes_proxy *proxy, const unsigned char *bytes, size_t size)
{
    enum { UP_TO_SIZE = 5 };
    if (bytes[0] != SOCKS_VERSION)
        fail_no_proxy(proxy);
    else if (bytes[1] != 0)
        fail_reply(proxy, bytes[1]);
    else if (size < UP_TO_SIZE)
        proxy->wanted = UP_TO_SIZE;
    else if (reply_size(bytes) == 0)
        fail_no_proxy(proxy);
    else if (size < reply_size(bytes))
        proxy->wanted = reply_size(bytes);
    else
        proxy->state = MES_PROXY_OPEN;
}

static void take_socks_answer(struct mes_proxy *proxy)
{
    const unsigned char *bytes = (const unsigned char *)proxy->in.data;
    size_t size = proxy->in.size, wanted = proxy->wanted;
    int step = proxy->step;
    if (step == SOCKS_METHOD)
        take_method(proxy, bytes[0], bytes[1]);
    else if (step == SOCKS_LOGIN)
        take_login(proxy, bytes[0], bytes[1]);
    else
        take_reply(proxy, bytes, size);
    if (proxy->step != step || proxy->wanted == wanted)
        mes_buf_clear(&proxy->in);
}

static size_t receive_socks(struct mes_proxy *proxy, struct mes_str bytes)
{
    size_t taken = 0;
    while (takes_more(proxy) && taken < bytes.size) {
        struct mes_str part = mes_str_cut(bytes, taken, proxy->wanted - proxy->in.size);
        mes_buf_add_str(&proxy->in, part);
        taken += part.size;
        if (proxy->in.failed != 0)
            fail(proxy, MES_PROXY_CAUSE_NO_MEMORY, "memory ran out");
        else if (proxy->in.size == proxy->wanted)
            take_socks_answer(proxy);
    }
    return taken;
}

/* ---- HTTP ---- */

static void add_authority(struct mes_proxy *proxy)
{
    const char *host = proxy->options.host;
    char text[MES_ADDRESS_TEXT];
    struct mes_address literal;
    if (mes_address_parse(host, &literal))
        mes_buf_add_text(&proxy->out, mes_address_text(&literal, proxy->options.port, text));
    else
        mes_buf_add_format(&proxy->out, "%s:%u", host, (unsigned)proxy->options.port);
}

/* RFC 7617 section 2. */
static void add_basic(struct mes_proxy *proxy)
{
    enum { LOGIN_MOST = 2 * MES_PROXY_LOGIN_MOST + 1 };
    struct mes_buf login;
    init_whole(&login, LOGIN_MOST);
    mes_buf_add_text(&login, proxy->options.user);
    mes_buf_add_char(&login, ':');
    mes_buf_add_str(&login, mes_secret_reveal(proxy->options.password));
    mes_buf_add_text(&proxy->out, "Proxy-Authorization: Basic ");
    mes_base64_add(&proxy->out, login.data, login.size);
    mes_buf_add_text(&proxy->out, "\r\n");
    if (login.failed != 0)
        proxy->out.failed = login.failed;
    mes_wipe(login.data, login.size);
    mes_buf_fini(&login);
}

static void say_http(struct mes_proxy *proxy)
{
    mes_buf_add_text(&proxy->out, "CONNECT ");
    add_authority(proxy);
    mes_buf_add_text(&proxy->out, " HTTP/1.1\r\nHost: ");
    add_authority(proxy);
    mes_buf_add_text(&proxy->out, "\r\n");
    if (has_login(proxy))
        add_basic(proxy);
    mes_buf_add_text(&proxy->out, "\r\n");
    proxy->step = HTTP_ANSWER;
}

/* "HTTP/1.1 200 Connection established": the code, or 0. */
static unsigned status_of(struct mes_str line)
{
    enum { BEFORE = sizeof "HTTP/1.x " - 1, DIGITS = 3 };
    uint64_t code;
    bool is_status = mes_str_starts(line, MES_STR("HTTP/1.")) && line.size >= BEFORE + DIGITS &&
                     line.data[BEFORE - 2] >= '0' && line.data[BEFORE - 2] <= '9' &&
                     line.data[BEFORE - 1] == ' ' &&
                     (line.size == BEFORE + DIGITS || line.data[BEFORE + DIGITS] == ' ') &&
                     mes_str_to_uint(mes_str_cut(line, BEFORE, DIGITS), 599, &code);
    return is_status && code >= 100 ? (unsigned)code : 0;
}

static enum mes_proxy_cause cause_of_status(unsigned status)
{
    switch (status) {
    case 401: /* tinyproxy's word for 407 */
    case 407:
        return MES_PROXY_CAUSE_LOGIN;
    case 500:
    case 502:
    case 503:
    case 504:
        return MES_PROXY_CAUSE_RELAY;
    default:
        return MES_PROXY_CAUSE_REFUSED;
    }
}

/* The empty line: 1xx goes before the answer, and behind 2xx the relay speaks, whatever lengths the header
 * names (RFC 9110 section 9.3.6). */
static void end_header(struct mes_proxy *proxy)
{
    unsigned status = proxy->status;
    if (status < 200) {
        proxy->status = 0;
    } else if (status < 300) {
        proxy->state = MES_PROXY_OPEN;
    } else {
        (void)snprintf(proxy->reason_space, sizeof proxy->reason_space, "it answers with HTTP status %u",
                       status);
        fail(proxy, cause_of_status(status), proxy->reason_space);
    }
}

static void take_line(struct mes_proxy *proxy)
{
    struct mes_str line = mes_buf_str(&proxy->in);
    if (line.size > 0 && line.data[line.size - 1] == '\r')
        line.size--;
    if (++proxy->lines > MES_PROXY_LINES_MOST)
        fail_no_proxy(proxy);
    else if (proxy->status != 0 && line.size == 0)
        end_header(proxy);
    else if (proxy->status == 0 && (proxy->status = status_of(line)) == 0)
        fail_no_proxy(proxy);
    mes_buf_clear(&proxy->in);
}

/* Is it still what the front part of a status line can be? Something else is told at its first byte, as it
 * may have no line end at all. */
static bool may_become_status(const struct mes_proxy *proxy)
{
    struct mes_str start = MES_STR("HTTP/1.");
    start.size = proxy->in.size < start.size ? proxy->in.size : start.size;
    return proxy->status != 0 || mes_str_starts(mes_buf_str(&proxy->in), start);
}

static size_t receive_http(struct mes_proxy *proxy, struct mes_str bytes)
{
    size_t taken = 0;
    while (takes_more(proxy) && taken < bytes.size) {
        char c = bytes.data[taken++];
        if (c == '\n')
            take_line(proxy);
        else
            mes_buf_add_char(&proxy->in, c);
        if (proxy->in.failed == MES_E_NOMEM)
            fail(proxy, MES_PROXY_CAUSE_NO_MEMORY, "memory ran out");
        else if (proxy->in.failed != 0 || !may_become_status(proxy))
            fail_no_proxy(proxy);
    }
    return taken;
}

/* ---- both ---- */

static bool has_controls(struct mes_str text)
{
    for (size_t i = 0; i < text.size; i++)
        if ((unsigned char)text.data[i] < 0x20 || text.data[i] == 0x7f)
            return true;
    return false;
}

/* What stands in a line, or behind a byte that holds its size. The colon ends the user of Basic. */
static bool can_be_asked(const struct mes_proxy_options *options)
{
    struct mes_str user = mes_str_of(options->user), host = mes_str_of(options->host);
    struct mes_str password = mes_secret_reveal(options->password);
    bool has_colon = options->kind == MES_PROXY_HTTP && mes_str_find(user, MES_STR(":"), 0) != SIZE_MAX;
    return !has_colon && user.size <= MES_PROXY_LOGIN_MOST && password.size <= MES_PROXY_LOGIN_MOST &&
           host.size > 0 && host.size <= MES_PROXY_HOST_MOST && !has_controls(host) &&
           mes_str_find(host, MES_STR(" "), 0) == SIZE_MAX;
}

void mes_proxy_init(struct mes_proxy *proxy, const struct mes_proxy_options *options)
{
    *proxy = (struct mes_proxy){.options = *options, .reason = ""};
    init_whole(&proxy->out, MES_PROXY_OUT_MOST);
    mes_buf_init(&proxy->in, options->kind == MES_PROXY_HTTP ? MES_PROXY_LINE_MOST : MES_PROXY_ANSWER_MOST);
    if (!can_be_asked(options))
        fail(proxy, MES_PROXY_CAUSE_REFUSED, "it cannot be asked: a name or the login is too long");
    else if (options->kind == MES_PROXY_HTTP)
        say_http(proxy);
    else
        say_methods(proxy);
    if (proxy->out.failed != 0)
        fail(proxy, MES_PROXY_CAUSE_NO_MEMORY, "memory ran out");
}

void mes_proxy_fini(struct mes_proxy *proxy)
{
    mes_wipe(proxy->out.data, proxy->out.capacity);
    mes_buf_fini(&proxy->out);
    mes_buf_fini(&proxy->in);
}

size_t mes_proxy_receive(struct mes_proxy *proxy, struct mes_str bytes)
{
    size_t taken =
        proxy->options.kind == MES_PROXY_HTTP ? receive_http(proxy, bytes) : receive_socks(proxy, bytes);
    if (proxy->out.failed != 0 && proxy->state == MES_PROXY_UNDER_WAY)
        fail(proxy, MES_PROXY_CAUSE_NO_MEMORY, "memory ran out");
    return taken;
}

bool mes_proxy_was_asked(const struct mes_proxy *proxy)
{
    return proxy->step == SOCKS_REPLY || proxy->step == HTTP_ANSWER;
}
