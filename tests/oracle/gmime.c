/* Reads mails with GMime and prints what it sees, a line of JSON for each. usage: oracle-gmime FILE.eml… */
#include <stdio.h>

#include <gmime/gmime.h>
#include <jansson.h>

static json_t *text(const char *value)
{
    return value != NULL ? json_string(value) : json_null();
}

static json_t *addresses(GMimeMessage *message, GMimeAddressType type)
{
    InternetAddressList *list = g_mime_message_get_addresses(message, type);
    json_t *all = json_array();
    for (int i = 0; i < internet_address_list_length(list); i++) {
        InternetAddress *address = internet_address_list_get_address(list, i);
        const char *name = internet_address_get_name(address);
        const char *spec = INTERNET_ADDRESS_IS_MAILBOX(address)
                               ? internet_address_mailbox_get_idn_addr(INTERNET_ADDRESS_MAILBOX(address))
                               : "not a mailbox";
        json_array_append_new(all, json_pack("[s, s]", name != NULL ? name : "", spec));
    }
    return all;
}

/* The decoded content: a text as it is, anything else as its SHA-256. */
static json_t *content(GMimePart *part)
{
    GMimeDataWrapper *wrapper = g_mime_part_get_content(part);
    GMimeStream *memory = g_mime_stream_mem_new();
    if (wrapper != NULL)
        g_mime_data_wrapper_write_to_stream(wrapper, memory);
    GByteArray *bytes = g_mime_stream_mem_get_byte_array(GMIME_STREAM_MEM(memory));
    gchar *sum = g_compute_checksum_for_data(G_CHECKSUM_SHA256, bytes->data, bytes->len);
    json_t *words = GMIME_IS_TEXT_PART(part) ? json_stringn((const char *)bytes->data, bytes->len) : NULL;
    json_t *both = json_pack("{s:s, s:o}", "sha256", sum, "text", words != NULL ? words : json_null());
    g_free(sum);
    g_object_unref(memory);
    return both;
}

/* Depth first, as the parts stand in the mail. */
static void add_part(GMimeObject *parent, GMimeObject *part, gpointer list)
{
    GMimeContentType *type = g_mime_object_get_content_type(part);
    gchar *name = g_mime_content_type_get_mime_type(type);
    json_t *seen = json_pack("{s:s, s:o, s:o}", "type", name, "id", text(g_mime_object_get_content_id(part)),
                             "disposition", text(g_mime_object_get_disposition(part)));
    (void)parent;
    g_free(name);
    if (GMIME_IS_PART(part)) {
        json_object_set_new(seen, "name", text(g_mime_part_get_filename(GMIME_PART(part))));
        json_object_set_new(seen, "method", text(g_mime_content_type_get_parameter(type, "method")));
        json_object_set_new(seen, "fallback", text(g_mime_content_type_get_parameter(type, "name")));
        json_object_update_new(seen, content(GMIME_PART(part)));
    }
    json_array_append_new(list, seen);
}

static json_t *headers(GMimeMessage *message)
{
    GMimeHeaderList *list = g_mime_object_get_header_list(GMIME_OBJECT(message));
    json_t *all = json_array();
    for (int i = 0; i < g_mime_header_list_get_count(list); i++) {
        GMimeHeader *header = g_mime_header_list_get_header_at(list, i);
        json_array_append_new(
            all, json_pack("[s, s]", g_mime_header_get_name(header), g_mime_header_get_value(header)));
    }
    return all;
}

static void print(GMimeMessage *message)
{
    json_t *parts = json_array();
    GDateTime *date = g_mime_message_get_date(message);
    add_part(NULL, g_mime_message_get_mime_part(message), parts);
    if (GMIME_IS_MULTIPART(g_mime_message_get_mime_part(message)))
        g_mime_multipart_foreach(GMIME_MULTIPART(g_mime_message_get_mime_part(message)), add_part, parts);
    json_t *seen = json_pack(
        "{s:o, s:o, s:o, s:o, s:o, s:o, s:I, s:o, s:o}", "subject", text(g_mime_message_get_subject(message)),
        "from", addresses(message, GMIME_ADDRESS_TYPE_FROM), "to", addresses(message, GMIME_ADDRESS_TYPE_TO),
        "cc", addresses(message, GMIME_ADDRESS_TYPE_CC), "reply_to",
        addresses(message, GMIME_ADDRESS_TYPE_REPLY_TO), "message_id",
        text(g_mime_message_get_message_id(message)), "date",
        (json_int_t)(date != NULL ? g_date_time_to_unix(date) : 0), "headers", headers(message), "parts",
        parts);
    json_dumpf(seen, stdout, JSON_COMPACT);
    printf("\n");
    json_decref(seen);
}

int main(int count, char **files)
{
    g_mime_init();
    for (int i = 1; i < count; i++) {
        GMimeStream *stream = g_mime_stream_file_open(files[i], "r", NULL);
        GMimeParser *parser = stream != NULL ? g_mime_parser_new_with_stream(stream) : NULL;
        GMimeMessage *message = parser != NULL ? g_mime_parser_construct_message(parser, NULL) : NULL;
        if (message == NULL)
            return 1;
        print(message);
        g_object_unref(message);
        g_object_unref(parser);
        g_object_unref(stream);
    }
    return 0;
}
