/* SPDX-License-Identifier: MIT */
/*
 * A doubly linked list whose links live in its elements.
 */
#ifndef LIB_LIST_H
#define LIB_LIST_H

#include <stdbool.h>
#include <stddef.h>

/** A link of an element, or the head of a list. A link that points to itself is in no list. */
struct list_node {
    struct list_node *next;
    struct list_node *prev;
};

/** The element of @type whose member @member is the link @node. */
#define list_entry(node, type, member) ((type *)(void *)((char *)(node)-offsetof(type, member)))

/** Walks the links of a list; the list must not change meanwhile. */
#define list_for_each(node, head)                                                                  \
    for (struct list_node *node = (head)->next; node != (head); node = node->next)

/** Walks the links of a list; the current link may be taken out. */
#define list_for_each_safe(node, following, head)                                                  \
    for (struct list_node *node = (head)->next, *following = node->next; node != (head);           \
         node = following, following = node->next)

static inline void list_init(struct list_node *node)
{
    node->next = node;
    node->prev = node;
}

static inline bool list_empty(const struct list_node *head)
{
    return head->next == head;
}

/** Puts @node in front of @before; before the head, that is at the list's end. */
static inline void list_insert_before(struct list_node *before, struct list_node *node)
{
    node->next = before;
    node->prev = before->prev;
    before->prev->next = node;
    before->prev = node;
}

static inline void list_push_back(struct list_node *head, struct list_node *node)
{
    list_insert_before(head, node);
}

/** Takes @node out of its list; harmless if it is in none. */
static inline void list_remove(struct list_node *node)
{
    node->prev->next = node->next;
    node->next->prev = node->prev;
    list_init(node);
}

/** Takes out the first link, or returns NULL. */
static inline struct list_node *list_pop_front(struct list_node *head)
{
    struct list_node *first = head->next;

    if (first == head)
        return NULL;
    list_remove(first);
    return first;
}

#endif
