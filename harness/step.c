/* step - the table of verbs, from steps.def. */
#include "harness/step.h"

#include <string.h>

#define STEP(name) extern const struct step_verb step_##name;
#include "harness/steps/steps.def"
#undef STEP

const struct step_verb *const step_verbs[] = {
#define STEP(name) &step_##name,
#include "harness/steps/steps.def"
#undef STEP
};

const size_t step_verb_count = sizeof step_verbs / sizeof step_verbs[0];

const struct step_verb *step_verb_find(const char *name)
{
    for (size_t i = 0; i < step_verb_count; i++) {
        if (strcmp(step_verbs[i]->name, name) == 0) {
            return step_verbs[i];
        }
    }
    return NULL;
}
