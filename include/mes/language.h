/* The languages in which the product speaks to people. */
#ifndef MES_LANGUAGE_H
#define MES_LANGUAGE_H

enum mes_language { MES_EN, MES_ZH_HK, MES_ZH_CN };

#endif
