# make with no target prints this list
.DEFAULT_GOAL := help
.PHONY: help report simulated card test lint lab bench clean

PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3 python; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
VENV := .venv
BIN := $(VENV)/bin
REPORT ?= reports/videophy2
# what needs neither weights nor a GPU
SCORERS ?= kinematics constant random sharpness contrast colourfulness temporal_flickering flow_smoothness \
	dynamic_degree_dis

CARD_SEEDS ?= --seed 0 --seed 1
CARD_SCORERS ?= arrow_of_time kinematics constant random sharpness temporal_flickering
PROBES ?= reverse shuffle shuffle_blocks freeze loop drop_frames-075 mirror blank blur text repeat

# uv ignores pip's settings, so hand on the folder of local wheels; uv stops when that folder is missing
ifneq ($(wildcard $(PIP_FIND_LINKS)),)
export UV_FIND_LINKS ?= $(PIP_FIND_LINKS)
endif
export UV_LINK_MODE ?= copy

help: ## show this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1\t/'

report: $(VENV)/.core ## install the core and write reports/videophy2 (REPORT=DIR for another)
	$(BIN)/videophy-lab report $(REPORT)

simulated: $(VENV)/.sim ## make the clips of the simulated world, score them, write reports/simulated (8 minutes)
	$(BIN)/videophy-lab generate simulated --generator simulated --out runs/simulated
	$(BIN)/videophy-lab score runs/simulated $(addprefix --scorer ,$(SCORERS)) --out runs/simulated
	$(BIN)/videophy-lab report reports/simulated

card: $(VENV)/.sim ## make clips, probe them, ask the judges without weights, write reports/judge_card (8 minutes)
	$(BIN)/videophy-lab generate simulated --generator simulated -o violations=none $(CARD_SEEDS) --out runs/judge_card_videos
	$(BIN)/videophy-lab probe runs/judge_card_videos $(addprefix --probe ,$(PROBES)) --repeats 1 --out runs/judge_card
	$(BIN)/videophy-lab score runs/judge_card $(addprefix --scorer ,$(CARD_SCORERS)) --out runs/judge_card
	$(BIN)/videophy-lab report reports/judge_card

test: lint ## install everything and run the whole test suite on CPU
	$(BIN)/python -m pytest

lint: $(VENV)/.dev ## style, types, notebooks without outputs
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

lab: $(VENV)/.core ## open JupyterLab on the notebooks
	$(BIN)/jupyter lab notebooks

bench: $(VENV)/.dev ## time our resampling against pandas and scipy, our scoring against the official pattern
	$(BIN)/python benchmarks/resampling.py
	$(BIN)/python benchmarks/scoring.py

clean: ## remove the environment and the caches
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis

$(VENV)/.made:
	@[ -n "$(PYTHON)" ] || { echo "no Python 3.11 or newer found; install one, or name it: make PYTHON=/path/to/python3.11"; exit 2; }
	@$(PYTHON) -m venv $(VENV)
	@command -v uv >/dev/null || $(BIN)/python -m pip install --quiet uv || echo "uv is not to be had; pip does the work, more slowly"
	@touch $@

# uv from the machine, else from the environment, else pip
INSTALL = $$(command -v uv >/dev/null && echo "uv pip install --python $(BIN)/python" \
	|| { [ -x $(BIN)/uv ] && echo "$(BIN)/uv pip install --python $(BIN)/python"; } \
	|| echo "$(BIN)/python -m pip install") --quiet --constraint constraints.txt

$(VENV)/.core: $(VENV)/.made pyproject.toml constraints.txt
	@echo "installing videophy_lab into $(VENV)"
	@$(INSTALL) --editable .
	@touch $@

$(VENV)/.sim: $(VENV)/.core
	@echo "installing what the simulated world needs into $(VENV)"
	@$(INSTALL) --editable '.[sim]'
	@touch $@

$(VENV)/.dev: $(VENV)/.made pyproject.toml constraints.txt
	@echo "installing videophy_lab and what its tests need into $(VENV)"
	@$(INSTALL) --editable '.[all]'
	@touch $(VENV)/.core $(VENV)/.sim $@
