/* SPDX-License-Identifier: MIT */
/*
 * See words.h. Half of all values are likely ones, so that calls succeed often; the others are
 * those at which a check may be missing: calls/words.h.
 */
#include "words.h"

#include <string.h>

#include "answers.h"
#include "calls/words.h"
#include "fuzz/image.h"
#include "fuzz/world.h"
#include "ktf.h"

/* More than a sequence makes. */
#define MOST_THINGS 16384

/* One of the last so many is what a call is about, mostly. */
#define NR_LATE 64

#define WINDOW_PAGES 64

/* What calls/words.h has of a side; of handles and ports apart, so that more of them fit. */
static struct call_world ports[NR_SIDES], shares[NR_SIDES];

struct things {
    struct words_thing of[MOST_THINGS];
    uint32_t nr;
};

static struct things known_ports[NR_SIDES], known_shares[NR_SIDES];

void words_begin(void)
{
    static const struct call_world first = {
        .scratch = WORLD_RAM,
        .scratch_bytes = WORLD_SCRATCH_BYTES,
        .nr_vcpus = WORLD_NR_VCPUS,
    };

    for (uint32_t side = 0; side < NR_SIDES; side++) {
        ports[side] = shares[side] = first;
        known_ports[side].nr = known_shares[side].nr = 0;
    }
}

static void note(struct things *things, const struct words_thing *thing)
{
    EXPECT_TRUE(things->nr < MOST_THINGS);
    things->of[things->nr++] = *thing;
}

void words_note_port(enum side side, const struct words_thing *port)
{
    call_note(&ports[side], port->value);
    note(&known_ports[side], port);
}

void words_note_share(enum side side, const struct words_thing *share)
{
    call_note(&shares[side], share->value);
    note(&known_shares[side], share);
}

uint32_t words_handle(enum side side, uint64_t handle)
{
    const struct things *things = &known_shares[side];

    for (uint32_t i = 0; i < things->nr; i++)
        if (things->of[i].value == handle)
            return i;
    return WORDS_NO_HANDLE;
}

/* --- values for themselves ------------------------------------------------------------------- */

/* A value of the kind that often fits others: few different ones, so that things meet. */
static uint64_t likely(enum call_kind kind, uint64_t choice)
{
    switch (kind) {
    case CALL_u64: /* "vm", and what starts a name of more than a word */
        return CALL_PICK(choice, 0, 0, WORLD_NAME, UINT64_C(0x6766656463626161));
    case CALL_ipa:
        return WORLD_RAM + choice / 4 % 4 * (WORLD_RAM_BYTES / 2) + choice % 4 * STILE_PAGE_SIZE;
    case CALL_nr_pages:
        return CALL_PICK(choice, 1, 1, 1, 2, 3, STILE_MEMORY_MAX_PAGES);
    case CALL_nr_bytes:
        return 1 + choice % 8;
    case CALL_vcpu_set:
        return 1 + choice % 3;
    case CALL_vm_id: /* mostly one of the first, which are always there */
        return sides_vm_number(choice / 4 % (choice % 4 ? WORLD_NR_VMS : CONFIG_NR_VMS));
    case CALL_vcpu_id:
        return choice % WORLD_NR_VCPUS;
    case CALL_u32:
        return CALL_PICK(choice, 0, 1, 2, STILE_ACCESS_READ, STILE_ACCESS_READ | STILE_ACCESS_WRITE,
                         STILE_ACCESS_READ | STILE_SHARE_DONATED, STILE_VERSION_CURRENT,
                         choice / 8 % 24);
    case CALL_intid:
        return choice % 48;
    default:
        return 0;
    }
}

/* A handle, or what is none on either side: most numbers may be one on one side alone. */
static uint64_t handle(const struct call_world *world, uint64_t random)
{
    uint64_t returned = world->returned[random / 16 % 16];
    uint64_t bit = random >> 32 & 0x3FF;

    return CALL_PICK(random & UINT32_MAX, returned, returned, returned, 0, 1, UINT32_MAX) ^
           (bit >= 32 && bit < 64 ? UINT64_C(1) << bit : 0);
}

static uint64_t make(enum side side, enum call_kind kind, uint64_t random)
{
    if (kind == CALL_share)
        return handle(&shares[side], random);
    if (random >> 63 && kind != CALL_NONE && kind != CALL_port && kind != CALL_ticks &&
        kind != CALL_nr_ticks)
        return likely(kind, random & UINT32_MAX);
    return call_word(&ports[side], kind, random);
}

/* --- values that fit each other -------------------------------------------------------------- */

/* One of the last things that are the VM's, or for it; or NULL. */
static const struct words_thing *find(const struct things *things, uint32_t vm, bool is_owner,
                                      uint64_t random)
{
    for (uint32_t i = 0; i < NR_LATE && things->nr > 0; i++) {
        uint32_t back = (uint32_t)(random + i) % NR_LATE;
        const struct words_thing *thing = &things->of[things->nr - 1 - back % things->nr];

        if (is_owner ? thing->owner == vm : thing->peer == sides_vm_number(vm))
            return thing;
    }
    return NULL;
}

static void fit_port(const struct things *things, uint32_t vm, uint32_t nr, uint64_t random,
                     uint64_t x[6])
{
    const struct words_thing *port = find(things, vm, nr != STILE_NR_event_bind, random);

    if (!port)
        return;
    if (nr == STILE_NR_event_bind) {
        x[0] = sides_vm_number(port->owner);
        x[1] = port->value;
    } else {
        x[0] = port->value;
    }
}

