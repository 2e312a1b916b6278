/* What every public header needs: visibility and C++. */
#ifndef MES_EXPORT_H
#define MES_EXPORT_H

#ifdef __cplusplus
#define MES_BEGIN extern "C" {
#define MES_END }
#else
#define MES_BEGIN
#define MES_END
#endif

#if defined(__GNUC__)
#define MES_API __attribute__((visibility("default")))
#define MES_MUST_USE __attribute__((warn_unused_result))
#else
#define MES_API
#define MES_MUST_USE
#endif

#endif
