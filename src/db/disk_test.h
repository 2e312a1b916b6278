/* A disk in memory for SQLite, with a memory of what was flushed: for tests of power cuts and failing
 * flushes. It is the default VFS from disk_begin on; one connection at a time uses it. */
#ifndef MES_DB_DISK_TEST_H
#define MES_DB_DISK_TEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum disk_name { DISK_DATABASE, DISK_LOG, DISK_JOURNAL, DISK_NAMES };

struct disk_file {
    bool exists;
    unsigned char *data;
    size_t size;
};

struct disk {
    struct disk_file files[DISK_NAMES];
};

enum disk_change_kind { DISK_CREATE, DISK_WRITE, DISK_TRUNCATE, DISK_DELETE };

/* Not flushed yet. */
struct disk_change {
    enum disk_change_kind kind;
    enum disk_name file;
    size_t offset; /* of a truncation: the new size */
    size_t size;
    unsigned char *data;
};

struct disk_state {
    struct disk now;   /* what programs see */
    struct disk under; /* what is sure to be there after a power cut */
    struct disk_change *changes;
    size_t count, room;
    unsigned syncs;   /* so far */
    unsigned failing; /* number of the flush that fails, 0 for none: its changes are then never written */
    bool is_remote;   /* no memory can be shared, as on a network drive */
    void (*on_sync)(void); /* before each flush takes effect; NULL for none */
};
extern struct disk_state disk_test;

void disk_begin(void);
/* Frees everything. */
void disk_end(void);
/* What is not flushed is never going to be, and `now` is what is on the disk. */
void disk_load(const struct disk *image);
void disk_copy(struct disk *to, const struct disk *from);
void disk_clear(struct disk *disk);
void disk_apply(struct disk *disk, const struct disk_change *change, size_t most_bytes);

#endif
