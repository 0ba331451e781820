/* SPDX-License-Identifier: MIT */
/*
 * lib/list.h: order, removal, and what is safe to do twice.
 */
#include "lib/list.h"

#include "ktf.h"

KTF_SUITE(list);

struct element {
    int value;
    struct list_node link;
};

KTF_TEST(list, a_new_list_is_empty)
{
    struct list_node head;

    list_init(&head);
    EXPECT_TRUE(list_empty(&head));
    EXPECT_NULL(list_pop_front(&head));
}

KTF_TEST(list, pop_takes_the_first_pushed)
{
    struct list_node head;
    struct element elements[3] = {{.value = 1}, {.value = 2}, {.value = 0}};

    list_init(&head);
    list_push_back(&head, &elements[0].link);
    list_push_back(&head, &elements[1].link);
    list_insert_before(head.next, &elements[2].link);
    for (int i = 0; i < 3; i++) {
        struct list_node *node = list_pop_front(&head);

        ASSERT_NOT_NULL(node);
        EXPECT_EQ(list_entry(node, struct element, link)->value, i);
        EXPECT_TRUE(list_empty(node));
    }
    EXPECT_TRUE(list_empty(&head));
}

KTF_TEST(list, removing_twice_is_harmless)
{
    struct list_node head;
    struct element elements[2];

    list_init(&head);
    list_push_back(&head, &elements[0].link);
    list_push_back(&head, &elements[1].link);
    list_remove(&elements[0].link);
    list_remove(&elements[0].link);
    EXPECT_EQ(head.next, &elements[1].link);
    EXPECT_EQ(head.prev, &elements[1].link);
}

KTF_TEST(list, the_current_link_may_be_removed)
{
    struct list_node head;
    struct element elements[4];
    int nr_seen = 0;

    list_init(&head);
    for (int i = 0; i < 4; i++) {
        elements[i].value = i;
        list_push_back(&head, &elements[i].link);
    }
    list_for_each_safe(node, following, &head) {
        if (list_entry(node, struct element, link)->value % 2 == 0)
            list_remove(node);
    }
    list_for_each(node, &head) {
        EXPECT_EQ(list_entry(node, struct element, link)->value % 2, 1);
        nr_seen++;
    }
    EXPECT_EQ(nr_seen, 2);
}
