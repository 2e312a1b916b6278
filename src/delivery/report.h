/* Collects what became of each address; the library's side of mes/report.h. */
#ifndef MES_DELIVERY_REPORT_H
#define MES_DELIVERY_REPORT_H

#include "mes/error.h"
#include "mes/report.h"

/* NULL: out of memory. */
struct mes_report *mes_delivery_report_new(void) MES_MUST_USE;

/* Adds a copy of `result` with all its texts and attempts. Returns the copy, valid as long as the report and
 * until the next call; NULL when out of memory (the report is as before). */
const struct mes_result *mes_delivery_report_add(struct mes_report *report,
                                                 const struct mes_result *result) MES_MUST_USE;

#endif
