/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The floor of the benchmarks: the least that a C program with ncurses and SQLite does to show the
 * newest runs of a catalogue, and end at a key. What porthole costs is given as a multiple of it.
 */
#include <curses.h>
#include <locale.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Tells the driver that the screen is painted: one byte into the descriptor it named. */
static void tell_barrier(void)
{
	const char *fd = getenv("PORTHOLE_BARRIER_FD");
	if (fd && write(atoi(fd), "x", 1) != 1)
		perror("barrier");
}

static void paint(sqlite3_stmt *rows)
{
	for (int y = 0; y < LINES && sqlite3_step(rows) == SQLITE_ROW; y++)
		mvprintw(y, 0, "%-10.10s %-30.30s %-50.50s", (const char *)sqlite3_column_text(rows, 0),
			(const char *)sqlite3_column_text(rows, 1),
			(const char *)sqlite3_column_text(rows, 2));
	refresh();
}

int main(int argc, char **argv)
{
	sqlite3 *db;
	sqlite3_stmt *rows;
	setlocale(LC_ALL, "");
	if (argc != 2 || sqlite3_open_v2(argv[1], &db, SQLITE_OPEN_READONLY, NULL) ||
		sqlite3_prepare_v2(db,
			"SELECT r.state, p.pipeline, r.run FROM run r JOIN pipeline p ON p.id = r.pipeline_id"
			" ORDER BY r.at_ms DESC, r.id DESC LIMIT 40",
			-1, &rows, NULL)) {
		fputs("usage: floor CATALOGUE\n", stderr);
		return 2;
	}
	initscr();
	cbreak();
	noecho();
	keypad(stdscr, TRUE);
	paint(rows);
	tell_barrier();
	int row = 0;
	for (int key; (key = getch()) != 'Q';)
		if (key == 'j') {
			mvchgat(row, 0, -1, A_NORMAL, 0, NULL);
			mvchgat(++row, 0, -1, A_REVERSE, 0, NULL);
			refresh();
			tell_barrier();
		}
	endwin();
	sqlite3_finalize(rows);
	sqlite3_close(db);
	return 0;
}
