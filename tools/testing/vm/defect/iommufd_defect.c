// SPDX-License-Identifier: GPL-2.0-only
/*
 * Does something wrong, of the kind that its parameter names, when it is loaded. check-lane loads
 * it on the debug kernel to see that each kind is found; it is never installed.
 *
 * What the compiler would see through goes by way of volatile variables.
 */
#include <linux/delay.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

static char *kind = "none";
module_param(kind, charp, 0);
MODULE_PARM_DESC(kind, "what to do wrong");

static void none(void)
{
}

static void leaked_object(void)
{
	memset(kmalloc(192, GFP_KERNEL), 0, 192);
}

static void use_after_free(void)
{
	char *volatile object = kmalloc(64, GFP_KERNEL);

	kfree(object);
	pr_info("read %d\n", READ_ONCE(object[8]));
}

static void out_of_bounds(void)
{
	char *volatile object = kmalloc(60, GFP_KERNEL);
	volatile int index = 60;

	object[index] = 1;
	kfree(object);
}

/*
 * The lock's own code is to notice: lockdep, which comes first, does not look. KASAN notes who
 * freed an object at its beginning.
 */
static void lock_after_free(void)
{
	struct {
		char before[64];
		spinlock_t lock;
	} *volatile object = kmalloc(sizeof(*object), GFP_KERNEL);

	spin_lock_init(&object->lock);
	kfree(object);
	spin_lock(&object->lock);
	spin_unlock(&object->lock);
}

static DEFINE_MUTEX(first_lock);
static DEFINE_MUTEX(second_lock);

static void lock_inversion(void)
{
	mutex_lock(&first_lock);
	mutex_lock(&second_lock);
	mutex_unlock(&second_lock);
	mutex_unlock(&first_lock);

	mutex_lock(&second_lock);
	mutex_lock(&first_lock);
	mutex_unlock(&first_lock);
	mutex_unlock(&second_lock);
}

static void missing_unpin(void)
{
	struct page *page;

	if (pin_user_pages_fast(current->mm->arg_start & PAGE_MASK, 1, FOLL_LONGTERM, &page) != 1)
		pr_err("no page could be pinned\n");
}

static void wide_shift(void)
{
	volatile unsigned int width = 40;

	pr_info("shifted: %u\n", 1U << width);
}

static DEFINE_SPINLOCK(spinning_lock);

static void sleep_in_atomic(void)
{
	spin_lock(&spinning_lock);
	might_sleep();
	spin_unlock(&spinning_lock);
}

static void movable_cpu(void)
{
	pr_info("on CPU %d, or on another\n", smp_processor_id());
}

static void dead_reference(void)
{
	struct kref ref;

	kref_init(&ref);
	refcount_set(&ref.refcount, 0);
	kref_get(&ref);
}

static void list_corruption(void)
{
	LIST_HEAD(list);
	struct list_head entry;

	list_add(&entry, &list);
	list_del(&entry);
	list_del(&entry);
}

static void warning(void)
{
	WARN(1, "on purpose");
}

static void leaked_module_use(void)
{
	if (!__symbol_get("iommufd_ctx_from_fd"))
		pr_err("iommufd is not there\n");
}

/* Longer than the kernel lets a task hang. */
static void hung_task(void)
{
	int seconds;

	for (seconds = 0; seconds < 600; seconds++)
		schedule_timeout_uninterruptible(3600 * HZ);
}

static const struct {
	const char *kind;
	void (*plant)(void);
} defects[] = {
	{ "none", none },
	{ "leaked_object", leaked_object },
	{ "use_after_free", use_after_free },
	{ "out_of_bounds", out_of_bounds },
	{ "lock_after_free", lock_after_free },
	{ "lock_inversion", lock_inversion },
	{ "missing_unpin", missing_unpin },
	{ "wide_shift", wide_shift },
	{ "sleep_in_atomic", sleep_in_atomic },
	{ "movable_cpu", movable_cpu },
	{ "dead_reference", dead_reference },
	{ "list_corruption", list_corruption },
	{ "warning", warning },
	{ "leaked_module_use", leaked_module_use },
	{ "hung_task", hung_task },
};

static int __init defect_init(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(defects); i++) {
		if (strcmp(defects[i].kind, kind))
			continue;
		defects[i].plant();
		return 0;
	}
	return -EINVAL;
}
module_init(defect_init);

static void __exit defect_exit(void)
{
}
module_exit(defect_exit);

MODULE_DESCRIPTION("Defects for the test of the tests");
MODULE_LICENSE("GPL");
