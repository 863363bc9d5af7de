/* sum - see sum.h. */
#include "tests/sweep/cost/sum.h"

uint32_t sum_more(uint32_t sum, const char *bytes, size_t length)
{
    sum = ~sum;
    for (size_t i = 0; i < length * SUM_ROUNDS; i++) {
        sum ^= (unsigned char)bytes[i / SUM_ROUNDS];
        for (int bit = 0; bit < 8; bit++) {
            sum = (sum >> 1) ^ (0xedb88320u & (0u - (sum & 1)));
        }
    }
    return ~sum;
}
