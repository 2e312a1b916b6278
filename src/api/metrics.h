/* Figures for Prometheus. */
#ifndef MES_API_METRICS_H
#define MES_API_METRICS_H

#include <stdatomic.h>

#include "api/request.h"
#include "base/thread.h"
#include "mes/report.h"

enum { MES_API_LATENCIES = 11, MES_API_STATUS_CLASSES = 6 };

/* Embedded in the server. */
struct mes_api_metrics {
    atomic_uint_fast64_t answers[MES_API_STATUS_CLASSES]; /* by the first digit of their status */
    atomic_uint_fast64_t
        accepted[MES_API_LATENCIES + 1]; /* answers 202, by how long they took; the last: longer */
    atomic_uint_fast64_t accepted_ms;
    struct mes_mutex mutex; /* of what follows */
    bool has_begun;
    int64_t last_attempt; /* counted up to here */
    uint64_t attempts[MES_CLASS_COUNT];
};

void mes_api_metrics_init(struct mes_api_metrics *metrics);
void mes_api_metrics_fini(struct mes_api_metrics *metrics);

/* An answer goes out, so long after its request began. Any thread. */
void mes_api_metrics_count(struct mes_api_metrics *metrics, unsigned status, int64_t milliseconds);

#endif
