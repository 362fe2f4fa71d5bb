# mlctl: build, test, install.  `make help` lists the targets; knobs: CC SANITIZE= WERROR=1 V=1 BUILD= DESTDIR= PREFIX=
MAKEFLAGS += --no-builtin-rules
.SUFFIXES:
.DEFAULT_GOAL := all

VERSION := 0.1.0
ifeq ($(origin CC),default)
CC := gcc
endif
PREFIX ?= /usr/local
PKG_CONFIG ?= pkg-config
SANITIZE ?=
WERROR ?= 0
V ?= 0
BUILD ?= build/$(if $(SANITIZE),sanitize,release)
Q := $(if $(filter 1,$(V)),,@)
say = @printf '  %-7s %s\n' $(1) '$(2)'

# ---- sources: one list a folder, sorted; UNIT_ lists the unit tests of the folder --------------------------------
SRC_base := arena base64 buf error fd file gzip input json limits log mem num ordered output powers rng secret select sha256 shortest sort spool suggest team tensors text zstd
UNIT_base := base base_file base_json base_memory base_num base_ordered base_random base_sort base_team base_text

SRC_la := plain
SRC_blas := blas cholesky eigen openblas tiles turn
UNIT_la := la la_baseline la_single la_tiles

SRC_table := advise bad_rows bins boolean bound bytes cells chunks codebook column csv csv_feed csv_open cut decide decimals decode dict duplicates encodings faults flow foreign format grid header infer instant missing piece read read_columns read_plan read_rows rows rules schema sniff source split split_groups split_random split_spec split_time store stream survey table write
UNIT_table := heap table table_advise table_bins table_boolean table_chunks table_csv table_decode table_dict table_duplicates table_fast table_flow table_format table_grid table_instant table_memory table_read table_rows table_rules table_schema table_split \
	table_stream table_write

SRC_describe := describe document goal histogram html html_column html_picture html_style html_text instants leak link number order pairs profile suggest \
	tests_column tests_file tests_number tests_target tests_values values variants warn words
UNIT_describe := describe heap

SRC_prep := apply binning choice clip dates drop encode explain fill fit flags frame grams hash hashing idle impute murmur onehot options ordinal \
	parallel pca pipeline power quantiles saved scale select stats straight target target_fit text tfidf tfidf_choice training values view vocabulary words
UNIT_prep := heap prep prep_apply prep_columns prep_drop prep_explain prep_memory prep_numeric prep_options prep_parity prep_saved \
	prep_stage prep_stats prep_steps prep_text

SRC_net := absolute activation batch_norm binary_cross_entropy cross_entropy dense dropout elu epsilon_insensitive gelu hinge huber kinds \
	leaky_relu logistic losses members network parts poisson quantile relu rows sigmoid squared squared_epsilon_insensitive squared_hinge \
	stack tanh
UNIT_net := heap net net_gradient net_layers

SRC_eval := classification metrics multilabel rank regression
UNIT_eval := eval

SRC_train := adagrad adam adamw batches blocks check descent fault gd health interior interior_rows lbfgs linesearch momentum nesterov \
	optimiser orthant pieces precondition problem range rate rmsprop sample schedule schedule_constant schedule_cosine \
	schedule_exponential schedule_linear \
	schedule_onecycle schedule_plateau schedule_step sgd shuffle state trainer
UNIT_train := heap train train_epoch train_gradient train_optimum train_state train_steps train_supply

SRC_model := contributions document drift file layout model output predicted reading rowlog safetensors sealed selftest
UNIT_model := heap model model_container model_contributions model_drift model_hostile model_reading model_rowlog model_sample model_selftest

SRC_fit := centre checkpoint clean components coordinate crossval defaults distinct divide evaluate finite fit folds gather history holdout job job_members job_memory knobs known l1_gram l1_newton l1_trained layers learn matrix measure members plan prepared prepared_document prepared_file prepared_make prepfile preprocess record reduce run search select select_l1 settings space spooled target target_names target_use triallog trials tune tuning_final tuning_record tuning_spaces tuning_trials units warm weights
UNIT_fit := fit fit_crossval fit_divide fit_learn fit_network fit_reduce fit_tune fit_warm heap

SRC_export := c c_code c_layers c_stage c_steps c_text formats json json_steps
UNIT_export := export heap model_sample

