#include "daemon/daemon.h"

struct mes_daemon {
    int status;
};
