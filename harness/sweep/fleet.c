/* fleet - see fleet.h. */
#include "harness/sweep/fleet.h"

#include "harness/world/world.h"

#include <stdlib.h>
#include <string.h>

enum { LOOK_GAP_NS = 30000, LOOK_GAP_MAX_NS = 3000000, HOST_STOP_NS = 1000000 };

struct seat {
    struct run *run; /* NULL: empty */
    size_t tag;
    bool waits; /* it was advanced, and nothing has happened since that it did not see */
};

struct drive {
    const struct fleet *fleet;
    struct seat *seats;
    bool no_more;
    uint64_t look_ns;     /* when to look at the host's programs next */
    uint64_t look_gap_ns; /* grows while they are busy */
};

static uint64_t now_ns(const struct fleet *fleet)
{
    return fleet->world->ops->now_ns(fleet->world);
}

static bool stopped(const struct fleet *fleet)
{
    return fleet->stop && *fleet->stop;
}

static void end_with_error(const struct fleet *fleet, size_t tag, const struct seam_error *error)
{
    struct record record = {.failed = true, .status = RESULT_ERROR, .failed_at = SIZE_MAX};
    record.message = strdup(error->text);
    fleet->ended(fleet->context, tag, &record, false);
}

static void fill_seats(struct drive *drive)
{
    const struct fleet *fleet = drive->fleet;
    for (size_t i = 0; i < fleet->seats && !drive->no_more && !stopped(fleet); i++) {
        struct seat *seat = &drive->seats[i];
        struct fleet_job job;
        while (!seat->run && !drive->no_more) {
            struct seam_error error = {0};
            if (!fleet->next(fleet->context, &job)) {
                drive->no_more = true;
                break;
            }
            *seat = (struct seat){.tag = job.tag};
            seat->run = fleet->host
                            ? run_new_guest(job.scenario, job.segmentation, fleet->host, &job.options, &error)
                            : run_new(job.scenario, job.segmentation, fleet->world, &job.options, &error);
            if (!seat->run) {
                end_with_error(fleet, job.tag, &error);
            }
        }
    }
}

static void empty_seat(struct drive *drive, struct seat *seat, bool lost)
{
    struct record record;
    run_take_record(seat->run, &record);
    run_free(seat->run);
    seat->run = NULL;
    drive->fleet->ended(drive->fleet->context, seat->tag, &record, lost);
}

/* Advances whom something happened to. Returns how many are still there; *idle: all of them only wish for a
 * look. */
static size_t advance_seats(struct drive *drive, bool host_active, bool *idle)
{
    const struct fleet *fleet = drive->fleet;
    uint64_t now = now_ns(fleet);
    size_t count = 0;
    *idle = true;
    for (size_t i = 0; i < fleet->seats; i++) {
        struct seat *seat = &drive->seats[i];
        if (!seat->run) {
            continue;
        }
        bool active = fleet->host ? host_active : run_is_active(seat->run);
        if (active || !seat->waits || run_due_ns(seat->run) <= now) {
            if (!run_advance(seat->run)) {
                empty_seat(drive, seat, false);
                *idle = false;
                continue;
            }
            seat->waits = true;
        }
        count++;
        *idle = *idle && run_wishes_look(seat->run);
    }
    return count;
}

static uint64_t earliest_due(const struct drive *drive)
{
    uint64_t due = UINT64_MAX;
    for (size_t i = 0; i < drive->fleet->seats; i++) {
        const struct seat *seat = &drive->seats[i];
        if (seat->run) {
            uint64_t own = seat->waits ? run_due_ns(seat->run) : 0;
            due = own < due ? own : due;
        }
    }
    return due;
}

/* A look at the host's programs, when it is time for one; who wished for it is advanced next. */
static void look_at_host(struct drive *drive, bool idle)
{
    bool wished = false;
    for (size_t i = 0; i < drive->fleet->seats; i++) {
        wished |= drive->seats[i].run && run_wishes_look(drive->seats[i].run);
    }
    if (!wished || (!idle && now_ns(drive->fleet) < drive->look_ns)) {
        return;
    }
    if (idle && now_ns(drive->fleet) < drive->look_ns) {
        drive->fleet->world->ops->wait(drive->fleet->world, drive->look_ns);
    }
    bool complete = run_company_look(drive->fleet->host);
    drive->look_gap_ns = complete                               ? LOOK_GAP_NS
                         : drive->look_gap_ns < LOOK_GAP_MAX_NS ? drive->look_gap_ns * 2
                                                                : LOOK_GAP_MAX_NS;
    drive->look_ns = now_ns(drive->fleet) + drive->look_gap_ns;
    for (size_t i = 0; i < drive->fleet->seats && complete; i++) {
        struct seat *seat = &drive->seats[i];
        seat->waits = seat->waits && !(seat->run && run_wishes_look(seat->run));
    }
}

static void lose_all(struct drive *drive)
{
    for (size_t i = 0; i < drive->fleet->seats; i++) {
        if (drive->seats[i].run) {
            empty_seat(drive, &drive->seats[i], true);
        }
    }
}

/* False: its programs have ended. */
static bool host_lives(const struct fleet *fleet)
{
    return !fleet->host || (run_advance(fleet->host) && run_is_hosting(fleet->host));
}

int fleet_drive(const struct fleet *fleet, bool *host_ended)
{
    struct drive drive = {.fleet = fleet, .look_gap_ns = LOOK_GAP_NS};
    int result = 0;
    *host_ended = false;
    drive.seats = calloc(fleet->seats, sizeof *drive.seats);
    if (!drive.seats) {
        return -1;
    }
    for (;;) {
        bool idle, host_active = fleet->host && run_is_active(fleet->host);
        if (stopped(fleet) || !host_lives(fleet)) {
            *host_ended = !stopped(fleet);
            lose_all(&drive);
            result = -1;
            break;
        }
        fill_seats(&drive);
        if (advance_seats(&drive, host_active, &idle) == 0) {
            if (drive.no_more) {
                break;
            }
            continue;
        }
        if (fleet->host) {
            look_at_host(&drive, idle);
        }
        uint64_t due = earliest_due(&drive);
        if (fleet->host && drive.look_ns < due) {
            due = drive.look_ns;
        }
        fleet->world->ops->wait(fleet->world, due);
    }
    free(drive.seats);
    return result;
}

struct run *fleet_host_open(const struct scenario *scenario, struct world *world,
                            const struct run_options *options, const volatile sig_atomic_t *stop, char **text)
{
    struct seam_error error = {0};
    struct run *host = run_new_host(scenario, world, options, &error);
    *text = NULL;
    if (!host) {
        *text = strdup(error.text);
        return NULL;
    }
    while (!run_is_hosting(host)) {
        if ((stop && *stop) || !run_advance(host)) {
            struct record record;
            run_take_record(host, &record);
            *text = strdup(record.message ? record.message : "its programs could not be started");
            record_close(&record);
            run_free(host);
            return NULL;
        }
        if (!run_is_hosting(host)) {
            world->ops->wait(world, run_due_ns(host));
        }
    }
    return host;
}

void fleet_host_close(struct run *host, struct world *world, struct record *record)
{
    run_dismiss(host);
    while (run_advance(host)) {
        world->ops->wait(world, run_due_ns(host));
    }
    run_take_record(host, record);
    run_free(host);
}