SRC_serve := absent access access_log alarm assets call audit catalog catalog_add catalog_admin catalog_check catalog_load client coding columns config connections content cors courier csv_rows desk disk dispatch door error_rate explain families far \
	feed group guard health intake invocations journal json_rows keeper keys lane limiter lines listen live lobby logfile many markup metrics metrics_drift metrics_models metrics_shadow metrics_triton openapi outbox outputs \
	page page_fields pages pool predict prediction_log process registry reload reply repository results routes row sandbox scan schemas served server server_files service session session_away session_body \
	session_head session_response session_send shadow sink tally tls tls_client trace v1 v2_classes v2_infer v2_inputs v2_outputs v2_pages v2_parts watch worker
UNIT_serve := serve serve_access serve_alarm serve_call serve_client serve_connections serve_guard serve_live serve_lobby serve_logs serve_metrics serve_openapi serve_pages serve_rows serve_sandbox serve_server serve_shadow

SRC_deploy := closure compose context dockerfile
UNIT_deploy := deploy

# commands of both programs, and those that only the full one has
SRC_cmd := dialect docs epoll explain health inspect mlctl monitor options out predict progress rollback serve serve_flags serve_models token values verify
SRC_cmd_full := convert curve describe describe_columns describe_page describe_text describe_types docker draw eval export given preprocess reading reproduce schema split train train_log train_report training tune warm

FUZZ := artifact checkpoint client coding csv guard json_rows keys prep_file prepared protocols rowlog scan schema trace tune

# compiled twice, with double and with float (src/base/real.h); the interior point method is refused with float
TWINS := la/blas la/plain la/tiles $(SRC_net:%=net/%) $(filter-out train/interior%,$(SRC_train:%=train/%)) fit/learn

# ---- flags -------------------------------------------------------------------------------------------------------
probe = $(shell printf 'int main(void){return 0;}' | $(CC) -Werror $(1) -x c -o /dev/null - 2>/dev/null && printf '%s' '$(1)')

PACKAGES := jansson libsodium nettle zlib libzstd popt libmicrohttpd gnutls
WARN := -Wall -Wextra -Wformat=2 -Wconversion -Wsign-conversion -Wimplicit-fallthrough -Wshadow -Wstrict-prototypes \
	-Wmissing-prototypes -Wpointer-arith -Wvla -Wundef -Werror=format-security -Werror=implicit \
	-Werror=incompatible-pointer-types -Werror=int-conversion
PROBED := $(foreach f,-Wtrampolines -Wbidi-chars=any -Wlogical-op -Wduplicated-cond,$(call probe,$(f)))
HARDEN := -fstack-protector-strong -fstack-clash-protection -fno-delete-null-pointer-checks -fno-strict-overflow \
	-fno-strict-aliasing -fexceptions $(foreach f,-fcf-protection=full -ftrivial-auto-var-init=zero,$(call probe,$(f)))
ifneq ($(SANITIZE),)
MODE := -O1 -g -fno-omit-frame-pointer -fsanitize=$(SANITIZE) -fno-sanitize-recover=all
LDMODE := -fsanitize=$(SANITIZE)
else
MODE := -O2 -g -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3 $(HARDEN)
LDMODE := -Wl,-z,relro,-z,now,-z,noexecstack,--as-needed
endif
ifeq ($(WERROR),1)
WARN += -Werror
endif
OPENMP := -fopenmp
# -ffp-contract=off: a*b+c rounds twice on every machine and with every compiler, so results do not depend on either
CFLAGS_ALL := -std=c17 -D_GNU_SOURCE -DML_VERSION='"$(VERSION)"' -Iinclude -Isrc -I. -fPIC -ffp-contract=off \
	$(WARN) $(PROBED) $(MODE) $(shell $(PKG_CONFIG) --cflags $(PACKAGES) 2>/dev/null) $(CFLAGS)
LDFLAGS_ALL := -pie $(LDMODE) $(LDFLAGS)
LIBS := $(shell $(PKG_CONFIG) --libs $(PACKAGES) 2>/dev/null) -lcsv -lunistring -lm -lpthread
MULTIARCH := $(shell $(CC) -print-multiarch 2>/dev/null)
# the pthread variant: Debian's serial one gives wrong results when several threads call it (src/la/blas.c takes turns then)
OPENBLAS_DIR := $(firstword $(wildcard $(foreach v,pthread serial,/usr/lib/$(MULTIARCH)/openblas-$(v))))
OPENBLAS_CFLAGS := $(if $(OPENBLAS_DIR),-isystem $(firstword $(wildcard /usr/include/$(MULTIARCH)/$(notdir $(OPENBLAS_DIR)))))
# before all others: the loader looks up thousands of its names, each in the libraries in this order (0.7 ms of a start)
OPENBLAS_LIBS := $(if $(OPENBLAS_DIR),-L$(OPENBLAS_DIR)) -lopenblas

