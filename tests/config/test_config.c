/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/config/config.h"

#include "client/base/clock.h"
#include "client/base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static struct config *parse(const char *text)
{
	struct err err = {0};
	struct config *config = config_parse("portal.yaml", "/etc/porthole", str_of(text), &err);
	if (!config)
		fail_msg("%s", err.msg);
	return config;
}

/* --- what is accepted ------------------------------------------------------------- */

static struct config *contract(void)
{
	struct err err = {0};
	struct buf text;
	FILE *file = fopen("tests/fixtures/config/contract.yaml", "r");
	assert_non_null(file);
	buf_init(&text, 0);
	text.n += fread(buf_reserve(&text, 64 << 10), 1, 64 << 10, file);
	fclose(file);
	struct config *config = config_parse("contract.yaml", "/etc/porthole", buf_str(&text), &err);
	buf_fini(&text);
	if (!config)
		fail_msg("%s", err.msg);
	return config;
}

static void contract_is_accepted(void **state)
{
	(void)state;
	struct config *config = contract();
	assert_string_equal(config->catalogue, "/home/lee/porthole.db");
	assert_string_equal(config->user, "mlee");
	assert_string_equal(config->timezone, "Europe/Paris");
	assert_string_equal(config->theme, "dark");
	assert_false(config->read_only);
	assert_null(config->file);
	assert_int_equal(config->n_mask, 1);
	assert_string_equal(config->mask[0], "(?i)api[_-]?key\\s*[=:]\\s*\\S+");
	assert_int_equal(config->n_keys, 0);
	assert_true(config->recorded_until_ms == TIME_NONE);
	config_free(config);
}

static void contract_sources(void **state)
{
	(void)state;
	struct config *config = contract();
	assert_int_equal(config->n_sources, 8);
	const struct config_source *airflow = config_source(config, "airflow-prod");
	assert_string_equal(airflow->kind, "airflow");
	assert_string_equal(airflow->url, "http://127.0.0.1:8080");
	assert_string_equal(airflow->username, "admin");
	assert_string_equal(airflow->password.env, "AIRFLOW_PASSWORD");
	assert_true(airflow->actions);
	assert_int_equal(airflow->line, 6);
	assert_true(airflow->since_ms == TIME_NONE);
	const struct config_source *mlflow = config_source(config, "mlflow-prod");
	assert_string_equal(mlflow->token.env, "MLFLOW_TRACKING_TOKEN");
	assert_false(mlflow->actions);
	assert_string_equal(config_source(config, "boards")->path, "/home/lee/runs");
	const char **token = config_source(config, "arize")->token.command;
	assert_string_equal(token[0], "pass");
	assert_string_equal(token[2], "arize");
	assert_null(token[3]);
	const char **command = config_source(config, "legacy")->command;
	assert_string_equal(command[1], "legacy_scheduler.py");
	assert_null(command[2]);
	assert_null(config_source(config, "nobody"));
	config_free(config);
}

static void contract_projects(void **state)
{
	(void)state;
	struct config *config = contract();
	const struct config_project *project = config_project_of(config, "airflow-prod", "recsys_daily");
	assert_non_null(project);
	assert_string_equal(project->name, "discovery");
	assert_string_equal(project->title, "Game discovery");
	assert_string_equal(project->oncall, "@mlee");
	assert_string_equal(project->severity, "production");
	assert_string_equal(project->phase, "operations");
	assert_string_equal(project->fallback, "yesterday's list, good until 09:00");
	assert_string_equal(project->baseline, "popularity");
	assert_string_equal(config_owner(project, "extract_sales"), "@data-eng");
	assert_string_equal(config_owner(project, "train"), "team-discovery");
	assert_string_equal(config_owner(project, NULL), "team-discovery");
	assert_string_equal(config_due(project, "airflow-prod", "recsys_daily"), "06:00");
	assert_null(config_due(project, "airflow-prod", "other"));
	assert_null(config_project_of(config, "airflow-prod", "billing"));
	assert_int_equal(config->n_runbooks, 1);
	assert_string_equal(config->runbooks[0].match, "DataCheckError");
	assert_string_equal(config->runbooks[0].pipeline, "airflow-prod/recsys_*");
	assert_string_equal(config->runbooks[0].page, "runbooks/data-checks");
	config_free(config);
}

