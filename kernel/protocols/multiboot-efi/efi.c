/* SPDX-License-Identifier: BSD-2-Clause
 *
 * A Multiboot2 kernel that is called with boot services. It leaves them itself. Its code runs
 * anywhere: there are no addresses in its data. */
#include "../console.h"

_Noreturn void efi_main(uint32_t magic, uint64_t information, uint64_t own);

enum { MAGIC = 0x36d76289 };
enum {
    END = 0,
    EFI64 = 12,
    EFI_MAP = 17,
    EFI_BOOT_SERVICES = 18,
    EFI64_IMAGE = 20,
    LOAD_BASE = 21
};

typedef struct {
    uint32_t type, bytes;
    uint32_t words[2];
} Tag;

/* UEFI 2.10 sections 4.3 and 4.4, as far as this kernel needs them. */
typedef uint64_t __attribute__((ms_abi)) GetMemoryMap(uint64_t* bytes, void* map, uint64_t* key,
                                                      uint64_t* descriptor_bytes,
                                                      uint32_t* version);
typedef uint64_t __attribute__((ms_abi)) ExitBootServices(uint64_t image, uint64_t key);
typedef struct {
    uint64_t header[3];
    void* before_map[4];
    GetMemoryMap* get_memory_map;
    void* before_exit[21];
    ExitBootServices* exit_boot_services;
} BootServices;
_Static_assert(__builtin_offsetof(BootServices, exit_boot_services) == 232,
               "as in the specification");
typedef struct {
    uint8_t others[96];
    BootServices* boot_services;
} SystemTable;

static uint8_t map[32768];

static const Tag* find(uint64_t information, uint32_t type) {
    const Tag* tag = (const Tag*)(information + 8);
    while (tag->type != type && tag->type != END)
        tag = (const Tag*)(((uint64_t)tag + tag->bytes + 7) & ~(uint64_t)7);
    return tag->type == type ? tag : 0;
}

static uint64_t number(const Tag* tag) {
    return tag == 0 ? 0 : tag->words[0] | (uint64_t)tag->words[1] << 32;
}

static uint64_t leave(const SystemTable* system, uint64_t image) {
    uint64_t status = 1;
    for (int tries = 0; tries < 4 && status != 0; tries++) {
        uint64_t bytes = sizeof map, key = 0, descriptor_bytes = 0;
        uint32_t version = 0;
        status =
            system->boot_services->get_memory_map(&bytes, map, &key, &descriptor_bytes, &version);
        if (status == 0)
            status = system->boot_services->exit_boot_services(image, key);
    }
    return status;
}

void efi_main(uint32_t magic, uint64_t information, uint64_t own) {
    const Tag* const base = find(information, LOAD_BASE);
    print("efi: own");
    print_field("address", own);
    print_field("base", base == 0 ? 0 : base->words[0]);
    print("\n");
    begin_promise("G7", "boot services stay, and can be left with what the tags say");
    expect_equal("eax", MAGIC, magic);
    expect(find(information, EFI_BOOT_SERVICES) != 0, "a tag that says so", 0);
    expect(find(information, EFI_MAP) == 0, "no map that would be of before", 0);
    const SystemTable* const system = (const SystemTable*)number(find(information, EFI64));
    const uint64_t image = number(find(information, EFI64_IMAGE));
    expect(system != 0 && image != 0, "a system table and an image handle", image);
    if (system != 0)
        expect_equal("the status of leaving", 0, leave(system, image));
    end_promise();
    end_promises("efi");
}
