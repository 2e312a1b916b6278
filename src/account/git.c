#include "account/git.h"

#include <string.h>

#include "base/file.h"

enum {
    INDEX_MOST = 64 * 1024 * 1024,
    INDEX_HEAD = 12,
    ENTRY_FLAGS = 60, /* after times, device, inode, mode, owner, size and a SHA-1 name */
    ENTRY_NAME = 62,
    FLAG_EXTENDED = 0x4000,
    NAME_MOST = 4096
};

/* git-scm.com/docs/index-format */
struct index_reader {
    struct mes_str index;
    size_t at;
    uint32_t version;
    char name[NAME_MOST]; /* of the last entry: version 4 says only how the next one differs */
    size_t name_size;
};

static uint32_t number_at(struct mes_str bytes, size_t at, size_t size)
{
    uint32_t number = 0;
    for (size_t i = 0; i < size; i++)
        number = number << 8 | (unsigned char)bytes.data[at + i];
    return number;
}

/* git's own varint: each further byte adds one to what was read. */
static bool read_varint(struct index_reader *reader, size_t *value_out)
{
    size_t value = 0;
    for (unsigned count = 0; count < 4 && reader->at < reader->index.size; count++) {
        unsigned char byte = (unsigned char)reader->index.data[reader->at++];
        value = value << 7 | (byte & 0x7f);
        if ((byte & 0x80) == 0) {
            *value_out = value;
            return true;
        }
        value++;
    }
    return false;
}

/* Puts the entry's name behind the first `keep` bytes of the last one and moves behind it. */
static bool read_name(struct index_reader *reader, size_t keep)
{
    struct mes_str rest = mes_str_skip(reader->index, reader->at);
    size_t size = mes_str_find(rest, MES_STR("\0"), 0);
    if (size == SIZE_MAX || keep + size > NAME_MOST)
        return false;
    memcpy(reader->name + keep, rest.data, size);
    reader->name_size = keep + size;
    reader->at += size + 1;
    return true;
}

static bool next_entry(struct index_reader *reader)
{
    size_t start = reader->at;
    size_t strip = reader->name_size;
    if (reader->index.size - start < ENTRY_NAME + 2)
        return false;
    bool is_extended = (number_at(reader->index, start + ENTRY_FLAGS, 2) & FLAG_EXTENDED) != 0;
    reader->at = start + ENTRY_NAME + (is_extended ? 2 : 0);
    if (reader->version == 4 && (!read_varint(reader, &strip) || strip > reader->name_size))
        return false;
    if (!read_name(reader, reader->name_size - strip))
        return false;
    if (reader->version < 4)
        reader->at = start + (reader->at - start + 7) / 8 * 8;
    return reader->at <= reader->index.size;
}

bool mes_account_git_index_has(struct mes_str index, struct mes_str name)
{
    struct index_reader reader = {.index = index, .at = INDEX_HEAD};
    if (index.size < INDEX_HEAD || !mes_str_starts(index, MES_STR("DIRC")))
        return false;
    reader.version = number_at(index, 4, 4);
    if (reader.version < 2 || reader.version > 4)
        return false;
    for (uint32_t left = number_at(index, 8, 4); left > 0 && next_entry(&reader); left--)
        if (mes_str_eq(mes_str_make(reader.name, reader.name_size), name))
            return true;
    return false;
}

/* `.git` is the folder itself, or, in a linked work tree, a file that names it: "gitdir: PATH". */
static bool find_git_folder(struct mes_str tree, struct mes_buf *folder)
{
    struct mes_buf link;
    mes_buf_add_str(folder, tree);
    mes_buf_add_text(folder, "/.git");
    if (!mes_file_exists(mes_buf_text(folder)))
        return false;
    if (mes_file_is_folder(mes_buf_text(folder)))
        return true;
    mes_buf_init(&link, NAME_MOST);
    bool is_link = mes_file_read(mes_buf_text(folder), &link, NULL) == 0 &&
                   mes_str_starts(mes_buf_str(&link), MES_STR("gitdir: "));
    struct mes_str target = mes_str_trim(mes_str_skip(mes_buf_str(&link), 8));
    mes_buf_clear(folder);
    if (target.size > 0 && target.data[0] != '/') {
        mes_buf_add_str(folder, tree);
        mes_buf_add_char(folder, '/');
    }
    mes_buf_add_str(folder, target);
    mes_buf_fini(&link);
    return is_link;
}

static bool tree_tracks(struct mes_str tree, struct mes_str name, bool *is_tree_out)
{
    struct mes_buf file;
    struct mes_buf index;
    mes_buf_init(&file, 2 * NAME_MOST);
    mes_buf_init(&index, INDEX_MOST);
    *is_tree_out = find_git_folder(tree, &file);
    mes_buf_add_text(&file, "/index");
    bool is_read = *is_tree_out && mes_file_read(mes_buf_text(&file), &index, NULL) == 0;
    bool tracks = is_read && mes_account_git_index_has(mes_buf_str(&index), name);
    mes_buf_fini(&file);
    mes_buf_fini(&index);
    return tracks;
}

bool mes_account_git_tracks(const char *path)
{
    struct mes_buf real;
    bool is_tree = false;
    bool tracks = false;
    mes_buf_init(&real, NAME_MOST);
    if (mes_file_real_path(path, &real)) {
        struct mes_str whole = mes_buf_str(&real);
        /* From the file's own folder upwards to the first work tree. */
        for (size_t size = whole.size; size > 0 && !is_tree; size--)
            if (whole.data[size - 1] == '/')
                tracks = tree_tracks(mes_str_cut(whole, 0, size - 1), mes_str_skip(whole, size), &is_tree);
    }
    mes_buf_fini(&real);
    return tracks;
}
