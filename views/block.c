/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "views/block.h"

static bool is_known(const struct value *value)
{
	return value->type != VALUE_NULL && !(value->type == VALUE_TEXT && value->s.n == 0);
}

static bool is_left_out(const struct table *table, const char *key)
{
	struct str rest = str_of(table->leave_out), piece;
	while (str_next(&rest, ' ', &piece))
		if (str_is(piece, key))
			return true;
	return false;
}

bool table_shows(const struct table *table, size_t c)
{
	const struct column *column = &table->columns[c];
	if (column->flags & (COLUMN_HIDDEN | COLUMN_INTERNAL) || is_left_out(table, column->key))
		return false;
	bool may_go = column->priority > 0 && table->result.n_rows > 0;
	for (size_t row = 0; may_go && row < table->result.n_rows; row++)
		if (is_known(result_at(&table->result, row, c)))
			return true;
	return !may_go;
}

const char *table_text(const struct table *table, size_t row, const char *key)
{
	for (size_t c = 0; c < table->n_columns; c++)
		if (!strcmp(table->columns[c].key, key))
			return result_text(&table->result, row, c);
	return NULL;
}
