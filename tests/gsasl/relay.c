/* A relay for the tests of -PLUS: speaks just enough SMTP inside TLS, and leaves the login to libgsasl.
 *
 *   relay CERTIFICATE KEY 1.2|1.3 USER PASSWORD MECHANISMS [ROUNDS]
 *
 * MECHANISMS are offered as they are written; libgsasl is given the binding of the TLS in any case. ROUNDS of
 * hashing (4096). Says its port, then a line for each login: "MECHANISM new|resumed ok|REASON". One client at
 * a time; ends when it is killed. */
#include <arpa/inet.h>
#include <gsasl.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LINE = 16 * 1024, BINDING = 64 };

struct relay {
    SSL_CTX *tls;
    Gsasl *sasl;
    const char *user, *password, *mechanisms, *rounds;
    SSL *ssl; /* of the client that is served */
};

static void must(bool is_done, const char *what)
{
    if (is_done)
        return;
    (void)fprintf(stderr, "relay: %s\n", what);
    exit(1);
}

/* --- Lines --- */

static bool say(struct relay *relay, const char *text, const char *more)
{
    char line[LINE];
    int size = snprintf(line, sizeof line, "%s%s\r\n", text, more);
    return size > 0 && size < LINE && SSL_write(relay->ssl, line, size) == size;
}

/* Without its end; false when the client is gone. */
static bool hear(struct relay *relay, char line[LINE])
{
    size_t size = 0;
    while (size + 1 < LINE && SSL_read(relay->ssl, line + size, 1) == 1) {
        if (line[size] == '\n') {
            line[size > 0 && line[size - 1] == '\r' ? size - 1 : size] = '\0';
            return true;
        }
        size++;
    }
    return false;
}

/* --- The login --- */

static void set_base64(Gsasl_session *session, Gsasl_property property, const unsigned char *bytes,
                       size_t size)
{
    char *text = NULL;
    must(gsasl_base64_to((const char *)bytes, size, &text, NULL) == GSASL_OK, "base64");
    must(gsasl_property_set(session, property, text) == GSASL_OK, "a property");
    gsasl_free(text);
}

/* RFC 5929 section 3: the first Finished message is the client's, in a resumed session the server's. */
static int set_unique(const struct relay *relay, Gsasl_session *session)
{
    unsigned char bytes[BINDING];
    size_t size = SSL_session_reused(relay->ssl) ? SSL_get_finished(relay->ssl, bytes, sizeof bytes)
                                                 : SSL_get_peer_finished(relay->ssl, bytes, sizeof bytes);
    if (SSL_version(relay->ssl) >= TLS1_3_VERSION)
        return GSASL_NO_CB_TLS_UNIQUE;
    set_base64(session, GSASL_CB_TLS_UNIQUE, bytes, size);
    return GSASL_OK;
}

static int set_exporter(const struct relay *relay, Gsasl_session *session)
{
    static const char label[] = "EXPORTER-Channel-Binding";
    unsigned char bytes[32];
    if (SSL_version(relay->ssl) < TLS1_3_VERSION)
        return GSASL_NO_CB_TLS_EXPORTER;
    must(SSL_export_keying_material(relay->ssl, bytes, sizeof bytes, label, sizeof label - 1, NULL, 0, 0) ==
             1,
         "the exporter");
    set_base64(session, GSASL_CB_TLS_EXPORTER, bytes, sizeof bytes);
    return GSASL_OK;
}

static int on_property(Gsasl *sasl, Gsasl_session *session, Gsasl_property property)
{
    const struct relay *relay = gsasl_callback_hook_get(sasl);
    const char *user = gsasl_property_fast(session, GSASL_AUTHID);
    switch (property) {
    case GSASL_CB_TLS_UNIQUE:
        return set_unique(relay, session);
    case GSASL_CB_TLS_EXPORTER:
        return set_exporter(relay, session);
    case GSASL_SCRAM_ITER:
        return gsasl_property_set(session, property, relay->rounds);
    case GSASL_PASSWORD:
        if (user == NULL || strcmp(user, relay->user) != 0)
            return GSASL_NO_PASSWORD;
        return gsasl_property_set(session, property, relay->password);
    default:
        return GSASL_NO_CALLBACK;
    }
}

