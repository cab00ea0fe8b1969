# SPDX-License-Identifier: GPL-2.0-or-later
# Makefile: `make help` lists what there is.

PREFIX     ?= /usr
SBINDIR    ?= $(PREFIX)/sbin
MANDIR     ?= $(PREFIX)/share/man
COMPDIR    ?= $(PREFIX)/share
UNITDIR    ?= $(PREFIX)/lib/systemd/system
SCHEMADIR  ?= $(PREFIX)/share/vault
# Debian's zsh looks into vendor-completions for what packages bring, and into site-functions in /usr/local alone.
ZSHDIR     ?= $(COMPDIR)/zsh/$(if $(and $(filter /usr,$(PREFIX)),$(wildcard /etc/debian_version)),vendor-completions,site-functions)
BASHDIR    := $(COMPDIR)/bash-completion/completions
FISHDIR    := $(COMPDIR)/fish/vendor_completions.d
O          ?= build
PKG_CONFIG ?= pkg-config
VERSION    := $(shell git describe --tags --always --dirty 2>/dev/null || cat .version 2>/dev/null || echo unknown)

# As many jobs as there are processors, unless said otherwise.
ifeq ($(MAKELEVEL)$(findstring -j,$(MAKEFLAGS)),0)
MAKEFLAGS += -j$(shell nproc 2>/dev/null || echo 1)
endif

LIBS     := libmnl libnftnl jansson
WARNINGS := -Wall -Wextra -Wshadow -Wconversion -Wmissing-prototypes -Wstrict-prototypes -Wundef \
	-Wswitch-enum -Wwrite-strings -Wvla -Wformat=2 -Wpointer-arith -Wcast-align
ifneq ($(WERROR),0)
WARNINGS += -Werror
endif
CFLAGS   ?= -O2 -g
HARDEN   := -fstack-protector-strong -D_FORTIFY_SOURCE=2 -fPIE -fno-asynchronous-unwind-tables -fno-unwind-tables
LINK     := -pie -Wl,-z,relro,-z,now -Wl,-z,noseparate-code -Wl,--gc-sections -Wl,--as-needed
ifeq ($(SAN),1)
CFLAGS   := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
HARDEN   := -fPIE
LINK     := -pie -fsanitize=address,undefined
O        := $(O)/san
endif
ifeq ($(COV),1)
CFLAGS   := -O0 -g --coverage
HARDEN   := -fPIE
LINK     := -pie --coverage
O        := $(O)/cov
endif
ALL_CFLAGS := -std=gnu11 -D_GNU_SOURCE -I. $(WARNINGS) $(HARDEN) -ffunction-sections -fdata-sections \
	$(shell $(PKG_CONFIG) --cflags $(LIBS) 2>/dev/null) $(CPPFLAGS) $(CFLAGS)
ALL_LIBS := $(shell $(PKG_CONFIG) --libs $(LIBS) 2>/dev/null || echo -lmnl -lnftnl -ljansson)

Q := $(if $(V),,@)
say = $(if $(V),,@echo "  $(1) $(2)";)

