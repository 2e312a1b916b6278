#include <string.h>

#include "base/alloc.h"
#include "net/tls_parts.h"

static struct mes_tls_session *find(struct mes_tls_sessions *sessions, const char *key)
{
    for (unsigned i = 0; i < sessions->count; i++)
        if (strcmp(sessions->items[i].key, key) == 0)
            return &sessions->items[i];
    return NULL;
}

static void clear(struct mes_tls_session *item)
{
    SSL_SESSION_free(item->session);
    mes_free(item->key);
    *item = (struct mes_tls_session){0};
}

/* An empty place. */
static struct mes_tls_session *make_room(struct mes_tls_sessions *sessions)
{
    if (sessions->count < MES_TLS_SESSIONS)
        return &sessions->items[sessions->count++];
    struct mes_tls_session *oldest = &sessions->items[0];
    for (unsigned i = 1; i < sessions->count; i++)
        if (sessions->items[i].used < oldest->used)
            oldest = &sessions->items[i];
    clear(oldest);
    return oldest;
}

void mes_tls_sessions_put(struct mes_tls_sessions *sessions, const char *key, SSL_SESSION *session)
{
    struct mes_tls_session *item = find(sessions, key);
    if (item != NULL) {
        SSL_SESSION_free(item->session);
    } else {
        char *copy = mes_copy(key, strlen(key));
        if (copy == NULL) {
            SSL_SESSION_free(session);
            return;
        }
        item = make_room(sessions);
        item->key = copy;
    }
    item->session = session;
    item->used = ++sessions->uses;
}

SSL_SESSION *mes_tls_sessions_get(struct mes_tls_sessions *sessions, const char *key)
{
    struct mes_tls_session *item = find(sessions, key);
    if (item == NULL)
        return NULL;
    item->used = ++sessions->uses;
    return item->session;
}

void mes_tls_sessions_drop(struct mes_tls_sessions *sessions, const char *key)
{
    struct mes_tls_session *item = find(sessions, key);
    if (item == NULL)
        return;
    clear(item);
    struct mes_tls_session *last = &sessions->items[--sessions->count];
    if (last != item)
        *item = *last;
    *last = (struct mes_tls_session){0};
}

void mes_tls_sessions_fini(struct mes_tls_sessions *sessions)
{
    for (unsigned i = 0; i < sessions->count; i++)
        clear(&sessions->items[i]);
    sessions->count = 0;
}
