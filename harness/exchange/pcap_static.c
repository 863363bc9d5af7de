/*
 * pcap_static - takes the place of libpcap's module for D-Bus in a static build (SEAM_STATIC).
 *
 * That module is linked with every program that reads a file, and needs libdbus and libsystemd; Debian has no
 * static libsystemd. Seam captures nothing: no device is ever a bus. The names are libpcap's own
 * (pcap-dbus.c, 1.10).
 */
#include <stddef.h>

struct pcap;
struct pcap_if_list;

struct pcap *dbus_create(const char *device, char *error_text, int *is_ours);
int dbus_findalldevs(struct pcap_if_list *devices, char *error_text);

struct pcap *dbus_create(const char *device, char *error_text, int *is_ours)
{
    (void)device, (void)error_text;
    *is_ours = 0;
    return NULL;
}

int dbus_findalldevs(struct pcap_if_list *devices, char *error_text)
{
    (void)devices, (void)error_text;
    return 0;
}
