# porthole. `make run` opens it, `make test` tests it; both set up what they need.
#   SAN=address|thread   build with sanitizers (the tests use address)
#   CC=gcc|clang         both build without a warning

VERSION := 0.1.0
PREFIX  ?= /usr/local
SAN     ?=
B       := build/$(if $(SAN),$(SAN),release)

CFLAGS  ?= -O2 -g
comma   := ,
WARN    := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith -Wwrite-strings \
           -Wvla -Wundef -Wformat=2 -Werror=format-security -Wno-format-nonliteral
HARDEN  := -fstack-protector-strong -fstack-clash-protection -fcf-protection -fPIE -D_FORTIFY_SOURCE=3
ifneq ($(SAN),)
HARDEN  := -fPIE -fno-omit-frame-pointer -fno-sanitize-recover=all \
           -fsanitize=$(SAN)$(if $(filter address,$(SAN)),$(comma)undefined)
endif
ALL_CFLAGS := -std=gnu17 -I. -I$(B) -D_GNU_SOURCE -DPORTHOLE_VERSION='"$(VERSION)"' $(WARN) $(HARDEN) $(CFLAGS)
ALL_LDFLAGS := -pie -Wl,-z,relro,-z,now -Wl,--as-needed $(filter -fsanitize% -fno-sanitize%,$(HARDEN)) $(LDFLAGS)

# A folder is an archive; a program or a test links those it may include (design.md section 3).
archives = $(foreach d,$(1),$(B)/$(d).a)
BASE     := client/base
CONFIG   := client/config $(BASE)
PROTOCOL := client/protocol $(CONFIG)
STORE    := client/catalogue $(CONFIG)
STATS    := client/stats $(BASE)
TRIAGE   := client/triage client/stats client/catalogue $(PROTOCOL)
SYNC     := client/sync client/live $(TRIAGE)
DOCS     := client/docs client/catalogue $(CONFIG)
VIEWS    := views client/docs $(SYNC)
LOCAL    := client/local client/catalogue $(PROTOCOL)
TUI      := tui tui/widgets client/local $(VIEWS)
SOURCES  := client/fetch client/sources $(PROTOCOL)

LIBS_PORTAL := -lncursesw -ltinfo -lmd4c -lsqlite3 -ljansson -lyaml -lutf8proc -lpthread -lm
LIBS_SOURCE := -lcurl -ljansson -lyaml -lutf8proc -lpthread -lm

FOLDERS := client/base client/config client/protocol client/catalogue client/triage client/live client/sync \
           client/stats client/local client/docs client/fetch client/sources views tui tui/widgets
# main.c of each program stays out of its folder's archive, so that tests can link the rest.
MAINS   := tui/main.c client/fetch/main.c
# The PostgreSQL engine is a module, so that nobody else loads libpq.
MODULE  := $(wildcard client/catalogue/postgres*.c)
sources = $(filter-out $(MAINS) $(MODULE),$(wildcard $(1)/*.c))

.PHONY: all run check check-built test-built test test-live bench fuzz lint format install deb clean
.DELETE_ON_ERROR:
.SECONDARY:

all: porthole porthole-source porthole-postgres.so

porthole: $(B)/porthole
	@cp -f $< $@
porthole-source: $(B)/porthole-source
	@cp -f $< $@
porthole-postgres.so: $(B)/porthole-postgres.so
	@cp -f $< $@

$(B)/porthole: $(B)/tui/main.o $(B)/embedded.o $(call archives,$(TUI))
	@echo "  ld  $@"
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $(filter %.o,$^) -Wl,--start-group $(filter %.a,$^) -Wl,--end-group $(LIBS_PORTAL)

$(B)/porthole-source: $(B)/client/fetch/main.o $(call archives,$(SOURCES))
	@echo "  ld  $@"
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $(filter %.o,$^) -Wl,--start-group $(filter %.a,$^) -Wl,--end-group $(LIBS_SOURCE)

# It has its own copy of the base that it needs, and one door (client/catalogue/store_module.h).
MODULE_BASE := $(wildcard client/base/*.c) client/catalogue/migrate.c $(wildcard client/catalogue/schema_*.c)
$(B)/module/base.a: $(patsubst %.c,$(B)/module/%.o,$(MODULE_BASE))
	@rm -f $@
	@$(AR) rcs $@ $^
$(B)/porthole-postgres.so: $(patsubst %.c,$(B)/module/%.o,$(MODULE)) $(B)/module/base.a
	@echo "  ld  $@"
	$(Q)$(CC) -shared $(if $(SAN),,-Wl$(comma)-z$(comma)defs) $(filter-out -pie,$(ALL_LDFLAGS)) -o $@ $^ \
		-lpq -lutf8proc -lpthread
$(B)/module/%.o: %.c
	@mkdir -p $(@D)
	@echo "  cc  $< (module)"
	$(Q)$(CC) $(filter-out -fPIE,$(ALL_CFLAGS)) -fPIC -fvisibility=hidden -I/usr/include/postgresql -MMD -MP -c -o $@ $<

define folder_rule
$(B)/$(1).a: $(patsubst %.c,$(B)/%.o,$(call sources,$(1)))
	@rm -f $$@
	@$(AR) rcs $$@ $$^
endef
$(foreach d,$(FOLDERS),$(eval $(call folder_rule,$(d))))

# `make V=1` shows the whole commands.
Q := $(if $(V),,@)

$(B)/%.o: %.c
	@mkdir -p $(@D)
	@echo "  cc  $<"
	$(Q)$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

# Themes and help pages, linked in: tui/embedded.h reads them.
EMBEDDED := $(sort $(wildcard themes/*.yaml docs_embedded/*/*.md docs_embedded/*/*/*.md \
	docs_embedded/examples/*/*.py docs_embedded/examples/*/*.yaml docs_embedded/examples/*/*.json \
	docs_embedded/examples/*/requirements.txt))
