#include "mime/writer.h"

#include <assert.h>

void mes_mime_writer_init(struct mes_mime_writer *writer, struct mes_buf *out, const char *random)
{
    *writer = (struct mes_mime_writer){.out = out, .random = random};
}

/* "=_" occurs in no base64 and no quoted-printable (RFC 2045 6.7), and the random letters in no other text.
 */
static void add_boundary(const struct mes_mime_writer *writer, unsigned number)
{
    mes_buf_add_text(writer->out, "=_");
    mes_buf_add_uint(writer->out, number);
    mes_buf_add_char(writer->out, '_');
    mes_buf_add(writer->out, writer->random, MES_BOUNDARY_RANDOM);
}

/* The delimiter before a part; the CRLF in front belongs to it, not to the part before. */
static void begin_part(struct mes_mime_writer *writer)
{
    if (writer->depth == 0)
        return;
    mes_buf_add_text(writer->out, "\r\n--");
    add_boundary(writer, writer->open[writer->depth - 1]);
    mes_buf_add_text(writer->out, "\r\n");
}

void mes_mime_writer_open(struct mes_mime_writer *writer, const char *subtype)
{
    assert(writer->depth < MES_WRITER_DEPTH);
    begin_part(writer);
    mes_buf_add_text(writer->out, "Content-Type: multipart/");
    mes_buf_add_text(writer->out, subtype);
    if (mes_str_eq(mes_str_of(subtype), MES_STR("related")))
        mes_buf_add_text(writer->out, "; type=\"text/html\"");
    mes_buf_add_text(writer->out, ";\r\n boundary=\"");
    add_boundary(writer, ++writer->count);
    mes_buf_add_text(writer->out, "\"\r\n");
    writer->open[writer->depth++] = writer->count;
}

void mes_mime_writer_close(struct mes_mime_writer *writer)
{
    assert(writer->depth > 0);
    mes_buf_add_text(writer->out, "\r\n--");
    add_boundary(writer, writer->open[--writer->depth]);
    mes_buf_add_text(writer->out, "--");
}

void mes_mime_writer_text_begin(struct mes_mime_writer *writer, const char *subtype)
{
    begin_part(writer);
    mes_buf_add_text(writer->out, "Content-Type: text/");
    mes_buf_add_text(writer->out, subtype);
    mes_buf_add_text(writer->out, "; charset=utf-8\r\n");
}

void mes_mime_writer_calendar_begin(struct mes_mime_writer *writer, const char *method)
{
    begin_part(writer);
    mes_buf_add_text(writer->out, "Content-Type: text/calendar; method=");
    mes_buf_add_text(writer->out, method);
    mes_buf_add_text(writer->out, "; charset=utf-8\r\n");
}

void mes_mime_writer_text(struct mes_buf *out, struct mes_str text)
{
    enum mes_encoding encoding = mes_mime_encoding_of(text);
    mes_buf_add_text(out, "Content-Transfer-Encoding: ");
    mes_buf_add_text(out, mes_mime_encoding_name(encoding));
    mes_buf_add_text(out, "\r\n\r\n");
    mes_mime_text_encode(text, encoding, out);
}

void mes_mime_writer_file_begin(struct mes_mime_writer *writer, const struct mes_part *part)
{
    begin_part(writer);
    mes_mime_part_add_header(writer->out, part);
}
