CFLAGS ?= -O2 -g -Wall -Wextra
OBJECTS := $(patsubst %.c,build/%.o,$(wildcard *.c))

$(KERNEL): $(OBJECTS) kernel.ld
	$(CC) -nostdlib -static -T kernel.ld -o $@ $(OBJECTS)

build/%.o: %.c Makefile
	@mkdir -p build
	$(CC) $(CFLAGS) -std=c11 -ffreestanding -fno-pie -mcmodel=kernel -mno-red-zone \
		-mgeneral-regs-only -fno-stack-protector -idirafter "$(INCLUDE)" -MMD -c -o $@ $<

-include $(OBJECTS:.o=.d)