# ---- the ladder: what each folder's code may lean on, lowest first (../CONTRIBUTING.md, "Layers") ---------------
DOMAINS := base la table describe prep net eval train model fit export serve deploy
NEEDS_base :=
NEEDS_la := base
NEEDS_table := base
NEEDS_describe := base table
NEEDS_prep := base la table
NEEDS_net := base la
NEEDS_eval := base la
NEEDS_train := base la net eval
NEEDS_model := base la table prep net
NEEDS_fit := base la table prep net eval train model
NEEDS_export := base la table prep net model
NEEDS_serve := base la table prep net model
NEEDS_deploy := base la table prep net model

objects = $(foreach f,$(SRC_$(1)),$(BUILD)/src/$(1)/$(f).o)
OBJ_blas := $(foreach f,$(SRC_blas),$(BUILD)/src/la/$(f).o)
OBJ_single := $(TWINS:%=$(BUILD)/src/%.f32.o)
OBJ_lib := $(foreach d,$(DOMAINS),$(call objects,$(d))) $(OBJ_blas) $(OBJ_single)
OBJ_cmd := $(foreach f,$(sort $(SRC_cmd) $(SRC_cmd_full)),$(BUILD)/cmd/$(f).o)

# ---- programs and libraries --------------------------------------------------------------------------------------
.PHONY: all
all: $(BUILD)/mlctl $(BUILD)/mlctl-runtime $(BUILD)/libmlctl.a $(BUILD)/libmlctl.so ## the program, its serve-only twin, the library

$(BUILD)/mlctl: $(OBJ_cmd) $(BUILD)/libmlctl.a
	$(call say,LINK,$@)
	$(Q)$(CC) $(OPENMP) -o $@ $(OBJ_cmd) $(BUILD)/libmlctl.a $(LDFLAGS_ALL) $(LIBS)

RUNTIME_DOMAINS := base la table prep net eval model serve
OBJ_runtime := $(foreach d,$(RUNTIME_DOMAINS),$(call objects,$(d))) \
	$(foreach f,$(SRC_cmd),$(BUILD)/runtime/cmd/$(f).o)
$(BUILD)/mlctl-runtime: $(OBJ_runtime)
	$(call say,LINK,$@)
	$(Q)$(CC) -o $@ $(OBJ_runtime) $(LDFLAGS_ALL) $(LIBS)

$(BUILD)/libmlctl.a: $(OBJ_lib)
	$(call say,AR,$@)
	$(Q)rm -f $@ && ar rcs $@ $(OBJ_lib)

$(BUILD)/libmlctl.so: $(OBJ_lib)
	$(call say,LINK,$@)
	$(Q)$(CC) $(OPENMP) -shared -Wl,-soname,libmlctl.so.0 -o $@ $(OBJ_lib) $(LDMODE) $(LDFLAGS) $(LIBS)

# the fit alone, for scripts/bench/train
$(BUILD)/bench-fit: $(BUILD)/scripts/bench/fit.o $(BUILD)/libmlctl.a
	$(call say,LINK,$@)
	$(Q)$(CC) $(OPENMP) -o $@ $^ $(LDFLAGS_ALL) $(LIBS)

# what mlctl serve is held against, for scripts/bench/serve
$(BUILD)/bench-constant: $(BUILD)/scripts/bench/constant.o
	$(call say,LINK,$@)
	$(Q)$(CC) -o $@ $^ $(LDFLAGS_ALL) -lmicrohttpd

$(BUILD)/bench-sgemv: $(BUILD)/scripts/bench/sgemv.o
	$(call say,LINK,$@)
	$(Q)$(CC) -o $@ $^ $(LDFLAGS_ALL) $(OPENBLAS_LIBS)

$(BUILD)/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(CFLAGS_ALL) $(OPENMP) $(OPENBLAS_CFLAGS) $(HOT) -MMD -MP -c -o $@ $<

$(BUILD)/runtime/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(call say,CC,$< (runtime))
	$(Q)$(CC) $(CFLAGS_ALL) -DML_RUNTIME -MMD -MP -c -o $@ $<

