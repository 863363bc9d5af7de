/* signal_names - see signal_names.h; signal(7). */
#include "harness/signal_names.h"

#include <signal.h>
#include <stddef.h>

#define NAME(x)                                                                                              \
    {                                                                                                        \
#x, SIG##x                                                                                           \
    }

const struct signal_name signal_names[] = {
    NAME(ABRT), NAME(ALRM), NAME(BUS),   NAME(CHLD), NAME(CONT), NAME(FPE),    NAME(HUP),  NAME(ILL),
    NAME(INT),  NAME(IO),   NAME(KILL),  NAME(PIPE), NAME(PROF), NAME(PWR),    NAME(QUIT), NAME(SEGV),
    NAME(STOP), NAME(SYS),  NAME(TERM),  NAME(TRAP), NAME(TSTP), NAME(TTIN),   NAME(TTOU), NAME(URG),
    NAME(USR1), NAME(USR2), NAME(WINCH), NAME(XCPU), NAME(XFSZ), NAME(VTALRM), {NULL, 0},
};
