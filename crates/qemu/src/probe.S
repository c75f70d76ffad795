# The probe guest: see probe.rs. Letters written to port 0x402 (isa-debugcon) tell how far it came:
# Real mode, Protected mode, paging, Long mode, SSE, Counted, Interrupts on, Timer ticked.
    .code16
    .org 0
start16:
    cli
    mov $0x402, %dx
    mov $'R', %al
    out %al, %dx
    lgdtl %cs:gdtr_off
    mov %cr0, %eax
    or $1, %eax
    mov %eax, %cr0
    ljmpl $8, $0xf0000+start32
    .code32
start32:
    mov $0x10, %ax
    mov %ax, %ds
    mov %ax, %es
    mov %ax, %ss
    mov $0x7000, %esp
    mov $0x402, %dx
    mov $'P', %al
    out %al, %dx
    # the local APIC hands the PIC's interrupts on, as a firmware sets it: with the APIC disabled instead, some versions
    # of QEMU 7.2 deliver none
    movl $0x1ff, 0xfee000f0     # spurious vector, enabled
    movl $0x700, 0xfee00350     # LINT0: ExtINT, not masked
    # page tables at 0x10000: PML4, 0x11000 PDPT, 0x12000 PD with 2 MiB pages
    mov $0x10000, %edi
    xor %eax, %eax
    mov $0xc00, %ecx
    cld
    rep stosl
    movl $0x11003, 0x10000
    movl $0x12003, 0x11000
    movl $0x83, 0x12000
    mov $0x10000, %eax
    mov %eax, %cr3
    mov %cr4, %eax
    or $0x620, %eax     # PAE OSFXSR OSXMMEXCPT
    mov %eax, %cr4
    mov $0xc0000080, %ecx
    rdmsr
    or $0x100, %eax
    wrmsr
    mov %cr0, %eax
    or $0x80000002, %eax
    and $0xfffffffb, %eax
    mov %eax, %cr0
    mov $0x402, %dx
    mov $'p', %al
    out %al, %dx
    ljmp $0x18, $0xf0000+start64
    .code64
start64:
    mov $0x402, %dx
    mov $'L', %al
    out %al, %dx
    movq %rax, %xmm0
    paddq %xmm0, %xmm0
    mov $'S', %al
    out %al, %dx
    # idt at 0x13000: vector 0x20 -> handler
    mov $0x13000+0x200, %rdi
    lea handler+0xf0000, %eax
    movw %ax, (%rdi)
    movw $0x18, 2(%rdi)
    movw $0x8e00, 4(%rdi)
    shr $16, %eax
    movw %ax, 6(%rdi)
    movl $0, 8(%rdi)
    movl $0, 12(%rdi)
    movw $0xfff, 0x14000
    movq $0x13000, 0x14002
    lidt 0x14000
    mov $0x402, %dx
    mov $10000000, %ecx
3:  dec %ecx
    jnz 3b
    mov $'C', %al
    out %al, %dx
    # PIC
    mov $0x11, %al
    out %al, $0x20
    mov $0x20, %al
    out %al, $0x21
    mov $4, %al
    out %al, $0x21
    mov $1, %al
    out %al, $0x21
    mov $0xfe, %al
    out %al, $0x21
    # PIT ch0 mode 2, 1000 Hz
    mov $0x34, %al
    out %al, $0x43
    mov $0xa9, %al
    out %al, $0x40
    mov $4, %al
    out %al, $0x40
    xor %ebx, %ebx
    mov $'I', %al
    out %al, %dx
    sti
1:  hlt
    cmp $5, %ebx
    jb 1b
    cli
    mov $'T', %al
    out %al, %dx
    mov $0xf4, %dx
    mov $0x2a, %al
    out %al, %dx
2:  hlt
    jmp 2b
handler:
    inc %ebx
    push %rax
    mov $0x20, %al
    out %al, $0x20
    pop %rax
    iretq
    .balign 8
gdt:
    .quad 0
    .quad 0x00cf9b000000ffff
    .quad 0x00cf93000000ffff
    .quad 0x00af9b000000ffff
gdtr:
    .word 31
    .long 0xf0000+gdt
    .set gdtr_off, gdtr
    .org 0xfff0
    .code16
    ljmp $0xf000, $0
    .org 0x10000
