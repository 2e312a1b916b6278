/* The sentences of advice, for walking through them; the public way is mes_advice_text of mes/report.h. */
#ifndef MES_I18N_ADVICE_H
#define MES_I18N_ADVICE_H

#include <stddef.h>

/* The id of row `index` of advice.def, NULL past the end. */
const char *mes_advice_id_at(size_t index);

#endif
