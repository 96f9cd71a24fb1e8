RUSTC ?= rustc
export BATON_INCLUDE := $(INCLUDE)

$(KERNEL): $(wildcard *.rs) kernel.ld Makefile
	@mkdir -p build
	$(RUSTC) --edition=2021 -O -g -Cpanic=abort -Crelocation-model=static \
		-Ccode-model=kernel -Cno-redzone -Clinker=ld -Clinker-flavor=ld \
		-Clink-args="-T kernel.ld" -o $@ kernel.rs