static void every_key_of_a_source_is_read(void **state)
{
	(void)state;
	clock_fix(1795356000000);
	struct config *config = parse("sources:\n"
				      "  - name: air\n"
				      "    kind: airflow\n"
				      "    url: https://air.example.org/prefix//\n"
				      "    token_command: [pass, show, air flow]\n"
				      "    headers: {X-Team: search, X-Number: 7}\n"
				      "    ca_file: ca.pem\n"
				      "    client_cert: ~/client.pem\n"
				      "    proxy: socks5h://127.0.0.1:1080\n"
				      "    since: 24h\n"
				      "    concurrency: 4\n"
				      "    rate: 2.5\n"
				      "    disabled: yes\n"
				      "    username:\n");
	clock_fix(TIME_NONE);
	const struct config_source *air = &config->sources[0];
	assert_string_equal(air->url, "https://air.example.org/prefix");
	assert_string_equal(air->token.command[2], "air flow");
	assert_int_equal(air->n_headers, 2);
	assert_string_equal(air->headers[0].name, "X-Team");
	assert_string_equal(air->headers[1].value, "7");
	assert_string_equal(air->ca_file, "/etc/porthole/ca.pem");
	assert_string_equal(air->client_cert, "/home/lee/client.pem");
	assert_string_equal(air->proxy, "socks5h://127.0.0.1:1080");
	assert_true(air->since_ms == 1795356000000 - 24 * 3600 * 1000);
	assert_int_equal(air->concurrency, 4);
	assert_true(air->rate == 2.5);
	assert_true(air->disabled);
	assert_null(air->username);
	assert_int_equal(air->line, 2);
	config_free(config);
}

static void a_source_section_is_kept_as_json(void **state)
{
	(void)state;
	struct config *config =
		parse("sources:\n"
		      "  - {name: a, kind: plugin, command: [run, \"x y\"], path: data, actions: on,\n"
		      "     username: 007, concurrency: 2, headers: {X-A: b}, region: eu}\n");
	assert_string_equal(config->sources[0].json.p,
		"{\"name\":\"a\",\"kind\":\"plugin\",\"command\":[\"run\",\"x y\"],\"path\":\"/etc/porthole/data\","
		"\"actions\":true,\"username\":\"007\",\"concurrency\":2,\"headers\":{\"X-A\":\"b\"},"
		"\"region\":\"eu\"}");
	assert_int_equal(config->sources[0].json.n, strlen(config->sources[0].json.p));
	config_free(config);
}

static void a_plug_in_may_have_every_key(void **state)
{
	(void)state;
	struct config *config =
		parse("sources:\n"
		      "  - {name: a, kind: plugin, command: run it, url: \"https://a\", username: u,\n"
		      "     password_command: p, token_file: t, ca_file: /c, client_cert: /d,\n"
		      "     proxy: \"http://p:3128\", since: 2026-11-21T00:00:00Z, rate: 0.5,\n"
		      "     disabled: false, profile: p, graphql_url: \"https://g/\", space: s,\n"
		      "     card_path: /e}\n");
	assert_string_equal(config->sources[0].json.p,
		"{\"name\":\"a\",\"kind\":\"plugin\",\"command\":[\"run\",\"it\"],\"url\":\"https://a\","
		"\"username\":\"u\",\"password_command\":[\"p\"],\"token_file\":\"/etc/porthole/t\","
		"\"ca_file\":\"/c\",\"client_cert\":\"/d\",\"proxy\":\"http://p:3128\","
		"\"since\":1795219200000,\"rate\":0.5,\"disabled\":false,\"profile\":\"p\","
		"\"graphql_url\":\"https://g\",\"space\":\"s\",\"card_path\":\"/e\"}");
	config_free(config);
}