# the pages, which the assembler includes (src/serve/assets.c)
$(BUILD)/src/serve/assets.o: $(wildcard src/serve/page/*)

# loops over arrays, what trains and what is done to each number; nobody there reads errno or traps
LOOPS := $(TWINS) model/drift prep/apply prep/impute prep/scale serve/feed
$(LOOPS:%=$(BUILD)/src/%.o) $(OBJ_single): HOT = $(if $(SANITIZE),,-O3) -fno-math-errno -fno-trapping-math

# the float build of the twins: what they define outwards is renamed, whatever the list is; narrowing is the point of it
$(BUILD)/single.h: $(TWINS:%=$(BUILD)/src/%.o)
	$(Q)nm --defined-only -g $^ | awk '$$3 ~ /^mli_/ { print "#define " $$3 " " $$3 "_f32" }' | LC_ALL=C sort -u > $@.new
	$(Q)if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; fi

$(BUILD)/%.f32.o: %.c $(BUILD)/single.h Makefile
	@mkdir -p $(@D)
	$(call say,CC,$< (float))
	$(Q)$(CC) $(CFLAGS_ALL) -Wno-float-conversion -Wno-implicit-float-conversion $(OPENMP) $(OPENBLAS_CFLAGS) -DMLI_SINGLE -include $(BUILD)/single.h $(HOT) -MMD -MP -c -o $@ $<

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)

# ---- unit tests: each folder's test links that folder and what it leans on, nothing else --------------------------
define unit_rule
$(BUILD)/test-$(1): $(foreach f,$(UNIT_$(1)),$(BUILD)/tests/unit/$(f).o) $(call objects,$(1)) \
	$(foreach d,$(NEEDS_$(1)),$(call objects,$(d))) $(if $(filter la net train fit,$(1)),$(OBJ_blas)) \
	$(if $(filter fit,$(1)),$(OBJ_single))
	$(call say,LINK,$$@)
	$(Q)$(CC) $(OPENMP) -o $$@ $$(filter %.o,$$^) $(LDFLAGS_ALL) $(LIBS) -lcmocka
.PHONY: check-unit-$(1)
check-unit-$(1): $(BUILD)/test-$(1)
	$$<
endef
$(foreach d,$(DOMAINS),$(eval $(call unit_rule,$(d))))

.PHONY: check-unit
check-unit: $(foreach d,$(DOMAINS),check-unit-$(d)) ## unit tests of every folder (cmocka)

.PHONY: check
check: ## install what the tests need, build both flavours, run everything
	./scripts/check

.PHONY: check-cli check-serve check-deploy
check-cli: all ## the program (bats)
	MLCTL=$(abspath $(BUILD)/mlctl) bats tests/cli
check-serve: all ## the server, with real clients (bats)
	MLCTL=$(abspath $(BUILD)/mlctl) bats tests/serve
check-deploy: all ## images, with a real Docker engine (bats)
	MLCTL=$(abspath $(BUILD)/mlctl) bats tests/deploy

# ---- fuzzing: with clang's libFuzzer in a flavour of its own, or the corpus replayed by any compiler ---------------
FUZZ_MAKE := $(MAKE) CC=clang BUILD=build/fuzz SANITIZE=fuzzer-no-link,address,undefined
FUZZ_SECONDS ?= 60
.PHONY: fuzz fuzz-targets
fuzz: ## fuzz every target for FUZZ_SECONDS
	$(Q)$(FUZZ_MAKE) fuzz-targets
	$(Q)for f in $(FUZZ); do mkdir -p build/fuzz/found-$$f && build/fuzz/fuzz-$$f -max_total_time=$(FUZZ_SECONDS) \
		-timeout=5 -rss_limit_mb=2048 -max_len=65536 -print_final_stats=1 \
		build/fuzz/found-$$f tests/fuzz/corpus/$$f || exit 1; done
fuzz-targets: $(foreach f,$(FUZZ),$(BUILD)/fuzz-$(f))

OBJ_fuzzed := $(foreach d,$(DOMAINS),$(call objects,$(d))) $(OBJ_blas) $(OBJ_single)
define fuzz_rule
$(BUILD)/replay-$(1): $(BUILD)/tests/fuzz/$(1).o $(BUILD)/tests/fuzz/replay.o $(OBJ_fuzzed)
	$(call say,LINK,$$@)
	$(Q)$(CC) $(OPENMP) -o $$@ $$(filter %.o,$$^) $(LDFLAGS_ALL) $(LIBS)
$(BUILD)/fuzz-$(1): $(BUILD)/tests/fuzz/$(1).o $(OBJ_fuzzed)
	$(call say,LINK,$$@)
	$(Q)$(CC) $(OPENMP) -o $$@ $$(filter %.o,$$^) $(LDFLAGS_ALL) -fsanitize=fuzzer $(LIBS)
endef
$(foreach f,$(FUZZ),$(eval $(call fuzz_rule,$(f))))

.PHONY: fuzz-replay fuzz-replay-targets
fuzz-replay-targets: $(foreach f,$(FUZZ),$(BUILD)/replay-$(f))
fuzz-replay: fuzz-replay-targets ## run every corpus file through its fuzz target
	$(foreach f,$(FUZZ),$(BUILD)/replay-$(f) tests/fuzz/corpus/$(f) &&) true

# ---- order -------------------------------------------------------------------------------------------------------
.PHONY: layers
layers: ## check that includes point down only
	@./scripts/layers

HEADERS := $(wildcard include/mlctl/*.h) $(foreach d,$(DOMAINS),$(wildcard src/$(d)/*.h)) $(wildcard cmd/*.h)
HEADER_ALONE := $(HEADERS:%=alone-%)
.PHONY: headers $(HEADER_ALONE)
$(HEADER_ALONE): alone-%:
	$(Q)printf '#include "%s"\n' '$*' | $(CC) $(CFLAGS_ALL) -fsyntax-only -x c -
headers: $(HEADER_ALONE) ## check that each header compiles alone
	@echo "$(words $(HEADERS)) headers compile alone"

.PHONY: docs
docs: $(BUILD)/mlctl ## print man pages, completion and docs/commands.md from the option rows
	./scripts/docs $(BUILD)/mlctl

.PHONY: docs-check
docs-check: $(BUILD)/mlctl ## fail when they are not what the rows print
	./scripts/docs $(BUILD)/mlctl --check

.PHONY: lint
lint: ## cppcheck, shellcheck, banned calls, tests that cannot fail
	./scripts/lint

# ---- installation ------------------------------------------------------------------------------------------------
LIBDIR ?= $(PREFIX)/lib
.PHONY: install
install: all ## install program, runtime, library, headers, mlctl.pc, man pages, completion (DESTDIR, PREFIX)
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/libexec/mlctl $(DESTDIR)$(LIBDIR)/pkgconfig \
		$(DESTDIR)$(PREFIX)/include/mlctl $(DESTDIR)$(PREFIX)/share/man/man1 \
		$(DESTDIR)$(PREFIX)/share/bash-completion/completions
	install -m 755 $(BUILD)/mlctl $(DESTDIR)$(PREFIX)/bin/mlctl
	install -m 755 $(BUILD)/mlctl-runtime $(DESTDIR)$(PREFIX)/libexec/mlctl/mlctl-runtime
	install -m 644 $(BUILD)/libmlctl.a $(DESTDIR)$(LIBDIR)/libmlctl.a
	install -m 755 $(BUILD)/libmlctl.so $(DESTDIR)$(LIBDIR)/libmlctl.so.0
	ln -sf libmlctl.so.0 $(DESTDIR)$(LIBDIR)/libmlctl.so
	install -m 644 include/mlctl/*.h $(DESTDIR)$(PREFIX)/include/mlctl/
	install -m 644 docs/man/*.1 $(DESTDIR)$(PREFIX)/share/man/man1/
	install -m 644 docs/completion.bash $(DESTDIR)$(PREFIX)/share/bash-completion/completions/mlctl
	printf 'prefix=%s\nlibdir=%s\nincludedir=%s/include\n\nName: mlctl\nDescription: train, evaluate and serve models\nVersion: %s\nRequires.private: $(PACKAGES)\nLibs: -L$${libdir} -lmlctl\nLibs.private: -lcsv -lunistring -lm -fopenmp\nCflags: -I$${includedir}\n' \
		'$(PREFIX)' '$(LIBDIR)' '$(PREFIX)' '$(VERSION)' > $(DESTDIR)$(LIBDIR)/pkgconfig/mlctl.pc

.PHONY: uninstall
uninstall: ## the reverse
	rm -f $(DESTDIR)$(PREFIX)/bin/mlctl $(DESTDIR)$(LIBDIR)/libmlctl.a $(DESTDIR)$(LIBDIR)/libmlctl.so.0 \
		$(DESTDIR)$(LIBDIR)/libmlctl.so $(DESTDIR)$(LIBDIR)/pkgconfig/mlctl.pc \
		$(DESTDIR)$(PREFIX)/share/man/man1/mlctl.1 $(DESTDIR)$(PREFIX)/share/man/man1/mlctl-*.1 \
		$(DESTDIR)$(PREFIX)/share/bash-completion/completions/mlctl
	rm -rf $(DESTDIR)$(PREFIX)/include/mlctl $(DESTDIR)$(PREFIX)/libexec/mlctl

.PHONY: clean
clean: ## remove build/
	rm -rf build

.PHONY: help
help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  \1\t\2/p' Makefile | expand -t 20
