#include "name_server.h"

#include <arpa/inet.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { TYPE_A = 1, TYPE_CNAME = 5, TYPE_AAAA = 28, SERVFAIL = 2, NXDOMAIN = 3, REFUSED = 5 };
enum { HEADER = 12, QUESTION_MOST = 600, FORGED = 66 };

struct packet {
    unsigned char data[64 * 1024];
    size_t size;
};

static void add_number(struct packet *packet, unsigned value, int bytes)
{
    while (bytes-- > 0)
        packet->data[packet->size++] = (unsigned char)(value >> (8 * bytes));
}

static void add_head(struct packet *packet, unsigned name, unsigned type, unsigned size)
{
    add_number(packet, name, 2);
    add_number(packet, type, 2);
    add_number(packet, 1, 2);
    add_number(packet, 60, 4);
    add_number(packet, size, 2);
    if (++packet->data[7] == 0)
        packet->data[6]++;
}

/* One address of the name at `name` (the question's: 0xc00c); its last two bytes are its number. */
static void add_address(struct packet *packet, unsigned name, unsigned type, unsigned number)
{
    static const unsigned char v6[14] = {0x20, 0x01, 0x0d, 0xb8};
    static const unsigned char v4[2] = {192, 0};
    bool is_v4 = type == TYPE_A;
    add_head(packet, name, type, is_v4 ? 4 : 16);
    memcpy(packet->data + packet->size, is_v4 ? v4 : v6, is_v4 ? sizeof v4 : sizeof v6);
    packet->size += is_v4 ? sizeof v4 : sizeof v6;
    add_number(packet, is_v4 ? 0x200 + number : number, 2);
}

/* `name` is an alias of "alias" below the question's domain, whose place is returned. */
static unsigned add_alias(struct packet *packet, unsigned name, unsigned domain)
{
    add_head(packet, name, TYPE_CNAME, 8);
    unsigned place = 0xc000U + (unsigned)packet->size;
    memcpy(packet->data + packet->size, "\5alias", 6);
    packet->size += 6;
    add_number(packet, domain, 2);
    return place;
}

struct question {
    char label[64];
    unsigned type;
    unsigned domain; /* where the name goes on behind its first label */
    bool is_tcp;
};

static bool is_label(const struct question *question, const char *label)
{
    return strcmp(question->label, label) == 0;
}

static unsigned count_of(const struct question *question)
{
    if (is_label(question, "many") || is_label(question, "thousand"))
        return question->is_tcp ? is_label(question, "many") ? 40 : 1000 : 0;
    if (is_label(question, "both"))
        return 3;
    if (is_label(question, "none"))
        return 0;
    return (question->type == TYPE_AAAA) == is_label(question, "six") ? 1 : 0;
}

static unsigned code_of(const struct question *question)
{
    static const struct {
        const char *label;
        unsigned code;
    } codes[] = {{"missing", NXDOMAIN}, {"broken", SERVFAIL}, {"refused", REFUSED}};
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
        if (is_label(question, codes[i].label))
            return codes[i].code;
    return is_label(question, "six-broken") && question->type == TYPE_AAAA ? SERVFAIL : 0;
}

/* Keeps the question, drops what stands behind it. */
static struct question read_question(struct packet *packet, bool is_tcp)
{
    struct question question = {.is_tcp = is_tcp};
    size_t end = HEADER;
    memcpy(question.label, packet->data + HEADER + 1, packet->data[HEADER] & 63);
    question.domain = 0xc000U + HEADER + 1 + packet->data[HEADER];
    while (packet->data[end] != 0)
        end += packet->data[end] + 1U;
    question.type = packet->data[end + 2];
    packet->size = end + 5;
    return question;
}

static void add_usual(struct packet *packet, const struct question *question)
{
    unsigned count = code_of(question) == 0 ? count_of(question) : 0;
    for (unsigned i = 1; i <= count; i++)
        add_address(packet, 0xc00c, question->type, i);
}

/* The records; what is wrong with them is told by the label. */
static void add_records(struct packet *packet, const struct question *question)
{
    bool is_v4 = question->type == TYPE_A;
    if (is_label(question, "loopback") && is_v4) {
        add_head(packet, 0xc00c, TYPE_A, 4);
        add_number(packet, INADDR_LOOPBACK, 4);
    } else if (is_label(question, "alias")) {
        unsigned alias = add_alias(packet, 0xc00c, question->domain);
        if (is_v4)
            add_address(packet, alias, TYPE_A, 1);
    } else if (is_label(question, "loop")) {
        unsigned alias = add_alias(packet, 0xc00c, question->domain);
        add_head(packet, alias, TYPE_CNAME, 2);
        add_number(packet, 0xc00c, 2);
    } else if (is_label(question, "short") && is_v4) {
        add_address(packet, 0xc00c, TYPE_A, 1);
        packet->size -= 2;
    } else if (is_label(question, "size") && is_v4) {
        add_head(packet, 0xc00c, TYPE_A, 3);
        add_number(packet, 0xc00002, 3);
    } else if (is_label(question, "endless") && is_v4) {
        add_address(packet, 0xc000U + (unsigned)packet->size, TYPE_A, 1);
    } else if (is_label(question, "stranger") && is_v4) {
        add_address(packet, question->domain, TYPE_A, FORGED);
    } else {
        add_usual(packet, question);
    }
}

