/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What cppcheck is told of the macros that it would trip over, or of whose results it would think
 * that nothing has been written there. No compiler sees this file.
 */

/* ---- The kernel's ---- */
#define DEFINE_FREE(name, type, free)
#define DEFINE_GUARD(name, type, lock, unlock)
#define guard(name) (void)
#define scoped_guard(name, ...) if ((__VA_ARGS__) || 1)
#define __free(name)
#define no_free_ptr(p) (p)

#define container_of(ptr, type, member) ((type *)cppcheck_outer(ptr))
#define list_first_entry(list, type, member) ((type *)cppcheck_outer(list))
#define rb_entry(node, type, member) ((type *)cppcheck_outer(node))

#define list_for_each_entry(pos, list, member) \
	while ((pos = cppcheck_next(list)))
#define list_for_each_entry_safe(pos, next, list, member) \
	while ((pos = cppcheck_next(list)) && (next = cppcheck_next(pos)))
#define list_for_each_entry_continue_reverse(pos, list, member) \
	while ((pos = cppcheck_next(list)))
#define xa_for_each(xa, index, entry) \
	while ((entry = cppcheck_next(xa)) && (index = cppcheck_number()) != -1UL)

#define xa_for_each_start(xa, index, entry, start) xa_for_each(xa, index, entry)

/* ---- The tests' ---- */
#define noreturn __attribute__((noreturn))
#define ASSERT_EQ(a, b) if (!((a) == (b))) return; else
#define ASSERT_NE(a, b) if (!((a) != (b))) return; else
#define ASSERT_LE(a, b) if (!((a) <= (b))) return; else
#define ASSERT_LT(a, b) if (!((a) < (b))) return; else
#define ASSERT_GE(a, b) if (!((a) >= (b))) return; else
#define ASSERT_GT(a, b) if (!((a) > (b))) return; else
#define ASSERT_TRUE(a) if (!(a)) return; else
#define ASSERT_FALSE(a) if (a) return; else
#define ASSERT_STREQ(a, b) if (strcmp(a, b)) return; else
#define EXPECT_STREQ(a, b) if (strcmp(a, b))
#define EXPECT_EQ(a, b) if (!((a) == (b)))
#define EXPECT_NE(a, b) if (!((a) != (b)))
#define EXPECT_LE(a, b) if (!((a) <= (b)))
#define EXPECT_LT(a, b) if (!((a) < (b)))
#define EXPECT_GE(a, b) if (!((a) >= (b)))
#define EXPECT_GT(a, b) if (!((a) > (b)))
#define EXPECT_TRUE(a) if (!(a))
#define EXPECT_FALSE(a) if (a)
#define FIXTURE(name) struct _test_data_##name
#define FIXTURE_VARIANT(name) struct _fixture_variant_##name
#define FIXTURE_VARIANT_ADD(fixture, name) \
	struct _fixture_variant_##fixture _variant_##fixture##_##name =
#define FIXTURE_SETUP(name) \
	void setup_##name(struct _test_data_##name *self, const struct _fixture_variant_##name *variant)
#define FIXTURE_TEARDOWN(name) \
	void teardown_##name(struct _test_data_##name *self, const struct _fixture_variant_##name *variant)
#define TEST_F(fixture, name) \
	void fixture##_##name(struct _test_data_##fixture *self, const struct _fixture_variant_##fixture *variant)
#define TEST_F_TIMEOUT(fixture, name, seconds) TEST_F(fixture, name)
#define TEST(name) void test_##name(void)
#define TEST_HARNESS_MAIN
#define SKIP(statement, ...) statement
