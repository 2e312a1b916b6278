#include "account/finding.h"

#include <stdio.h>

static void tell(const struct mes_complaints *complaints, enum mes_finding_kind kind,
                 const struct mes_error *finding)
{
    if (complaints->listener != NULL && complaints->listener->on_finding != NULL)
        complaints->listener->on_finding(complaints->listener->context, kind, finding);
}

void mes_account_complaints_take(struct mes_complaints *complaints, const struct mes_error *error)
{
    if (complaints->code == 0) {
        complaints->code = error->code;
        if (complaints->error != NULL)
            *complaints->error = *error;
    }
    complaints->count++;
    tell(complaints, MES_FINDING_PROBLEM, error);
}

void mes_account_complaints_problem(struct mes_complaints *complaints, int sentence,
                                    const char *const *arguments)
{
    struct mes_error problem;
    mes_fail(&problem, MES_E_CONFIG, sentence, arguments);
    mes_account_complaints_take(complaints, &problem);
}

void mes_account_complaints_nomem(struct mes_complaints *complaints)
{
    struct mes_error problem;
    mes_fail_nomem(&problem);
    mes_account_complaints_take(complaints, &problem);
}

static void remark(const struct mes_complaints *complaints, enum mes_finding_kind kind, int sentence,
                   const char *const *arguments)
{
    struct mes_error finding;
    mes_fail(&finding, MES_OK, sentence, arguments);
    tell(complaints, kind, &finding);
}

void mes_account_complaints_warn(struct mes_complaints *complaints, int sentence,
                                 const char *const *arguments)
{
    remark(complaints, MES_FINDING_WARNING, sentence, arguments);
}

void mes_account_complaints_note(struct mes_complaints *complaints, int sentence,
                                 const char *const *arguments)
{
    remark(complaints, MES_FINDING_NOTE, sentence, arguments);
}

const char *mes_account_origin_text(char *out, size_t size, const struct mes_origin *origin)
{
    if (origin->line > 0)
        (void)snprintf(out, size, "%s:%u:%u", origin->place, origin->line, origin->column);
    else
        (void)snprintf(out, size, "%s", origin->place);
    return out;
}
