/* overflow - reads lines and answers their length; a line of more than 15 bytes overflows its buffer. Built
 * with AddressSanitizer. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(void)
{
    char line[256];
    while (fgets(line, sizeof line, stdin)) {
        size_t length = strcspn(line, "\n");
        char *copy = malloc(16);
        memcpy(copy, line, length); /* the bug */
        copy[length] = 0;
        printf("%zu\n", strlen(copy));
        fflush(stdout);
        free(copy);
    }
    return 0;
}