/* Where shares are accepted. */
static uint64_t window(uint64_t random)
{
    return WORLD_RAM + WORLD_RAM_BYTES + random % WINDOW_PAGES * STILE_PAGE_SIZE;
}

static void fit_share(const struct things *things, uint32_t vm, uint32_t nr, uint64_t random,
                      uint64_t x[6])
{
    const struct words_thing *share = find(things, vm, nr == STILE_NR_memory_revoke, random);

    if (!share)
        return;
    x[0] = share->value;
    if (nr == STILE_NR_memory_accept) {
        x[1] = window(random / NR_LATE);
        x[2] = share->count;
        if (random / 4 % 4)
            x[3] = share->access;
    }
}

/* Few pages, and for the other one of the two that make calls. */
static void fit_offer(uint32_t vm, uint64_t random, uint64_t x[6])
{
    x[1] = 1 + random / 8 % 4;
    x[2] = sides_vm_number(2 - vm);
}

/* A key, or a VM's name: of one word or two. */
static void fit_name(uint64_t random, uint64_t name[2])
{
    const uint64_t names[][2] = {
        {WORLD_NAME, 0},
        {UINT64_C(0x646E6F636573), 0},                                /* "second" */
        {UINT64_C(0x2E6472696874) | ('a' + random / 8 % 4) << 48, 0}, /* "third.a" */
        {UINT64_C(0x6766656463626161), 'h'},
        {'a' + random / 8 % 26, 0}};

    memcpy(name, names[random % 5], sizeof(names[0]));
}

/* An image that both sides see the same in: what may be wrong about it is no tree's contents. */
static size_t make_image(void *image, uint64_t random)
{
    size_t bytes = image_make(image, IMAGE_PLAIN, (unsigned)(random / 16));
    struct stile_vm_image *made = image;
    char *tree = (char *)(made + 1);

    switch (random % 16) {
    case 0:
        made->name[0] = '/';
        break;
    case 1:
        made->kernel_bytes = 0;
        break;
    case 2:
        made->reserved[1] = 1;
        break;
    case 3: /* its magic number */
        tree[0] = 0;
        break;
    case 4: /* its length */
        tree[4] = 1;
        break;
    case 5:
        bytes--;
        break;
    default:
        break;
    }
    return bytes;
}

/* Where it can be put; else nowhere, so that nothing is read that the sides have differently. */
static void fit_image(enum side side, uint32_t vm, uint64_t random, uint64_t x[6])
{
    static _Alignas(8) char image[IMAGE_BYTES_MAX];
    size_t bytes = make_image(image, random);
    uint64_t ipa = WORLD_RAM + random / 256 % (WORLD_RAM_BYTES - sizeof(image));

    x[0] = sides_put(side, vm, ipa, image, bytes) ? ipa : 0;
    x[1] = bytes;
}

static void fit(enum side side, uint32_t vm, uint32_t nr, uint64_t random, uint64_t x[6])
{
    switch (nr) {
    case STILE_NR_core_version: /* so that much else is not answered for ever */
        x[0] = STILE_VERSION_CURRENT;
        break;
    case STILE_NR_event_bind:
    case STILE_NR_event_send:
    case STILE_NR_event_close:
    case STILE_NR_event_query:
    case STILE_NR_event_move:
        fit_port(&known_ports[side], vm, nr, random, x);
        break;
    case STILE_NR_memory_map:
    case STILE_NR_memory_unmap:
    case STILE_NR_memory_protect:
    case STILE_NR_memory_discard:
        if (random % 2)
            x[0] = window(random / 2);
        x[1] = 1 + random / 256 % 4;
        break;
    case STILE_NR_memory_share:
        x[3] = STILE_ACCESS_READ | (random / 4 % 2 ? STILE_ACCESS_WRITE : 0);
        fit_offer(vm, random, x);
        break;
    case STILE_NR_memory_donate:
        fit_offer(vm, random, x);
        break;
    case STILE_NR_memory_accept:
    case STILE_NR_memory_release:
    case STILE_NR_memory_revoke:
        fit_share(&known_shares[side], vm, nr, random, x);
        break;
    case STILE_NR_vm_create:
        fit_image(side, vm, random, x);
        break;
    case STILE_NR_vm_start:
    case STILE_NR_control_destroy: /* one that was made, so that there is room for others */
        x[0] = sides_vm_number(WORLD_NR_VMS + random % (CONFIG_NR_VMS - WORLD_NR_VMS));
        break;
    case STILE_NR_directory_lookup:
        fit_name(random, &x[1]);
        break;
    case STILE_NR_directory_find_vm:
        x[2] = x[3] = 0;
        fit_name(random, x);
        break;
    case STILE_NR_directory_publish:
    case STILE_NR_directory_withdraw:
        fit_name(random, x);
        break;
    }
}

void words_make(enum side side, uint32_t vm, uint32_t line, const uint64_t random[6], uint64_t x[6])
{
    for (uint32_t i = 0; i < 6; i++) {
        enum call_kind kind = (enum call_kind)call_lines[line].kinds[i];

        x[i] = answers_fit(line, kind, make(side, kind, random[i]));
    }
    if (random[5] >> 61)
        fit(side, vm, call_lines[line].nr, random[5], x);
}
