/* SPDX-License-Identifier: GPL-2.0 */
/* The clocks of the programs that scripts/insns runs. */
#include <time.h>

static unsigned long long now(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

/* The coarse clock is set by the timer interrupt. */
static void wait_for_tick(void)
{
	const unsigned long long begin = now(CLOCK_MONOTONIC_COARSE);
	const unsigned long long end = now(CLOCK_MONOTONIC) + 100000000;

	while (now(CLOCK_MONOTONIC_COARSE) == begin && now(CLOCK_MONOTONIC) < end)
		;
}
