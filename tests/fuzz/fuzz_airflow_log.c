/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any bytes as the ndjson of a log. */
#include "client/sources/airflow_log.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct airflow_log log = {0};
	struct buf out;

	buf_init(&out, 0);
	airflow_log_lines(&log, &out, (struct str){(const char *)data, n});
	buf_fini(&out);
	return 0;
}
