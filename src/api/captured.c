/* Mails that a capture account took: the list, and each of them taken apart or as it is. Nothing of a mail is
 * ever shown as a page of ours. */
#include "store/captured.h"

#include "api/mail_view.h"
#include "api/resource.h"

enum { MES_API_CAPTURED_MOST = 256 * 1024 * 1024 };

static void write_members(struct mes_json_writer *json, const struct mes_store_captured *mail)
{
    mes_api_resource_id(json, "id", mail->id);
    mes_api_resource_text(json, "company", mail->company);
    mes_api_resource_id(json, "messageId", mail->job);
    mes_json_write_integer(json, "recipient", mail->number);
    mes_api_resource_time(json, "at", mail->at);
    mes_json_write_text(json, "sender", mes_str_of(mail->sender));
    mes_json_write_raw(json, "recipients", mes_str_of(mail->recipients));
    mes_json_write_text(json, "subject", mes_str_of(mail->subject));
    mes_json_write_integer(json, "size", mail->size);
}

struct listing {
    struct mes_api_listing listing;
    unsigned left; /* rows that may still come on this page */
    int64_t last;
};

static bool add_item(void *context, const struct mes_store_captured *mail)
{
    struct listing *listing = context;
    mes_json_write_object(listing->listing.json, NULL);
    write_members(listing->listing.json, mail);
    mes_json_write_object_end(listing->listing.json);
    listing->last = mail->id;
    listing->left--;
    return true;
}

void mes_api_captured_list(struct mes_api_request *request)
{
    struct mes_store_captured_page page = {.company = request->reach,
                                           .limit = mes_api_resource_limit(request)};
    struct listing listing = {.left = page.limit};
    struct mes_error error;
    struct mes_store_reader *reader =
        mes_api_resource_cursor(request, &page.before) ? mes_api_request_reader(request) : NULL;
    if (reader == NULL)
        return;
    listing.listing = mes_api_resource_begin_list(request);
    int code = mes_store_captured_list(reader, &page, add_item, &listing, &error);
    mes_api_resource_end_list(&listing.listing, listing.left == 0 ? listing.last : 0, code, &error);
}

/* The bytes, and the row given to `each`. False: it was answered. */
static bool load(struct mes_api_request *request, mes_store_captured_each *each, struct mes_buf *raw)
{
    struct mes_store_captured_wish wish = {
        .ref = {.company = request->reach}, .each = each, .context = request};
    struct mes_error error;
    mes_buf_init(raw, MES_API_CAPTURED_MOST);
    struct mes_store_reader *reader =
        mes_api_request_id(request, 0, &wish.ref.id) ? mes_api_request_reader(request) : NULL;
    if (reader == NULL)
        return false;
    int code = mes_store_captured_load(reader, &wish, raw, &error);
    if (code != 0)
        mes_api_refuse_failure(request, &error);
    return code == 0;
}

static bool begin_answer(void *context, const struct mes_store_captured *mail)
{
    struct mes_api_request *request = context;
    struct mes_json_writer *json = mes_api_answer_json(request, 200);
    mes_json_write_object(json, NULL);
    write_members(json, mail);
    request->own = json;
    return true;
}

void mes_api_captured_get(struct mes_api_request *request)
{
    struct mes_buf raw;
    if (load(request, begin_answer, &raw)) {
        struct mes_json_writer *json = request->own;
        mes_api_mail_view(mes_buf_str(&raw), json);
        mes_json_write_object_end(json);
    }
    mes_buf_fini(&raw);
}

void mes_api_captured_raw(struct mes_api_request *request)
{
    struct mes_buf raw;
    if (load(request, NULL, &raw)) {
        mes_api_answer_header(request, "Content-Disposition",
                              MES_STR("attachment; filename=\"message.eml\""));
        mes_api_answer_header(request, "Content-Security-Policy", MES_STR("sandbox; default-src 'none'"));
        mes_api_answer_bytes(request, 200, "message/rfc822", &raw);
    }
    mes_buf_fini(&raw);
}
