/* Files by their descriptor, part by part. Blocking: never on the loop thread. */
#ifndef MES_BASE_DESCRIPTOR_H
#define MES_BASE_DESCRIPTOR_H

#include <stdint.h>

#include "base/error.h"

/* A file that is read from its front to its end. */
struct mes_input {
    int descriptor;
    const char *path; /* borrowed, for errors */
    uint64_t size;    /* when it was opened */
};

/* Opens a file for reading. Folders, pipes and devices are refused, so that nothing waits for a writer.
 * Errors of all functions are MES_E_FILE. */
int mes_descriptor_open(const char *path, struct mes_input *input_out, struct mes_error *error) MES_MUST_USE;
/* The same, but a symbolic link is refused too: for folders in which only names of our own stand. */
int mes_descriptor_open_own(const char *path, struct mes_input *input_out,
                            struct mes_error *error) MES_MUST_USE;
/* NULL is not allowed; -1 inside is, and is left behind. */
void mes_descriptor_close(int *descriptor);

/* The next bytes, at most `size`; 0 at the end of the file. */
int mes_descriptor_read(const struct mes_input *input, void *out, size_t size, size_t *got_out,
                        struct mes_error *error) MES_MUST_USE;

/* Both do the whole, or fail; the descriptor's own position does not matter. A file that is too short is a
 * failure. */
int mes_descriptor_write_at(int descriptor, uint64_t offset, struct mes_str bytes,
                            struct mes_error *error) MES_MUST_USE;
int mes_descriptor_read_at(int descriptor, uint64_t offset, void *out, size_t size,
                           struct mes_error *error) MES_MUST_USE;

#endif
