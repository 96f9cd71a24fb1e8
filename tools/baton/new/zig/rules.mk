ZIG ?= zig

$(KERNEL): $(wildcard *.zig) kernel.ld Makefile
	@mkdir -p build && cp "$(INCLUDE)/baton/boot_info.zig" build/baton.zig
	$(ZIG) build-exe -target x86_64-freestanding -mcmodel=kernel -mno-red-zone -O ReleaseSafe \
		--dep baton -Mroot=kernel.zig -Mbaton=build/baton.zig --script kernel.ld \
		--cache-dir build/cache -femit-bin=$@