static void block_and_flow_style_read_alike(void **state)
{
	(void)state;
	struct config *flow = parse("sources: [{name: a, kind: local, path: x}]\n");
	struct config *block = parse("sources:\n- name: a\n  kind: local\n  path: x\n");
	assert_string_equal(flow->sources[0].json.p, block->sources[0].json.p);
	config_free(flow);
	config_free(block);
}

static void an_empty_file_gives_the_defaults(void **state)
{
	(void)state;
	struct config *config = parse("# nothing yet\n");
	assert_string_equal(config->catalogue, "/home/lee/.local/share/porthole/porthole.db");
	assert_int_equal(config->n_sources, 0);
	assert_null(config->theme);
	config_free(config);
}

static void a_recorded_sample_has_an_end(void **state)
{
	(void)state;
	struct config *config =
		parse("recorded_until: 2026-11-22T00:00:00Z\nkeys: {quit: q}\nread_only: true\n");
	assert_true(config->recorded_until_ms == 1795305600000);
	assert_int_equal(config->n_keys, 1);
	assert_string_equal(config->keys[0].key, "quit");
	assert_string_equal(config->keys[0].value, "q");
	assert_true(config->read_only);
	config_free(config);
}

static void a_project_has_defaults(void **state)
{
	(void)state;
	struct config *config = parse("projects: [{name: p}]");
	assert_string_equal(config->projects[0].title, "p");
	assert_string_equal(config->projects[0].severity, "production");
	assert_string_equal(config->projects[0].phase, "operations");
	assert_null(config_owner(&config->projects[0], "step"));
	config_free(config);
}

static void the_first_project_that_matches_wins(void **state)
{
	(void)state;
	struct config *config =
		parse("projects: [{name: a, pipelines: [\"s/x*\"]}, {name: b, pipelines: [\"*\"]}]");
	assert_string_equal(config_project_of(config, "s", "x1")->name, "a");
	assert_string_equal(config_project_of(config, "s", "y")->name, "b");
	config_free(config);
}

static void tokens_go_over_plain_http_to_this_machine_only(void **state)
{
	(void)state;
	static const char *const here[] = {"http://127.0.0.1:5000", "http://127.8.8.8",
		"http://localhost:5000", "http://[::1]:5000/x", "https://tracking.example.org"};
	for (size_t i = 0; i < ARRAY_LEN(here); i++) {
		char text[200];
		snprintf(text, sizeof text, "sources: [{name: a, kind: mlflow, url: \"%s\", token_env: T}]",
			here[i]);
		config_free(parse(text));
	}
}

/* --- what is refused -------------------------------------------------------------- */

#define SOURCE "sources:\n  - {name: x, kind: "