$(B)/embedded.S: $(EMBEDDED) tools/embed.sh
	@mkdir -p $(@D)
	$(Q)sh tools/embed.sh $(EMBEDDED) > $@
$(B)/embedded.o: $(B)/embedded.S
	$(Q)$(CC) -c -o $@ $<

# --- tests -------------------------------------------------------------------
# A test links the folders that its own folder may see.
TEST_base      := $(BASE)
TEST_config    := $(CONFIG)
TEST_protocol  := $(PROTOCOL)
TEST_catalogue := $(STORE)
TEST_stats     := $(STATS)
TEST_triage    := $(TRIAGE)
TEST_local     := $(LOCAL)
TEST_docs      := $(DOCS)
TEST_sync      := $(SYNC)
TEST_sources   := $(SOURCES)
TEST_views     := $(VIEWS)
TEST_tui       := $(TUI)
TEST_cli       := $(BASE)
TEST_bench     := $(VIEWS)
TESTS := $(patsubst %.c,$(B)/%,$(wildcard tests/*/test_*.c))
test_libs = $(TEST_$(notdir $(patsubst %/,%,$(dir $(1)))))

.SECONDEXPANSION:
$(B)/tests/%: $(B)/tests/%.o $$(call archives,$$(call test_libs,$$@)) $$(if $$(findstring /tui/,$$@),$(B)/embedded.o)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $(filter %.o,$^) -Wl,--start-group $(filter %.a,$^) -Wl,--end-group \
		-lcmocka $(if $(findstring client/fetch.a,$^),$(LIBS_SOURCE),$(LIBS_PORTAL)) -lvterm -lutil

# The tests run the sanitized programs; whole programs are tested by scripts that speak TAP.
SCRIPTS := $(wildcard tests/cli/*.sh)
check-built test-built: export PORTHOLE ?= $(CURDIR)/build/address/porthole
check-built test-built: export PORTHOLE_SOURCE ?= $(CURDIR)/build/address/porthole-source
check-built test-built: export PORTHOLE_POSTGRES ?= $(CURDIR)/build/address/porthole-postgres.so

# Faults, storms, other machines, another engine: they take their time, so `make test` alone runs them.
SLOW := $(patsubst %,tests/cli/test_%.sh,robust faults memory monkey hostile hostile_files hostile_plugin install extend \
        act notify team tls secrets postgres away gone plugin admin admin_postgres) \
        $(patsubst %,$(B)/tests/%,catalogue/test_store_postgres protocol/test_conformance views/test_words)

check-built test-built: $(TESTS) $(B)/porthole $(B)/porthole-source $(B)/porthole-postgres.so
check-built:
	@TESTS_QUICK=1 tests/run.sh $(filter-out $(SLOW),$(SCRIPTS) $(TESTS))
test-built:
	@tests/run.sh $(SCRIPTS) $(TESTS)

# What needs no installing and answers soon: for every save.
check:
	@$(MAKE) --no-print-directory SAN=address -j$(shell nproc) check-built

test:
	@tools/deps.sh test
	@$(MAKE) --no-print-directory -j$(shell nproc) all
	@$(MAKE) --no-print-directory SAN=address -j$(shell nproc) test-built

# Against a real Airflow and a real MLflow, installed from PyPI into build/live.
test-live:
	@tools/deps.sh live
	@$(MAKE) --no-print-directory -j$(shell nproc) all
	@tests/live/all.sh

# What opening the portal costs, against the least that a program like it does.
bench:
	@tools/deps.sh test
	@$(MAKE) --no-print-directory -j$(shell nproc) all
	@$(MAKE) --no-print-directory $(B)/tests/bench/lists $(B)/tests/bench/pages
	@PORTHOLE=./porthole LISTS=$(B)/tests/bench/lists PAGES=$(B)/tests/bench/pages tests/bench/run.sh

# --- fuzzing: clang's libFuzzer over every parser of outside bytes -------------
FUZZ_SECONDS ?= 20
FUZZERS := $(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
fuzz:
	@tools/deps.sh lint
	@tests/fuzz/run.sh $(FUZZ_SECONDS) $(FUZZERS)

# --- style -------------------------------------------------------------------
C_FILES := $(wildcard client/*/*.[ch] views/*.[ch] tui/*.[ch] tui/widgets/*.[ch] tests/*/*.[ch])
lint:
	@tools/deps.sh lint
	@tests/lint.sh $(C_FILES)
format:
	clang-format -i $(C_FILES)

# --- for people ---------------------------------------------------------------
# Opens the user's configuration; without one a catalogue that was recorded from a real Airflow.
run:
	@tools/deps.sh build
	@$(MAKE) --no-print-directory -j$(shell nproc) all
	@tools/run.sh

# The manual pages are what the program says of itself.
$(B)/porthole.1: $(B)/porthole
	$(Q)$< manual porthole > $@
$(B)/portal.yaml.5: $(B)/porthole
	$(Q)$< manual portal.yaml > $@

SHARE := $(DESTDIR)$(PREFIX)/share
install: $(B)/porthole $(B)/porthole-source $(B)/porthole-postgres.so $(B)/porthole.1 $(B)/portal.yaml.5
	install -D -m 755 $(B)/porthole $(DESTDIR)$(PREFIX)/bin/porthole
	install -D -m 755 $(B)/porthole-source $(DESTDIR)$(PREFIX)/libexec/porthole/porthole-source
	install -D -m 755 $(B)/porthole-postgres.so $(DESTDIR)$(PREFIX)/libexec/porthole/porthole-postgres.so
	install -D -m 644 $(B)/porthole.1 $(SHARE)/man/man1/porthole.1
	install -D -m 644 $(B)/portal.yaml.5 $(SHARE)/man/man5/portal.yaml.5
	install -D -m 644 completions/porthole.bash $(SHARE)/bash-completion/completions/porthole
	install -D -m 644 completions/porthole.zsh $(SHARE)/zsh/site-functions/_porthole
	install -D -m 644 completions/porthole.fish $(SHARE)/fish/vendor_completions.d/porthole.fish
	install -D -m 644 README.md $(SHARE)/doc/porthole/README.md
	install -D -m 644 CHANGELOG.md $(SHARE)/doc/porthole/CHANGELOG.md
	install -d $(DESTDIR)$(PREFIX)/lib/systemd/system
	sed 's|/usr/bin/|$(PREFIX)/bin/|' packaging/porthole-sync.service \
		> $(DESTDIR)$(PREFIX)/lib/systemd/system/porthole-sync.service

# A package for Debian 12 that pulls what the programs link, and no more.
deb:
	@tools/deps.sh deb
	@$(MAKE) --no-print-directory -j$(shell nproc) all
	@packaging/deb.sh $(B) $(VERSION)

-include $(wildcard $(B)/*/*.d $(B)/*/*/*.d $(B)/module/*/*/*.d)

clean:
	rm -rf build porthole porthole-source porthole-postgres.so
