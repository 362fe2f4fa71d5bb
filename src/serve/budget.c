#include <serve/budget.h>

#include <base/json.h>
#include <pthread.h>

struct budget {
    bool active, exhausted;
    size_t left;
};

static _Thread_local struct budget budget;

/* One for the whole process, as jansson's allocator is: what stood before it. Written once, under install_once. */
static pthread_once_t install_once = PTHREAD_ONCE_INIT;
static json_malloc_t allocate;

static void *allocate_within(size_t size)
{
    if (!budget.active)
        return allocate(size);
    if (size > budget.left) {
        budget.exhausted = true;
        return NULL;
    }
    budget.left -= size;
    return allocate(size);
}

static void install(void)
{
    json_free_t release;

    json_get_alloc_funcs(&allocate, &release);
    json_set_alloc_funcs(allocate_within, release);
}

void mli_budget_install(void)
{
    pthread_once(&install_once, install);
}

void mli_budget_begin(size_t bytes)
{
    budget = (struct budget){ .active = true, .left = bytes };
}

bool mli_budget_end(void)
{
    budget.active = false;
    return budget.exhausted;
}