static const struct {
	const char *text, *message;
} bad[] = {
	{"sorces: []", "portal.yaml:1: unknown key 'sorces' in the configuration; did you mean 'sources'?"},
	{"xyzzy: 1", "portal.yaml:1: unknown key 'xyzzy' in the configuration"},
	{"sources:\n  - name: a\n    kind: mlflow\n    pasword_env: X\n",
		"portal.yaml:4: unknown key 'pasword_env' in a source; did you mean 'password_env'?"},
	{SOURCE "mlflow, token: s3cret}",
		"portal.yaml:2: unknown key 'token' in a source; did you mean 'token_env'?"},
	{"user: a\nuser: b", "portal.yaml:2: duplicate key 'user': line 1 has it already"},
	{"[a]", "portal.yaml:1: the configuration must be a map such as {name: value}"},
	{"sources: {a: b}", "portal.yaml:1: 'sources' must be a list"},
	{"sources: [a]", "portal.yaml:1: a source must be a map such as {name: value}"},
	{"sources:\n  - {kind: local, path: x}", "portal.yaml:2: a source needs 'name'"},
	{"sources:\n  - {name: , kind: local, path: x}", "portal.yaml:2: a source needs 'name'"},
	{"sources:\n  - {name: x}", "portal.yaml:2: a source needs 'kind'"},
	{"sources:\n  - {name: .x, kind: local}",
		"portal.yaml:2: 'name' must be 1 to 64 of A-Z a-z 0-9 . _ - and start with a letter, digit or _"},
	{"sources:\n  - {name: a/b, kind: local}",
		"portal.yaml:2: 'name' must be 1 to 64 of A-Z a-z 0-9 . _ - and start with a letter, digit or _"},
	{"sources:\n  - {name: x, kind: local, path: a}\n  - {name: x, kind: local, path: b}",
		"portal.yaml:3: a source named 'x' is in line 2 already"},
	{SOURCE "airflo}", "portal.yaml:2: unknown kind 'airflo'; did you mean 'airflow'?"},
	{SOURCE "jenkins}",
		"portal.yaml:2: unknown kind 'jenkins': one of mlflow|airflow|metaflow|spark|sagemaker|tensorboard|arize|local|plugin"},
	{SOURCE "airflow}", "portal.yaml:2: source 'x' of kind airflow needs 'url'"},
	{SOURCE "mlflow, path: x}", "portal.yaml:2: source 'x' of kind mlflow needs 'url'"},
	{SOURCE "spark}", "portal.yaml:2: source 'x' of kind spark needs 'url' or 'path'"},
	{SOURCE "local}", "portal.yaml:2: source 'x' of kind local needs 'path'"},
	{SOURCE "plugin}", "portal.yaml:2: source 'x' of kind plugin needs 'command'"},
	{SOURCE "airflow, url: \"https://a\", region: eu}",
		"portal.yaml:2: 'region' is for sources of kind sagemaker, and 'x' is of kind airflow"},
	{SOURCE "airflow, url: \"ftp://a\"}",
		"portal.yaml:2: 'url' must be an address that starts with http:// or https://"},
	{SOURCE "airflow, url: \"http://u:p@a\"}",
		"portal.yaml:2: 'url' must not hold a user or password: use 'username' and 'password_env'"},
	{SOURCE "airflow, url: \"http://\"}", "portal.yaml:2: 'url' has no valid host and port"},
	{SOURCE "airflow, url: \"http:///\"}", "portal.yaml:2: 'url' has no valid host and port"},
	{SOURCE "airflow, url: \"http://a:0\"}", "portal.yaml:2: 'url' has no valid host and port"},
	{SOURCE "airflow, url: \"http://[::1\"}", "portal.yaml:2: 'url' has no valid host and port"},
	{SOURCE "airflow, url: \"http://a/?x\"}", "portal.yaml:2: 'url' must end before any '?' or '#'"},
	{SOURCE "mlflow, url: \"http://127.0.0.1.example.org\", token_env: T}",
		"portal.yaml:2: source 'x' would send its token over plain http to '127.0.0.1.example.org': use https"},
	{SOURCE "mlflow, url: \"http://10.0.0.1\", username: u, password_env: P}",
		"portal.yaml:2: source 'x' would send its password over plain http to '10.0.0.1': use https"},
	{SOURCE "arize, graphql_url: \"http://a.example\", token_file: t}",
		"portal.yaml:2: source 'x' would send its token over plain http to 'a.example': use https"},
	{SOURCE "mlflow, url: \"https://a\", token_env: T, token_file: t}",
		"portal.yaml:2: source 'x' has more than one of 'token_env', 'token_file' and 'token_command'"},
	{SOURCE "mlflow, url: \"https://a\", username: u, password_env: T, password_command: t}",
		"portal.yaml:2: source 'x' has both 'password_env' and 'password_command'"},
	{SOURCE "mlflow, url: \"https://a\", password_env: T}",
		"portal.yaml:2: source 'x' has a password and no 'username'"},
	{SOURCE "mlflow, token_env: ghp-123}",
		"portal.yaml:2: 'token_env' must be the name of an environment variable, never the secret itself"},
	{SOURCE "mlflow, token_command: \"pass show 'a b'\"}",
		"portal.yaml:2: 'token_command' is run without a shell: write it as a list such as [pass, show, name]"},
	{SOURCE "plugin, command: []}",
		"portal.yaml:2: 'command' must be a command such as [program, argument]"},
	{SOURCE "mlflow, headers: {Authorization: x}}",
		"portal.yaml:2: header 'Authorization' holds a secret: use 'token_env', 'token_file' or 'token_command'"},
	{SOURCE "mlflow, headers: {\"A B\": x}}",
		"portal.yaml:2: 'headers' holds a name that HTTP does not allow"},
	{SOURCE "mlflow, headers: {A: \"x\\r\\nB: y\"}}",
		"portal.yaml:2: 'headers' must be a text of one line"},
	{SOURCE "mlflow, concurrency: 17}",
		"portal.yaml:2: 'concurrency' must be a whole number from 1 to 16"},
	{SOURCE "mlflow, concurrency: \"4\"}",
		"portal.yaml:2: 'concurrency' must be a whole number from 1 to 16"},
	{SOURCE "mlflow, rate: fast}", "portal.yaml:2: 'rate' must be a number"},
	{SOURCE "mlflow, rate: -1}", "portal.yaml:2: 'rate' must be a number from 0 to 1000"},
	{SOURCE "mlflow, actions: 1}", "portal.yaml:2: 'actions' must be true or false"},
	{SOURCE "mlflow, since: soon}",
		"portal.yaml:2: 'since' must be a duration such as 30d, a date such as 2026-11-21, or an RFC 3339 time"},
	{SOURCE "mlflow, username: [a]}", "portal.yaml:2: 'username' must be a text of one line"},
	{SOURCE "mlflow, username: \"a\\0b\"}", "portal.yaml:2: 'username' must be a text of one line"},
	{"catalogue: porthole.db",
		"portal.yaml:1: 'catalogue' must be sqlite:PATH or postgresql://HOST/NAME"},
	{"catalogue: \"postgresql://u:p@h/d\"",
		"portal.yaml:1: 'catalogue' must not hold a password: use the file that PGPASSFILE names"},
	{"catalogue: \"postgresql://h/d?password=p\"",
		"portal.yaml:1: 'catalogue' must not hold a password: use the file that PGPASSFILE names"},
	{"timezone: Europe/Pariss",
		"portal.yaml:1: 'timezone' must be a time zone such as Europe/Paris or UTC"},
	{"timezone: ../../etc/passwd",
		"portal.yaml:1: 'timezone' must be a time zone such as Europe/Paris or UTC"},
	{"read_only: maybe", "portal.yaml:1: 'read_only' must be true or false"},
	{"recorded_until: yesterday",
		"portal.yaml:1: 'recorded_until' must be a time such as 2026-11-21T14:00:00Z"},
	{"mask: x", "portal.yaml:1: 'mask' must be a list of texts such as [a, b]"},
	{"docs: x", "portal.yaml:1: 'docs' must be a list of paths such as [a, b]"},
	{"keys: [a]", "portal.yaml:1: 'keys' must be a map such as {a: b}"},
	{"projects: [{name: p, severity: prod}]",
		"portal.yaml:1: unknown severity 'prod'; did you mean 'production'?"},
	{"projects: [{name: p, due: {\"a/b\": 6am}}]",
		"portal.yaml:1: 'due' must be a map to times of day such as \"06:00\""},
	{"projects: [{name: p, due: {\"a/b\": \"24:00\"}}]",
		"portal.yaml:1: 'due' must be a map to times of day such as \"06:00\""},
	{"projects: [{name: p}, {name: p}]", "portal.yaml:1: a project named 'p' is in line 1 already"},
	{"projects: [{name: p, consumers: [{nam: x}]}]",
		"portal.yaml:1: unknown key 'nam' in a consumer; did you mean 'name'?"},
	{"projects: [{name: p, oncall: @mlee}]",
		"portal.yaml:1: a value that starts with '@' must be quoted"},
	{"runbooks: [{match: x}]", "portal.yaml:1: a runbook needs 'page'"},
	{"calendar: [{name: x, from: 2026-02-30, kind: launch}]",
		"portal.yaml:1: 'from' must be a date such as 2026-11-21"},
	{"volumes: [{game: x, daily_players: many}]", "portal.yaml:1: 'daily_players' must be a number"},
	{"databases: [{name: d, url: \"postgresql://u:p@h/d\"}]",
		"portal.yaml:1: 'url' must not hold a password: use 'password_env'"},
	{"databases: [{name: d, url: \"mysql://h/d\"}]",
		"portal.yaml:1: 'url' must be an address that starts with postgresql://"},
	{"checks: [{name: c, pipeline: a/b, every: sometimes}]",
		"portal.yaml:1: 'every' must be 'run' or a duration such as 1d"},
	{"monitors: [{name: m}]", "portal.yaml:1: a monitor needs 'series'"},
	{"abtests: [{name: t, arms: {A: half}}]", "portal.yaml:1: 'arms' must be a number"},
	{"abtests: [{name: t, primary: {metric: m, type: rate}}]",
		"portal.yaml:1: unknown type 'rate'; did you mean 'ratio'?"},
	{"costs: [{pipeline: a/b, currency: euro}]",
		"portal.yaml:1: 'currency' must be a currency of three letters such as EUR"},
	{"keep: {runs: long}", "portal.yaml:1: 'runs' must be a duration such as 90s, 5m, 7d or 3mo"},
	{"keep: {cache: 2}", "portal.yaml:1: 'cache' must be a size such as 500MB or 2GB"},
	{"keep: {cash: 2GB}", "portal.yaml:1: unknown key 'cash' in 'keep'; did you mean 'cache'?"},
};