static void write_answer(struct packet *packet, const struct question *question)
{
    bool is_cut = !question->is_tcp &&
                  (is_label(question, "many") || is_label(question, "thousand") || is_label(question, "cut"));
    packet->data[2] = is_cut ? 0x83 : 0x81;
    packet->data[3] = (unsigned char)(0x80 | code_of(question));
    memset(packet->data + 6, 0, 6);
    if (is_label(question, "garbage"))
        memset(packet->data + 4, 0xff, packet->size - 4);
    else if (!is_cut)
        add_records(packet, question);
}

/* What somebody else wants us to believe. */
static void forge(const struct name_server *names, const struct packet *truth,
                  const struct question *question, const struct sockaddr_in *from)
{
    static struct packet packet;
    bool is_forged = strncmp(question->label, "forged-", 7) == 0 && question->type == TYPE_A;
    if (!is_forged)
        return;
    packet = *truth;
    packet.data[packet.size - 1] = FORGED;
    if (is_label(question, "forged-id"))
        packet.data[1] ^= 1;
    if (is_label(question, "forged-name"))
        packet.data[HEADER + 1] = 'x';
    int descriptor = is_label(question, "forged-port") ? names->stranger : names->descriptor;
    (void)sendto(descriptor, packet.data, packet.size, 0, (const struct sockaddr *)from, sizeof *from);
}

static void answer_datagram(struct name_server *names)
{
    static struct packet packet;
    struct sockaddr_in from;
    socklen_t size = sizeof from;
    ssize_t got = recvfrom(names->descriptor, packet.data, QUESTION_MOST, 0, (struct sockaddr *)&from, &size);
    atomic_fetch_add(&names->questions, 1);
    if (got <= HEADER + 4)
        return;
    struct question question = read_question(&packet, false);
    bool is_silent =
        is_label(&question, "silent") || (is_label(&question, "six-silent") && question.type == TYPE_AAAA);
    if (is_silent)
        return;
    write_answer(&packet, &question);
    forge(names, &packet, &question, &from);
    (void)sendto(names->descriptor, packet.data, packet.size, 0, (struct sockaddr *)&from, size);
}

/* Each message has its size in front; both questions may come through one connection. */
static void answer_connection(struct name_server *names)
{
    static struct packet packet;
    struct timeval wait = {.tv_sec = 2};
    unsigned char size[2];
    int descriptor = accept(names->listener, NULL, NULL);
    (void)setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
    while (recv(descriptor, size, 2, MSG_WAITALL) == 2) {
        packet.size = 256U * size[0] + size[1];
        if (packet.size > QUESTION_MOST ||
            recv(descriptor, packet.data, packet.size, MSG_WAITALL) != (ssize_t)packet.size)
            break;
        struct question question = read_question(&packet, true);
        if (is_label(&question, "cut"))
            break;
        write_answer(&packet, &question);
        size[0] = (unsigned char)(packet.size >> 8);
        size[1] = (unsigned char)packet.size;
        (void)send(descriptor, size, 2, MSG_NOSIGNAL | MSG_MORE);
        (void)send(descriptor, packet.data, packet.size, MSG_NOSIGNAL);
    }
    close(descriptor);
}

static void *serve(void *context)
{
    struct name_server *names = context;
    while (!atomic_load(&names->is_stopped)) {
        struct pollfd poll_for[2] = {{.fd = names->descriptor, .events = POLLIN},
                                     {.fd = names->listener, .events = POLLIN}};
        if (poll(poll_for, 2, 20) <= 0)
            continue;
        if (poll_for[0].revents != 0)
            answer_datagram(names);
        if (poll_for[1].revents != 0)
            answer_connection(names);
    }
    return NULL;
}

static void close_all(const struct name_server *names)
{
    close(names->descriptor);
    close(names->stranger);
    close(names->listener);
}

/* The same port for both; false when the one that the system chose for UDP is taken for TCP. */
static bool bind_all(struct name_server *names)
{
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct sockaddr_in any = name;
    socklen_t size = sizeof name;
    names->descriptor = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    names->stranger = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    names->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(names->descriptor, (struct sockaddr *)&name, sizeof name) == 0 &&
        bind(names->stranger, (struct sockaddr *)&any, sizeof any) == 0 &&
        getsockname(names->descriptor, (struct sockaddr *)&name, &size) == 0 &&
        bind(names->listener, (struct sockaddr *)&name, sizeof name) == 0 &&
        listen(names->listener, 5) == 0) {
        (void)snprintf(names->servers, sizeof names->servers, "127.0.0.1:%u", ntohs(name.sin_port));
        return true;
    }
    close_all(names);
    return false;
}

void name_server_start(struct name_server *names)
{
    for (int tries = 0; !bind_all(names); tries++)
        if (tries == 20)
            abort();
    atomic_init(&names->is_stopped, false);
    atomic_init(&names->questions, 0);
    if (pthread_create(&names->thread, NULL, serve, names) != 0)
        abort();
}

void name_server_stop(struct name_server *names)
{
    atomic_store(&names->is_stopped, true);
    (void)pthread_join(names->thread, NULL);
    close_all(names);
}
