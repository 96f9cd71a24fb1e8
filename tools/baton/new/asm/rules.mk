NASM ?= nasm
OBJECTS := $(patsubst %.asm,build/%.o,$(wildcard *.asm))

$(KERNEL): $(OBJECTS) kernel.ld
	$(LD) -z noexecstack -T kernel.ld -o $@ $(OBJECTS)

build/%.o: %.asm Makefile
	@mkdir -p build
	$(NASM) -f elf64 -g -I "$(INCLUDE)/" -o $@ $<
