// The descriptor set that protoc wrote, comments included.
__asm__(
    ".pushsection .rodata\n"
    ".balign 16\n"
    ".global lectern_descriptors_begin\n"
    "lectern_descriptors_begin:\n"
    ".incbin \"" LECTERN_DESCRIPTORS
    "\"\n"
    ".global lectern_descriptors_end\n"
    "lectern_descriptors_end:\n"
    ".byte 0\n"
    ".popsection\n");
