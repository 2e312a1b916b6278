/* The ordered list of sending accounts, as it stands in the settings file. */
#ifndef MES_ACCOUNT_H
#define MES_ACCOUNT_H

#include "mes/error.h"

MES_BEGIN

struct mes_account_list;

/* Warnings while loading; `notice` is only valid during the call. */
typedef void mes_notice_function(void *context, const struct mes_error *notice);

/* Reads `path`, a settings file or a bare list, and for `company` (may be NULL) that company's file beside
 * it. `on_notice` may be NULL. Errors name file, line and column. The list is read-only and may be shared by
 * threads. */
MES_API int mes_account_list_load(const char *path, const char *company, mes_notice_function *on_notice,
                                  void *context, struct mes_account_list **list_out,
                                  struct mes_error *error) MES_MUST_USE;
MES_API void mes_account_list_free(struct mes_account_list **list);

MES_API size_t mes_account_list_count(const struct mes_account_list *list);
/* The account's name at `index`, NULL past the end. Valid as long as the list. */
MES_API const char *mes_account_list_name(const struct mes_account_list *list, size_t index);

MES_END

#endif
