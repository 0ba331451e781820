/* SPDX-License-Identifier: MIT */
/*
 * The balloon. A page that is given away has no content, so the kernel notes in pages that it keeps
 * which ones are: a list of leaves, each with the addresses of some hundred pages.
 */
#include <stdbool.h>
#include <stddef.h>

#include "machine/sensitive_ops.h"
#include "mm/page.h"
#include "sensitive/balloon.h"
#include "threads/mutex.h"

#define LEAF_ENTRIES (PAGE_SIZE / 8 - 2)

struct leaf {
    struct leaf *next;
    uint64_t count;
    uint64_t pa[LEAF_ENTRIES];
};

_Static_assert(sizeof(struct leaf) == PAGE_SIZE, "a leaf is a page");

static struct mutex mutex;  /* of everything below */
static struct leaf *leaves; /* only the first one may be part full */
static uint64_t nr_given;

static bool make_room(void)
{
    if (leaves && leaves->count < LEAF_ENTRIES)
        return true;

    uint64_t pa = page_alloc_zeroed();
    if (pa == 0)
        return false;
    struct leaf *leaf = phys_to_virt(pa);
    leaf->next = leaves;
    leaves = leaf;
    return true;
}

static void drop_empty_leaf(void)
{
    struct leaf *leaf = leaves;

    if (leaf && leaf->count == 0) {
        leaves = leaf->next;
        page_free(virt_to_phys(leaf));
    }
}

static bool give_page(void)
{
    if (!make_room())
        return false;

    uint64_t pa = page_alloc();
    if (pa != 0 && sensitive->memory_give(pa, 1) == 1) {
        leaves->pa[leaves->count++] = pa;
        nr_given++;
        return true;
    }
    if (pa != 0)
        page_free(pa);
    drop_empty_leaf();
    return false;
}

static bool take_page(void)
{
    uint64_t pa = leaves->pa[leaves->count - 1];

    if (sensitive->memory_take(pa, 1) != 1)
        return false;
    page_free(pa);
    leaves->count--;
    nr_given--;
    drop_empty_leaf();
    return true;
}

uint64_t balloon_set(uint64_t pages)
{
    mutex_lock(&mutex);
    while (nr_given < pages && give_page())
        ;
    while (nr_given > pages && take_page())
        ;
    uint64_t given = nr_given;
    mutex_unlock(&mutex);
    return given;
}

uint64_t balloon_pages(void)
{
    return nr_given;
}
