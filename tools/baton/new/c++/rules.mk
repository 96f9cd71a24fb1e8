CXXFLAGS ?= -O2 -g -Wall -Wextra
OBJECTS := $(patsubst %.cpp,build/%.o,$(wildcard *.cpp))

$(KERNEL): $(OBJECTS) kernel.ld
	$(CXX) -nostdlib -static -T kernel.ld -o $@ $(OBJECTS)

build/%.o: %.cpp Makefile
	@mkdir -p build
	$(CXX) $(CXXFLAGS) -std=c++20 -ffreestanding -fno-pie -mcmodel=kernel -mno-red-zone \
		-mgeneral-regs-only -fno-stack-protector -fno-exceptions -fno-rtti \
		-fno-threadsafe-statics -idirafter "$(INCLUDE)" -MMD -c -o $@ $<

-include $(OBJECTS:.o=.d)
