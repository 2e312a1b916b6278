#include "net/paths.h"

static const struct mes_path *find(const struct mes_paths *paths, const struct mes_address *address,
                                   uint16_t port)
{
    for (size_t i = 0; i < MES_PATHS_MOST; i++) {
        const struct mes_path *path = &paths->items[i];
        if (path->failures > 0 && path->port == port && mes_address_equal(&path->address, address))
            return path;
    }
    return NULL;
}

enum mes_path_state mes_paths_ask(const struct mes_paths *paths, const struct mes_address *address,
                                  uint16_t port, int64_t now)
{
    const struct mes_path *path = find(paths, address, port);
    if (path == NULL)
        return MES_PATH_GOOD;
    return now < path->until ? MES_PATH_DEAD : MES_PATH_SUSPECT;
}

/* A free place, or that of the oldest. */
static struct mes_path *make_room(struct mes_paths *paths)
{
    struct mes_path *oldest = &paths->items[0];
    for (size_t i = 0; i < MES_PATHS_MOST && oldest->failures > 0; i++)
        if (paths->items[i].failures == 0 || paths->items[i].noted < oldest->noted)
            oldest = &paths->items[i];
    return oldest;
}

void mes_paths_note_failure(struct mes_paths *paths, const struct mes_address *address, uint16_t port,
                            int64_t now)
{
    struct mes_path *path = (struct mes_path *)find(paths, address, port);
    if (path == NULL) {
        path = make_room(paths);
        *path = (struct mes_path){.address = *address, .port = port};
    }
    int64_t wait = MES_PATHS_FIRST_MS;
    for (unsigned i = 0; i < path->failures && wait < MES_PATHS_LONGEST_MS; i++)
        wait *= 2;
    path->failures++;
    path->noted = now;
    path->until = now + (wait < MES_PATHS_LONGEST_MS ? wait : MES_PATHS_LONGEST_MS);
}

void mes_paths_note_success(struct mes_paths *paths, const struct mes_address *address, uint16_t port)
{
    struct mes_path *path = (struct mes_path *)find(paths, address, port);
    if (path != NULL)
        *path = (struct mes_path){0};
}
