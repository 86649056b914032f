/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/fetch/retry.h"

#include <stdlib.h>

bool retry_status(int status)
{
	return status == 408 || status == 429 || status == 500 || (status >= 502 && status <= 504);
}

int64_t retry_wait(const struct retry_limits *limits, int try, int64_t retry_after_ms)
{
	int64_t most = limits->first_ms;

	if (retry_after_ms > 0)
		return retry_after_ms < limits->retry_after_most_ms ? retry_after_ms
								    : limits->retry_after_most_ms;
	for (int i = 2; i < try && most < limits->most_ms; i++)
		most *= 2;
	if (most > limits->most_ms)
		most = limits->most_ms;
	return (int64_t)arc4random_uniform((uint32_t)most + 1);
}
