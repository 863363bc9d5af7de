/* signal_names - signals as scenarios write them: "HUP", without SIG. */
#ifndef SEAM_HARNESS_SIGNAL_NAMES_H
#define SEAM_HARNESS_SIGNAL_NAMES_H

struct signal_name {
    const char *name; /* NULL ends the table */
    int number;
};

extern const struct signal_name signal_names[];

#endif