static void bad_configurations_are_explained(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct err err = {0};
		struct config *config = config_parse("portal.yaml", "/etc", str_of(bad[i].text), &err);
		if (config)
			fail_msg("accepted: %s", bad[i].text);
		assert_string_equal(err.msg, bad[i].message);
		assert_int_equal(err.code, ERR_USAGE);
	}
}

/* --- the table --------------------------------------------------------------------- */

static void every_option_is_explained(void **state)
{
	(void)state;
	size_t n;
	const struct config_option *options = config_options(&n);
	for (size_t i = 0; i < n; i++) {
		assert_non_null(options[i].where);
		assert_true(options[i].help && options[i].help[0]);
		assert_true(options[i].type && options[i].type[0]);
		for (size_t j = 0; j < i; j++)
			assert_false(strcmp(options[i].where, options[j].where) == 0 &&
				     strcmp(options[i].key, options[j].key) == 0);
	}
}

/* --- finding the file ---------------------------------------------------------------- */

static char dir[] = "/tmp/test_config.XXXXXX";

static const char *path_of(const char *name)
{
	static char path[200];
	snprintf(path, sizeof path, "%s/%s", dir, name);
	return path;
}

static void put_file(const char *name, const char *text)
{
	FILE *file = fopen(path_of(name), "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static void relative_paths_start_at_the_file(void **state)
{
	(void)state;
	struct err err = {0};
	put_file("some.yaml", "catalogue: sqlite:data/p.db\nsources: [{name: a, kind: local, path: .}]");
	struct config *config = config_load(path_of("some.yaml"), &err);
	assert_non_null(config);
	assert_string_equal(config->file, path_of("some.yaml"));
	assert_string_equal(config->catalogue, path_of("data/p.db"));
	assert_string_equal(config->sources[0].path, path_of("."));
	config_free(config);
}

static void a_named_file_that_is_missing_is_an_error(void **state)
{
	(void)state;
	struct err err = {0};
	char expected[300];
	snprintf(expected, sizeof expected, "configuration: cannot open '%s': No such file or directory",
		path_of("missing.yaml"));
	assert_null(config_load(path_of("missing.yaml"), &err));
	assert_int_equal(err.code, ERR_USAGE);
	assert_string_equal(err.msg, expected);
}

static void the_file_is_found_by_variable_then_in_the_users_folder(void **state)
{
	(void)state;
	struct err err = {0};
	put_file("named.yaml", "user: named\n");
	assert_int_equal(mkdir(path_of("porthole"), 0700), 0);
	put_file("porthole/portal.yaml", "user: found\n");
	setenv("XDG_CONFIG_HOME", dir, 1);
	setenv("PORTHOLE_CONFIG", path_of("named.yaml"), 1);
	struct config *named = config_load(NULL, &err);
	unsetenv("PORTHOLE_CONFIG");
	struct config *found = config_load(NULL, &err);
	unsetenv("XDG_CONFIG_HOME");
	assert_string_equal(named->user, "named");
	assert_string_equal(found->user, "found");
	config_free(named);
	config_free(found);
}

static void without_a_file_the_defaults_hold(void **state)
{
	(void)state;
	struct err err = {0};
	setenv("XDG_CONFIG_HOME", path_of("nowhere"), 1);
	setenv("XDG_DATA_HOME", "/data", 1);
	struct config *config = config_load(NULL, &err);
	unsetenv("XDG_CONFIG_HOME");
	unsetenv("XDG_DATA_HOME");
	assert_non_null(config);
	assert_null(config->file);
	assert_string_equal(config->catalogue, "/data/porthole/porthole.db");
	assert_int_equal(err.code, ERR_NONE);
	config_free(config);
}

static void a_file_that_everybody_may_write_is_refused(void **state)
{
	(void)state;
	struct err err = {0};
	char expected[300];
	put_file("open.yaml", "user: x\n");
	assert_int_equal(chmod(path_of("open.yaml"), 0646), 0);
	snprintf(expected, sizeof expected, "configuration: everybody may write '%s': run chmod o-w on it",
		path_of("open.yaml"));
	assert_null(config_load(path_of("open.yaml"), &err));
	assert_string_equal(err.msg, expected);
}

static struct config *load_without_a_file(void)
{
	struct err err = {0};
	setenv("XDG_CONFIG_HOME", path_of("nowhere"), 1);
	struct config *config = config_load(NULL, &err);
	unsetenv("XDG_CONFIG_HOME");
	if (!config)
		fail_msg("%s", err.msg);
	return config;
}

static void without_any_configuration_mlflow_is_offered(void **state)
{
	(void)state;
	setenv("MLFLOW_TRACKING_URI", "https://mlflow.example/", 1);
	setenv("MLFLOW_TRACKING_TOKEN", "never in here", 1);
	struct config *config = load_without_a_file();
	assert_int_equal(config->n_sources, 1);
	assert_string_equal(config->sources[0].name, "mlflow");
	assert_string_equal(config->sources[0].kind, "mlflow");
	assert_string_equal(config->sources[0].url, "https://mlflow.example");
	assert_string_equal(config->sources[0].token.env, "MLFLOW_TRACKING_TOKEN");
	assert_false(str_has(config->sources[0].json, STR("never in here")));
	config_free(config);
	setenv("PORTHOLE_DSN", "sqlite:/x.db", 1);
	config = load_without_a_file();
	assert_int_equal(config->n_sources, 0);
	config_free(config);
	unsetenv("PORTHOLE_DSN");
	unsetenv("MLFLOW_TRACKING_TOKEN");
	static const char *const others[] = {
		"databricks", "./mlruns", "sqlite:///m.db", "http://a:b@h/", "\"]"};
	for (size_t i = 0; i < ARRAY_LEN(others); i++) {
		setenv("MLFLOW_TRACKING_URI", others[i], 1);
		config = load_without_a_file();
		assert_int_equal(config->n_sources, 0);
		config_free(config);
	}
	unsetenv("MLFLOW_TRACKING_URI");
}

static void keep_has_its_defaults_and_is_read(void **state)
{
	(void)state;
	struct config *config = parse("");
	assert_true(config->keep.runs_ms == 0 && config->keep.step_runs_ms == 0);
	assert_true(config->keep.cache_bytes == CONFIG_CACHE_BYTES);
	config_free(config);
	config = parse("keep: {runs: 400d, step_runs: 120d, cache: 500MB}");
	assert_true(config->keep.runs_ms == 400 * INT64_C(86400000));
	assert_true(config->keep.step_runs_ms == 120 * INT64_C(86400000));
	assert_true(config->keep.cache_bytes == INT64_C(500) << 20);
	config_free(config);
	config = parse("keep: {runs: 400d}");
	assert_true(config->keep.cache_bytes == CONFIG_CACHE_BYTES);
	config_free(config);
}

static void an_address_of_a_catalogue_has_no_password(void **state)
{
	(void)state;
	struct arena *arena = arena_new();
	struct err err = {0};
	assert_string_equal(config_dsn(arena, "sqlite:/a/b.db", &err), "/a/b.db");
	assert_string_equal(config_dsn(arena, "postgresql://me@h/d", &err), "postgresql://me@h/d");
	assert_null(config_dsn(arena, "postgresql://me:secret@h/d", &err));
	assert_int_equal(err.code, ERR_USAGE);
	assert_null(strstr(err.msg, "secret"));
	assert_null(config_dsn(arena, "/a/b.db", &err));
	arena_free(arena);
}

static void porthole_dsn_comes_before_the_file(void **state)
{
	(void)state;
	struct err err = {0};
	setenv("PORTHOLE_DSN", "postgresql://h/d", 1);
	struct config *config = parse("catalogue: sqlite:x.db");
	assert_string_equal(config->catalogue, "postgresql://h/d");
	config_free(config);
	setenv("PORTHOLE_DSN", "x.db", 1);
	assert_null(config_parse("portal.yaml", NULL, STR(""), &err));
	assert_string_equal(err.msg, "PORTHOLE_DSN must be sqlite:PATH or postgresql://HOST/NAME");
	unsetenv("PORTHOLE_DSN");
}

static int make_world(void **state)
{
	(void)state;
	static const char *const variables[] = {
		"PORTHOLE_DSN", "PORTHOLE_CONFIG", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME"};
	for (size_t i = 0; i < ARRAY_LEN(variables); i++)
		unsetenv(variables[i]);
	setenv("HOME", "/home/lee", 1);
	return mkdtemp(dir) ? 0 : -1;
}

static int remove_world(void **state)
{
	(void)state;
	static const char *const names[] = {"some.yaml", "named.yaml", "open.yaml", "porthole/portal.yaml"};
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		unlink(path_of(names[i]));
	rmdir(path_of("porthole"));
	return rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(contract_is_accepted),
		cmocka_unit_test(contract_sources),
		cmocka_unit_test(contract_projects),
		cmocka_unit_test(every_key_of_a_source_is_read),
		cmocka_unit_test(a_source_section_is_kept_as_json),
		cmocka_unit_test(a_plug_in_may_have_every_key),
		cmocka_unit_test(block_and_flow_style_read_alike),
		cmocka_unit_test(an_empty_file_gives_the_defaults),
		cmocka_unit_test(a_recorded_sample_has_an_end),
		cmocka_unit_test(a_project_has_defaults),
		cmocka_unit_test(the_first_project_that_matches_wins),
		cmocka_unit_test(tokens_go_over_plain_http_to_this_machine_only),
		cmocka_unit_test(bad_configurations_are_explained),
		cmocka_unit_test(every_option_is_explained),
		cmocka_unit_test(relative_paths_start_at_the_file),
		cmocka_unit_test(a_named_file_that_is_missing_is_an_error),
		cmocka_unit_test(the_file_is_found_by_variable_then_in_the_users_folder),
		cmocka_unit_test(without_a_file_the_defaults_hold),
		cmocka_unit_test(a_file_that_everybody_may_write_is_refused),
		cmocka_unit_test(porthole_dsn_comes_before_the_file),
		cmocka_unit_test(without_any_configuration_mlflow_is_offered),
		cmocka_unit_test(keep_has_its_defaults_and_is_read),
		cmocka_unit_test(an_address_of_a_catalogue_has_no_password),
	};
	return cmocka_run_group_tests(tests, make_world, remove_world);
}