/* The exchange to its end; a GSASL_ code. */
static int exchange(struct relay *relay, Gsasl_session *session, const char *initial)
{
    char line[LINE];
    char *out = NULL;
    (void)snprintf(line, sizeof line, "%s", initial);
    int code = gsasl_step64(session, line, &out);
    while (code == GSASL_NEEDS_MORE || (code == GSASL_OK && out != NULL && out[0] != '\0')) {
        bool is_heard = say(relay, "334 ", out != NULL ? out : "") && hear(relay, line);
        gsasl_free(out);
        out = NULL;
        if (!is_heard)
            return GSASL_AUTHENTICATION_ERROR;
        /* RFC 4954 section 4: what comes with the success goes in a challenge of its own, answered by
         * nothing. */
        if (code == GSASL_OK)
            return line[0] == '\0' ? GSASL_OK : GSASL_AUTHENTICATION_ERROR;
        code = gsasl_step64(session, line, &out);
    }
    gsasl_free(out);
    return code;
}

static bool log_in(struct relay *relay, char *arguments)
{
    char *initial = strchr(arguments, ' ');
    Gsasl_session *session = NULL;
    if (initial != NULL)
        *initial++ = '\0';
    int code = gsasl_server_start(relay->sasl, arguments, &session);
    if (code == GSASL_OK)
        code = exchange(relay, session, initial != NULL ? initial : "");
    (void)printf("%s %s %s\n", arguments, SSL_session_reused(relay->ssl) ? "resumed" : "new",
                 code == GSASL_OK ? "ok" : gsasl_strerror_name(code));
    (void)fflush(stdout);
    if (session != NULL)
        gsasl_finish(session);
    return code == GSASL_OK ? say(relay, "235 2.7.0 welcome", "") : say(relay, "535 5.7.8 refused", "");
}

/* --- The rest --- */

static bool take_mail(struct relay *relay)
{
    char line[LINE];
    bool is_heard = say(relay, "354 go", "");
    while (is_heard && (is_heard = hear(relay, line)) && strcmp(line, ".") != 0)
        continue;
    return is_heard && say(relay, "250 2.0.0 taken", "");
}

static bool is_verb(const char *line, const char *verb)
{
    return strncasecmp(line, verb, strlen(verb)) == 0;
}

static bool answer(struct relay *relay, char *line)
{
    if (is_verb(line, "EHLO"))
        return say(relay, "250-relay.test\r\n250 AUTH ", relay->mechanisms);
    if (is_verb(line, "AUTH "))
        return log_in(relay, line + strlen("AUTH "));
    if (is_verb(line, "DATA"))
        return take_mail(relay);
    if (is_verb(line, "QUIT"))
        return say(relay, "221 bye", "") && false;
    return say(relay, "250 ok", "");
}

static void serve(struct relay *relay, int client)
{
    char line[LINE];
    relay->ssl = SSL_new(relay->tls);
    must(relay->ssl != NULL && SSL_set_fd(relay->ssl, client) == 1, "a client");
    if (SSL_accept(relay->ssl) == 1 && say(relay, "220 relay.test", ""))
        while (hear(relay, line) && answer(relay, line))
            continue;
    (void)SSL_shutdown(relay->ssl);
    SSL_free(relay->ssl);
    (void)close(client);
}

static void set_up(struct relay *relay, char **argv)
{
    int version = strcmp(argv[3], "1.2") == 0 ? TLS1_2_VERSION : TLS1_3_VERSION;
    relay->tls = SSL_CTX_new(TLS_server_method());
    must(relay->tls != NULL && SSL_CTX_use_certificate_chain_file(relay->tls, argv[1]) == 1 &&
             SSL_CTX_use_PrivateKey_file(relay->tls, argv[2], SSL_FILETYPE_PEM) == 1 &&
             SSL_CTX_set_min_proto_version(relay->tls, version) == 1 &&
             SSL_CTX_set_max_proto_version(relay->tls, version) == 1,
         "TLS");
    must(gsasl_init(&relay->sasl) == GSASL_OK, "libgsasl");
    gsasl_callback_hook_set(relay->sasl, relay);
    gsasl_callback_set(relay->sasl, on_property);
}

static int listen_on_any_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    must(listener >= 0 && bind(listener, (struct sockaddr *)&address, size) == 0 &&
             listen(listener, 16) == 0 && getsockname(listener, (struct sockaddr *)&address, &size) == 0,
         "a port");
    (void)printf("%d\n", ntohs(address.sin_port));
    (void)fflush(stdout);
    return listener;
}

int main(int argc, char **argv)
{
    struct relay relay = {.rounds = argc > 7 ? argv[7] : "4096"};
    must(argc >= 7, "CERTIFICATE KEY 1.2|1.3 USER PASSWORD MECHANISMS [ROUNDS]");
    relay.user = argv[4];
    relay.password = argv[5];
    relay.mechanisms = argv[6];
    (void)signal(SIGPIPE, SIG_IGN);
    set_up(&relay, argv);
    int listener = listen_on_any_port();
    for (;;) {
        int client = accept(listener, NULL, NULL);
        if (client >= 0)
            serve(&relay, client);
    }
}