LIB_SRC   := $(wildcard lib/*.c) $(if $(filter 1,$(COV)),test/coverage/exit.c)
VAULT_SRC := $(wildcard vault/*.c vault/*/*.c vault/*/*/*.c)
UNIT_SRC  := $(wildcard test/unit/*.c)
FUZZ_SRC  := $(wildcard test/fuzz/*.c)
LIB_OBJ   := $(LIB_SRC:%.c=$(O)/obj/%.o)
VAULT_OBJ := $(VAULT_SRC:%.c=$(O)/obj/%.o)
UNITS     := $(UNIT_SRC:%.c=$(O)/%)
FUZZERS   := $(FUZZ_SRC:%.c=$(O)/%)
TOOLS     := $(O)/test/wire $(if $(filter x86_64,$(shell uname -m)),$(O)/test/inject)
$(if $(filter 1,$(COV)),$(O)/vault $(UNITS)): LINK += -Wl,--wrap=_exit
LINKS     := up down exec check leaktest parse-conf

.PHONY: all check check-all check-quick check-few check-vm sanitized coverage units scenario demo bench lint fuzz install uninstall dist deb clean help \
	deps tools
.DELETE_ON_ERROR:

all: $(O)/vault ## build the binary

$(O)/vault: $(VAULT_OBJ) $(O)/libvault.a
	$(call say,LINK,$@)$(CC) $(LDFLAGS) $(LINK) -o $@ $(VAULT_OBJ) $(O)/libvault.a $(ALL_LIBS)

$(O)/libvault.a: $(LIB_OBJ)
	$(call say,AR,$@)rm -f $@ && $(AR) rcs $@ $^

# A header that is missing is named with the package that has it, once, and not by each file that wants it.
$(O)/.headers: $(O)/.flags
	$(Q)for pair in libmnl/libmnl.h:libmnl libnftnl/rule.h:libnftnl jansson.h:libjansson; do \
		echo "#include <$${pair%:*}>" | $(CC) $(ALL_CFLAGS) -E - >/dev/null 2>&1 || { missing=1; \
			echo "missing: <$${pair%:*}> (Debian: apt-get install $${pair#*:}-dev; Fedora: dnf install $$(echo "$${pair#*:}" | \
			sed 's/libjansson/jansson/')-devel; or make deps)" >&2; }; done; [ -z "$$missing" ] && touch $@

$(O)/obj/%.o: %.c $(O)/.flags | $(O)/.headers
	$(Q)mkdir -p $(@D)
	$(call say,CC,$<)$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

$(O)/obj/vault/main.o: ALL_CFLAGS += -DVAULT_VERSION='"$(VERSION)"'

$(O)/obj/vault/main.o: $(O)/.revision

# Objects of other flags or another compiler are no use; nor is the one that tells the version, of another.
$(O)/.flags: told = $(CC) $(ALL_CFLAGS)
$(O)/.revision: told = $(VERSION)
$(O)/.flags $(O)/.revision: FORCE
	$(Q)mkdir -p $(@D); echo '$(told)' | cmp -s - $@ || echo '$(told)' > $@
.PHONY: FORCE
FORCE:

# A unit test or fuzzer includes the file under test, which is then left out of what it is linked with.
included = $(shell sed -n 's/^.include "\(.*\.c\)".*/\1/p' $<)

$(O)/test/unit/%: test/unit/%.c $(LIB_OBJ) $(VAULT_OBJ)
	$(Q)mkdir -p $(@D)
	$(call say,CC,$@)$(CC) $(ALL_CFLAGS) -Wno-missing-prototypes -MMD -MP -MF $@.d -o $@ $< $(LDFLAGS) $(LINK) \
		$(filter-out $(O)/obj/vault/main.o $(patsubst %.c,$(O)/obj/%.o,$(included)),$(VAULT_OBJ) $(LIB_OBJ)) \
		$(ALL_LIBS)

$(O)/test/wire: test/lab/wire.c $(wildcard test/lab/*.c) $(O)/.flags
	$(Q)mkdir -p $(@D)
	$(call say,CC,$@)$(CC) $(ALL_CFLAGS) -o $@ $< $(LDFLAGS) $(LINK)

$(O)/test/inject: test/fault/inject.c $(O)/.flags
	$(Q)mkdir -p $(@D)
	$(call say,CC,$@)$(CC) $(ALL_CFLAGS) -o $@ $< $(LDFLAGS) $(LINK)

tools: $(TOOLS)

units: $(UNITS)

check: ## the tests: unit, end to end in the lab, in a VM with the kernel's WireGuard, real programs, the linters
	$(Q)test/deps all
	$(Q)$(MAKE) --no-print-directory all tools units
	$(Q)O=$(O) CC="$(CC)" test/run check

check-all: ## what check leaves out as it takes long: scenarios, systemd, the rest in VMs, fault walks, sanitizers, clang-tidy, coverage
	$(Q)test/deps all
	$(Q)$(MAKE) --no-print-directory all tools units
	$(Q)O=$(O) CC="$(CC)" test/run all

check-quick: all tools units ## without the VM; nothing is installed
	$(Q)O=$(O) test/run quick

sanitized: ## the unit tests and those of the plan, built by clang with ASan and UBSan
	$(Q)$(MAKE) --no-print-directory SAN=1 CC=clang all tools units
	$(Q)O=$(O)/san test/run sanitized

coverage: ## which lines of the C code the tests run, and whether that is less than it was (test/coverage/floor)
	$(Q)$(MAKE) --no-print-directory COV=1 all tools units
	$(Q)O=$(O)/cov test/coverage/coverage

check-few: all tools units ## what depends on a release's own programs; nothing is installed
	$(Q)O=$(O) test/run few

check-vm: all tools ## the end-to-end tests on the kernel's WireGuard, in a VM
	$(Q)O=$(O) test/run vm

scenario: ## test/scenario: real programs in vaults; scenario-NAME: one of them
	$(Q)test/deps all
	$(Q)$(MAKE) --no-print-directory all tools
	$(Q)O=$(O) test/run scenarios

scenario-%:
	$(Q)test/deps all
	$(Q)$(MAKE) --no-print-directory all tools
	$(Q)O=$(O) test/run scenario:$*

demo: deps ## a real tunnel in a lab: up, killed, nothing leaks
	$(Q)$(MAKE) --no-print-directory all tools
	$(Q)O=$(O) test/demo

bench: all tools ## ratios against the scripts people use today, a bare C floor, and one vault of many
	$(Q)$(MAKE) --no-print-directory $(O)/test/floor
	$(Q)O=$(O) test/bench/bench

$(O)/test/floor: test/bench/floor.c $(O)/libvault.a $(O)/.flags
	$(Q)mkdir -p $(@D)
	$(call say,CC,$@)$(CC) $(ALL_CFLAGS) -o $@ $< $(LDFLAGS) $(LINK) $(O)/libvault.a $(ALL_LIBS)

lint: ## compilers aside: clang-tidy, cppcheck, shellcheck, mandoc, the layers
	$(Q)CFLAGS='$(ALL_CFLAGS)' test/lint

fuzz: $(FUZZERS) ## every fuzzer for SECONDS (60)
	$(Q)for f in $(FUZZERS); do echo "  FUZZ $$f"; test/fuzz/run "$$f" "$(or $(SECONDS),60)" || exit 1; done

$(O)/test/fuzz/%: test/fuzz/%.c $(LIB_SRC) $(VAULT_SRC)
	$(Q)mkdir -p $(@D)
	$(call say,FUZZ,$@)clang -std=gnu11 -D_GNU_SOURCE -I. -g -O1 -fsanitize=fuzzer,address,undefined \
		-fno-sanitize-recover=all -o $@ $< \
		$(filter-out vault/main.c $(included),$(VAULT_SRC) $(LIB_SRC)) $(ALL_LIBS)

install: all ## into DESTDIR, PREFIX
	install -Dm755 $(O)/vault $(DESTDIR)$(SBINDIR)/vault
	for l in $(LINKS); do ln -sf vault $(DESTDIR)$(SBINDIR)/vault-$$l; done
	for m in man/*.8; do install -Dm644 $$m $(DESTDIR)$(MANDIR)/man8/$${m#man/}; done
	for m in man/*.5; do install -Dm644 $$m $(DESTDIR)$(MANDIR)/man5/$${m#man/}; done
	for m in man/*.7; do install -Dm644 $$m $(DESTDIR)$(MANDIR)/man7/$${m#man/}; done
	for u in vault/systemd/*; do install -d $(DESTDIR)$(UNITDIR) && \
		sed 's|@SBINDIR@|$(SBINDIR)|g' $$u > $(DESTDIR)$(UNITDIR)/$${u##*/} || exit 1; done
	install -Dm644 vault/schema/vault.schema.json $(DESTDIR)$(SCHEMADIR)/vault.schema.json
	install -d $(DESTDIR)$(BASHDIR) $(DESTDIR)$(ZSHDIR) $(DESTDIR)$(FISHDIR)
	sed 's|@SBINDIR@|$(SBINDIR)|g' completions/vault.bash > $(DESTDIR)$(BASHDIR)/vault
	sed 's|@SBINDIR@|$(SBINDIR)|g' completions/vault.zsh > $(DESTDIR)$(ZSHDIR)/_vault
	sed 's|@SBINDIR@|$(SBINDIR)|g' completions/vault.fish > $(DESTDIR)$(FISHDIR)/vault.fish
	for l in $(LINKS); do ln -sf vault $(DESTDIR)$(BASHDIR)/vault-$$l && \
		ln -sf vault.fish $(DESTDIR)$(FISHDIR)/vault-$$l.fish || exit 1; done

uninstall: ## what install put there
	rm -f $(DESTDIR)$(SBINDIR)/vault $(LINKS:%=$(DESTDIR)$(SBINDIR)/vault-%)
	rm -f $(patsubst man/%,$(DESTDIR)$(MANDIR)/man8/%,$(wildcard man/*.8))
	rm -f $(patsubst man/%,$(DESTDIR)$(MANDIR)/man5/%,$(wildcard man/*.5))
	rm -f $(patsubst man/%,$(DESTDIR)$(MANDIR)/man7/%,$(wildcard man/*.7))
	rm -f $(DESTDIR)$(SCHEMADIR)/vault.schema.json
	-rmdir --ignore-fail-on-non-empty $(DESTDIR)$(SCHEMADIR)
	rm -f $(patsubst vault/systemd/%,$(DESTDIR)$(UNITDIR)/%,$(wildcard vault/systemd/*))
	rm -f $(DESTDIR)$(BASHDIR)/vault $(LINKS:%=$(DESTDIR)$(BASHDIR)/vault-%) $(DESTDIR)$(ZSHDIR)/_vault \
		$(DESTDIR)$(FISHDIR)/vault.fish $(LINKS:%=$(DESTDIR)$(FISHDIR)/vault-%.fish)

dist: ## a tarball of HEAD
	$(Q)mkdir -p $(O) && echo "$(VERSION)" > $(O)/.version
	git archive --prefix=vault-$(VERSION)/ --add-file=$(O)/.version -o $(O)/vault-$(VERSION).tar.gz HEAD

deb: ## a Debian package, vault-netns, into $(O)/deb (VERSION=)
	$(Q).pkg/deb $(O)/deb

deps: ## install what is missing, by the distribution's packages
	$(Q)test/deps

clean: ## remove what was built
	rm -rf $(O)

help: ## this
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  \1\t\2/p' Makefile | expand -t 16
	@echo "Variables: CC CFLAGS LDFLAGS O=$(O) V=1 SAN=1 WERROR=0 DESTDIR PREFIX SBINDIR MANDIR COMPDIR ZSHDIR UNITDIR SCHEMADIR PKG_CONFIG"

-include $(LIB_OBJ:.o=.d) $(VAULT_OBJ:.o=.d) $(UNITS:%=%.d)
